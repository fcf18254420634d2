/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An interface's frames through rings of AF_PACKET (Linux,
 * Documentation/networking/packet_mmap.rst), version 2, whose slots are handed over one by one: a
 * block of version 3 would be held back until it is full or its time is over, which is a delay of
 * the generator's own. Two sockets, since sending needs an option that would cost receiving. See
 * frames.h.
 *
 *     slot  | tpacket2_hdr | ... | frame ... |            receive: kernel, then user, then kernel
 *     slot  | tpacket2_hdr | virtio_net_hdr | frame ... | send: available, send request, available
 *
 * Each slot's status has its owner; whoever sets it hands the slot over. The kernel would send a
 * frame out of the ring's own pages, but say so too early where the frame goes to another interface
 * of this machine: the slot were written anew while its frame still waits there. So each is sent
 * with a virtio_net_hdr whose header length covers all of it, which is what the kernel copies.
 */
#include "frames.h"

#include "arguments.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    SLOT_BYTES = 2048,
    BLOCK_BYTES = 1 << 16,
    SLOTS = 8192,
    SOCKET_BUFFER_BYTES = 4 << 20,
};

/* Where the kernel looks for what is to be sent: TPACKET_ALIGN(sizeof(struct tpacket2_hdr)), whose
 * own signs do not convert. */
#define SEND_OFFSET \
    ((sizeof(struct tpacket2_hdr) + TPACKET_ALIGNMENT - 1) / TPACKET_ALIGNMENT * TPACKET_ALIGNMENT)

struct ring {
    int socket;
    uint8_t *slots;
    unsigned next;
};

static struct {
    struct ring in, out;
    unsigned lent;    /* slots of `in` that receive() has given out */
    bool unsent;      /* slots of `out` are filled that the kernel has not looked at */
    uint64_t dropped; /* the kernel's counter begins anew each time it is read */
} packet;

static _Noreturn void die(const char *what)
{
    fprintf(stderr,
            "sddf-load: --io packet: %s: %s; expected Linux with AF_PACKET, and CAP_NET_RAW\n",
            what, strerror(errno));
    exit(1);
}

static void set(int socket, int option, const char *name, int value)
{
    if (setsockopt(socket, SOL_PACKET, option, &value, sizeof(value)) != 0) {
        die(name);
    }
}

static int open_socket(void)
{
    int result = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (result < 0) {
        die("socket");
    }
    set(result, PACKET_VERSION, "PACKET_VERSION", TPACKET_V2);
    return result;
}

static void open_ring(struct ring *ring, int kind, unsigned interface, uint16_t protocol)
{
    const struct tpacket_req request = {
        .tp_block_size = BLOCK_BYTES,
        .tp_block_nr = SLOTS / (BLOCK_BYTES / SLOT_BYTES),
        .tp_frame_size = SLOT_BYTES,
        .tp_frame_nr = SLOTS,
    };
    const struct sockaddr_ll address = {
        .sll_family = AF_PACKET,
        .sll_protocol = htons(protocol),
        .sll_ifindex = (int)interface,
    };
    if (setsockopt(ring->socket, SOL_PACKET, kind, &request, sizeof(request)) != 0) {
        die("its rings");
    }
    ring->slots = mmap(NULL, (size_t)SLOTS * SLOT_BYTES, PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_POPULATE, ring->socket, 0);
    if (ring->slots == MAP_FAILED) {
        die("mapping its rings");
    }
    if (bind(ring->socket, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        die("bind");
    }
}

/* Only what is for us: the ring shall not fill with strangers' frames. Accepts a frame if its
 * destination is `mac`, or if it is broadcast and ARP. Classic BPF: loads are big endian. */
static void set_filter(int socket, const uint8_t mac[6])
{
    const uint32_t first =
        (uint32_t)mac[0] << 24 | (uint32_t)mac[1] << 16 | (uint32_t)mac[2] << 8 | mac[3];
    const uint32_t last = (uint32_t)mac[4] << 8 | mac[5];
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, first, 0, 2),
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 4),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, last, 5, 6),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xffffffff, 0, 5),
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 4),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xffff, 0, 3),
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_ARP, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    const struct sock_fprog filter = {.len = sizeof(program) / sizeof(program[0]),
                                      .filter = program};
    if (setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) != 0) {
        die("its filter");
    }
}

