/* SPDX-License-Identifier: BSD-2-Clause */
/* The wire "packet:IFNAME": a packet socket on an interface, receiving through a ring shared with
 * the kernel (packet(7), TPACKET_V2: version 3 delivers blocks, which costs latency). Sending goes
 * by sendmmsg(), measured on veth a little faster than the transmit ring. The process that opens it
 * needs CAP_NET_RAW.
 *
 * The kernel leaves checksums to hardware that a veth has not, and takes VLAN tags out of frames.
 * Each slot therefore starts with a virtio_net_hdr (PACKET_VNET_HDR) that says where a checksum is
 * to be finished; the tag comes in the slot's header. */
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    SLOT_SIZE = 2048,
    SLOTS = 1024, /* the wire's queue, as a NIC has one: 2 MiB */
    BLOCK_SIZE = 1 << 16,
    VLAN_TAG_SIZE = 4,
    MAC_ADDRESSES_SIZE = 12,
    SEND_BUFFER_SIZE = 4 << 20,
};

static bool fail(struct wire *wire, const char *argument, const char *what)
{
    snprintf(wire->error, sizeof wire->error, "wire \"packet:%.32s\": %s: %s", argument, what,
             strerror(errno));
    if (wire->fd >= 0) {
        close(wire->fd);
        wire->fd = -1;
    }
    return false;
}

static bool set_option(int fd, int option, int value)
{
    return setsockopt(fd, SOL_PACKET, option, &value, sizeof value) == 0;
}

/* The order matters: version and header before the ring, everything before the bind. */
static const char *configure(struct wire *wire, int interface)
{
    struct packet_mreq promiscuous = {.mr_ifindex = interface, .mr_type = PACKET_MR_PROMISC};
    struct tpacket_req ring = {.tp_block_size = BLOCK_SIZE,
                               .tp_frame_size = SLOT_SIZE,
                               .tp_block_nr = SLOTS / (BLOCK_SIZE / SLOT_SIZE),
                               .tp_frame_nr = SLOTS};
    struct sockaddr_ll address = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = interface};
    int send_buffer = SEND_BUFFER_SIZE;
    if (!set_option(wire->fd, PACKET_VERSION, TPACKET_V2) ||
        !set_option(wire->fd, PACKET_VNET_HDR, 1) ||
        !set_option(wire->fd, PACKET_IGNORE_OUTGOING, 1) ||
        !set_option(wire->fd, PACKET_QDISC_BYPASS, 1)) {
        return "setting a socket option (Linux 4.20 or newer is needed)";
    }
    if (setsockopt(wire->fd, SOL_PACKET, PACKET_RX_RING, &ring, sizeof ring) != 0) {
        return "making the receive ring of 2 MiB";
    }
    if (setsockopt(wire->fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous, sizeof promiscuous) !=
        0) {
        return "entering promiscuous mode";
    }
    (void)setsockopt(wire->fd, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
    void *memory = mmap(NULL, (size_t)SLOTS * SLOT_SIZE, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_POPULATE, wire->fd, 0);
    if (memory == MAP_FAILED) {
        return "mapping the receive ring";
    }
    wire->ring = memory;
    if (bind(wire->fd, (struct sockaddr *)&address, sizeof address) != 0) {
        return "binding to the interface";
    }
    return NULL;
}

static bool open_packet(struct wire *wire, const char *argument)
{
    unsigned interface = if_nametoindex(argument);
    if (interface == 0) {
        return fail(wire, argument, "no such interface in this network namespace");
    }
    /* Protocol 0: nothing arrives before the bind. */
    wire->fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (wire->fd < 0) {
        return fail(wire, argument, "opening a packet socket (run as root or with CAP_NET_RAW)");
    }
    const char *what = configure(wire, (int)interface);
    return what == NULL || fail(wire, argument, what);
}

/* Internet checksum (RFC 1071) over `size` bytes, as stored in the frame. */
static uint16_t checksum(const uint8_t *data, uint32_t size)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i + 1 < size; i += 2) {
        sum += (uint32_t)data[i] << 8 | data[i + 1];
    }
    if (size % 2 != 0) {
        sum += (uint32_t)data[size - 1] << 8;
    }
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

/* The field already holds the pseudo header's sum (VirtIO 1.2, 5.1.6.2). */
static bool finish_checksum(struct wire *wire, const struct virtio_net_hdr *header,
                            struct wire_frame *frame)
{
    uint32_t start = header->csum_start, field = start + header->csum_offset;
    if (start > frame->size || field + 2 > frame->size) {
        return false;
    }
    uint16_t sum = checksum(frame->data + start, frame->size - start);
    sum = sum == 0 ? 0xffff : sum; /* 0 would say "none" in UDP; for the others both are zero */
    frame->data[field] = (uint8_t)(sum >> 8);
    frame->data[field + 1] = (uint8_t)sum;
    wire->counters.rx_checksums++;
    return true;
}