static void packet_open(const struct options *options, const uint8_t mac[6])
{
    const unsigned interface = interface_index(options);
    const int bytes = SOCKET_BUFFER_BYTES;
    packet.in.socket = open_socket();
    set(packet.in.socket, PACKET_IGNORE_OUTGOING, "PACKET_IGNORE_OUTGOING", 1);
    set_filter(packet.in.socket, mac);
    open_ring(&packet.in, PACKET_RX_RING, interface, ETH_P_ALL);
    /* Our MAC is not the interface's. */
    const struct packet_mreq all = {.mr_ifindex = (int)interface, .mr_type = PACKET_MR_PROMISC};
    if (setsockopt(packet.in.socket, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)) != 0) {
        die("promiscuous mode");
    }
    packet.out.socket = open_socket();
    set(packet.out.socket, PACKET_VNET_HDR, "PACKET_VNET_HDR", 1);
    set(packet.out.socket, PACKET_QDISC_BYPASS, "PACKET_QDISC_BYPASS", 1);
    (void)setsockopt(packet.out.socket, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes));
    open_ring(&packet.out, PACKET_TX_RING, interface, 0);
}

static void packet_close(void)
{
    munmap(packet.in.slots, (size_t)SLOTS * SLOT_BYTES);
    munmap(packet.out.slots, (size_t)SLOTS * SLOT_BYTES);
    close(packet.in.socket);
    close(packet.out.socket);
    memset(&packet, 0, sizeof(packet));
}

static struct tpacket2_hdr *slot_at(const struct ring *ring, unsigned index)
{
    return (struct tpacket2_hdr *)(ring->slots + (size_t)(index % SLOTS) * SLOT_BYTES);
}

static uint32_t status_of(struct tpacket2_hdr *slot)
{
    return __atomic_load_n(&slot->tp_status, __ATOMIC_ACQUIRE);
}

static void hand_over(struct tpacket2_hdr *slot, uint32_t status)
{
    __atomic_store_n(&slot->tp_status, status, __ATOMIC_RELEASE);
}

/* ---- Sending ---- */

/* Has the kernel look at the filled slots. What it refuses for now it keeps for the next look. */
static bool kick(void)
{
    packet.unsent = send(packet.out.socket, NULL, 0, MSG_DONTWAIT) < 0;
    return !packet.unsent || errno == EAGAIN || errno == ENOBUFS || errno == EINTR;
}

static void fill(struct tpacket2_hdr *slot, const struct iovec *frame)
{
    const struct virtio_net_hdr header = {.hdr_len = (uint16_t)frame->iov_len};
    uint8_t *at = (uint8_t *)slot + SEND_OFFSET;
    memcpy(at, &header, sizeof(header));
    memcpy(at + sizeof(header), frame->iov_base, frame->iov_len);
    slot->tp_len = (uint32_t)(sizeof(header) + frame->iov_len);
    hand_over(slot, TP_STATUS_SEND_REQUEST);
}

static int packet_send(struct mmsghdr *messages, unsigned count)
{
    unsigned taken = 0;
    for (; taken < count; taken++) {
        struct tpacket2_hdr *slot = slot_at(&packet.out, packet.out.next);
        if (status_of(slot) != TP_STATUS_AVAILABLE) {
            break; /* under way; or of a wrong format, which fill() does not make */
        }
        fill(slot, messages[taken].msg_hdr.msg_iov);
        packet.out.next++;
    }
    if (!kick()) {
        return -1;
    }
    if (taken == 0) {
        errno = EAGAIN;
        return -1;
    }
    return (int)taken;
}

/* ---- Receiving ---- */

static int packet_receive(struct frame *frames)
{
    unsigned found = 0;
    for (; packet.lent > 0; packet.lent--) {
        hand_over(slot_at(&packet.in, packet.in.next++), TP_STATUS_KERNEL);
    }
    if (packet.unsent && !kick()) {
        return -1;
    }
    for (; found < BATCH; found++) {
        struct tpacket2_hdr *slot = slot_at(&packet.in, packet.in.next + found);
        if ((status_of(slot) & TP_STATUS_USER) == 0) {
            break;
        }
        frames[found] = (struct frame){(const uint8_t *)slot + slot->tp_mac, slot->tp_snaplen};
    }
    packet.lent = found;
    return (int)found;
}

static uint64_t packet_drops(void)
{
    struct tpacket_stats stats = {0};
    socklen_t length = sizeof(stats);
    if (getsockopt(packet.in.socket, SOL_PACKET, PACKET_STATISTICS, &stats, &length) == 0) {
        packet.dropped += stats.tp_drops;
    }
    return packet.dropped;
}

static int packet_file(void)
{
    return packet.in.socket;
}

const struct frames frames_packet = {
    .remedy = "expected it to succeed, check the interface",
    .open = packet_open,
    .close = packet_close,
    .send = packet_send,
    .receive = packet_receive,
    .drops = packet_drops,
    .file = packet_file,
};