/* Puts the tag back between addresses and type, in the room that the virtio_net_hdr had. */
static void insert_vlan_tag(const struct tpacket2_hdr *slot, struct wire_frame *frame)
{
    uint16_t type = (slot->tp_status & TP_STATUS_VLAN_TPID_VALID) != 0 ? slot->tp_vlan_tpid
                                                                       : (uint16_t)ETH_P_8021Q;
    uint8_t *start = frame->data - VLAN_TAG_SIZE;
    memmove(start, frame->data, MAC_ADDRESSES_SIZE);
    start[MAC_ADDRESSES_SIZE] = (uint8_t)(type >> 8);
    start[MAC_ADDRESSES_SIZE + 1] = (uint8_t)type;
    start[MAC_ADDRESSES_SIZE + 2] = (uint8_t)(slot->tp_vlan_tci >> 8);
    start[MAC_ADDRESSES_SIZE + 3] = (uint8_t)slot->tp_vlan_tci;
    frame->data = start;
    frame->size += VLAN_TAG_SIZE;
}

/* Makes a frame of a slot; false when it is none that a NIC would deliver. The header is the
 * kernel's and can be believed, the frame cannot. */
static bool take_slot(struct wire *wire, struct tpacket2_hdr *slot, struct wire_frame *frame)
{
    struct virtio_net_hdr header;
    frame->data = (uint8_t *)slot + slot->tp_mac;
    frame->size = slot->tp_snaplen;
    memcpy(&header, frame->data - sizeof header, sizeof header);
    if (slot->tp_len != slot->tp_snaplen || frame->size < WIRE_FRAME_MIN ||
        header.gso_type != VIRTIO_NET_HDR_GSO_NONE) {
        return false;
    }
    if ((header.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0 &&
        !finish_checksum(wire, &header, frame)) {
        return false;
    }
    if ((slot->tp_status & TP_STATUS_VLAN_VALID) != 0) {
        insert_vlan_tag(slot, frame);
    }
    return true;
}

/* The kernel sets TP_STATUS_LOSING on frames behind lost ones until its count is taken. */
static void count_losses(struct wire *wire)
{
    struct tpacket_stats stats;
    socklen_t size = sizeof stats;
    if (getsockopt(wire->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &size) == 0) {
        wire->counters.rx_overflow += stats.tp_drops;
    }
}

static struct tpacket2_hdr *slot_at(const struct wire *wire, uint32_t number)
{
    return (struct tpacket2_hdr *)(void *)(wire->ring + (size_t)(number % SLOTS) * SLOT_SIZE);
}

static size_t receive_packet(struct wire *wire)
{
    size_t count = 0;
    uint32_t losing = 0;
    for (size_t i = 0; i < WIRE_BATCH; i++) {
        struct tpacket2_hdr *slot = slot_at(wire, wire->ring_next);
        uint32_t status = __atomic_load_n(&slot->tp_status, __ATOMIC_ACQUIRE);
        if ((status & TP_STATUS_USER) == 0) {
            break;
        }
        losing |= status & TP_STATUS_LOSING;
        wire->ring_next++;
        wire->ring_taken++;
        if (take_slot(wire, slot, &wire->received[count])) {
            count++;
        } else {
            wire->counters.rx_bad++;
        }
    }
    if (losing != 0) {
        count_losses(wire);
    }
    if (count == 0 && wire->ring_taken != 0) {
        wire->ops->release(wire);
    }
    return count;
}

static void release_packet(struct wire *wire)
{
    for (; wire->ring_taken != 0; wire->ring_taken--) {
        struct tpacket2_hdr *slot = slot_at(wire, wire->ring_next - wire->ring_taken);
        __atomic_store_n(&slot->tp_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
    }
}

static size_t send_packet(struct wire *wire, size_t count)
{
    return wire_send_messages(wire, count, sizeof(struct virtio_net_hdr));
}

/* An interface that goes down reports that once, and may come back. */
static void take_error(struct wire *wire)
{
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(wire->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error == 0) {
        wire->fd = -1; /* it would report for ever */
    }
}

const struct wire_ops wire_packet = {.open = open_packet,
                                     .receive = receive_packet,
                                     .release = release_packet,
                                     .error = take_error,
                                     .send = send_packet};
