/* SPDX-License-Identifier: BSD-2-Clause */
/* See xsk_socket.h. The program that steers frames is five instructions long and attached by a
 * link, so that the interface is free again when this process ends, however it ends. */
#include "xsk_socket.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_xdp.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PAGE = 4096, CHUNK_SIZE = 2048, QUEUES_MAX = 64, TRANSMIT_BATCH = 32 };

static bool fail(struct xsk_socket *s, const char *what)
{
    (void)snprintf(s->error, sizeof(s->error), "AF_XDP: %s: %s", what, strerror(errno));
    return false;
}

static void set32(struct xsk_socket *s, uint32_t at, uint32_t value)
{
    memcpy(s->registers + at, &value, sizeof(value));
}

static void set64(struct xsk_socket *s, uint32_t at, uint64_t value)
{
    memcpy(s->registers + at, &value, sizeof(value));
}

/* Where ring `ring` will lie in the rings region, behind those before it. */
static void place_ring(struct xsk_socket *s, enum xsk_ring ring,
                       const struct xdp_ring_offset *offsets, uint64_t entry_size)
{
    uint64_t before = ring == 0 ? 0 : s->ring_offsets[ring - 1] + s->ring_sizes[ring - 1];
    uint64_t size = offsets->desc + XSK_SOCKET_ENTRIES * entry_size;
    s->ring_offsets[ring] = before;
    s->ring_sizes[ring] = (size + PAGE - 1) / PAGE * PAGE;
    uint32_t at = XSK_RINGS + (uint32_t)ring * XSK_RING_REGISTERS;
    set32(s, at + XSK_RING_SIZE, XSK_SOCKET_ENTRIES);
    set32(s, at + XSK_RING_PRODUCER, (uint32_t)(before + offsets->producer));
    set32(s, at + XSK_RING_CONSUMER, (uint32_t)(before + offsets->consumer));
    set32(s, at + XSK_RING_FLAGS, (uint32_t)(before + offsets->flags));
    set32(s, at + XSK_RING_ENTRIES, (uint32_t)(before + offsets->desc));
}

static bool make_rings(struct xsk_socket *s)
{
    static const int options[XSK_RING_COUNT] = {
        [XSK_RING_FILL] = XDP_UMEM_FILL_RING,
        [XSK_RING_COMPLETION] = XDP_UMEM_COMPLETION_RING,
        [XSK_RING_RX] = XDP_RX_RING,
        [XSK_RING_TX] = XDP_TX_RING,
    };
    int entries = XSK_SOCKET_ENTRIES;
    for (uint32_t ring = 0; ring < XSK_RING_COUNT; ring++) {
        if (setsockopt(s->fd, SOL_XDP, options[ring], &entries, sizeof(entries)) != 0) {
            return fail(s, "a ring cannot be made");
        }
    }
    struct xdp_mmap_offsets offsets;
    socklen_t length = sizeof(offsets);
    if (getsockopt(s->fd, SOL_XDP, XDP_MMAP_OFFSETS, &offsets, &length) != 0 ||
        length != sizeof(offsets)) {
        return fail(s, "the rings' layout is not told");
    }
    place_ring(s, XSK_RING_FILL, &offsets.fr, sizeof(uint64_t));
    place_ring(s, XSK_RING_COMPLETION, &offsets.cr, sizeof(uint64_t));
    place_ring(s, XSK_RING_RX, &offsets.rx, XSK_DESC_SIZE);
    place_ring(s, XSK_RING_TX, &offsets.tx, XSK_DESC_SIZE);
    if (s->ring_offsets[XSK_RING_TX] + s->ring_sizes[XSK_RING_TX] > XSK_SOCKET_RINGS_SIZE) {
        errno = ENOSPC;
        return fail(s, "the rings do not fit into their region");
    }
    return true;
}

bool xsk_socket_open(struct xsk_socket *s, void *umem, uint64_t size, uint64_t io_address)
{
    *s = (struct xsk_socket){.map_fd = -1, .program_fd = -1, .link_fd = -1};
    s->fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (s->fd < 0) {
        return fail(s, "no such socket here");
    }
    struct xdp_umem_reg memory = {
        .addr = (uintptr_t)umem,
        .len = size,
        .chunk_size = CHUNK_SIZE,
        .flags = XDP_UMEM_UNALIGNED_CHUNK_FLAG, /* for the reason, see xsk/registers.h */
    };
    if (setsockopt(s->fd, SOL_XDP, XDP_UMEM_REG, &memory, sizeof(memory)) != 0) {
        return fail(s, "the memory cannot be registered");
    }
    set32(s, XSK_MAGIC_VALUE, XSK_MAGIC);
    set32(s, XSK_HEADROOM, XDP_PACKET_HEADROOM);
    set64(s, XSK_UMEM_IO, io_address);
    set64(s, XSK_UMEM_SIZE, size);
    set32(s, XSK_CHUNK_SIZE, CHUNK_SIZE);
    return make_rings(s);
}

bool xsk_socket_map(struct xsk_socket *s, void *rings)
{
    static const uint64_t pages[XSK_RING_COUNT] = {
        [XSK_RING_FILL] = XDP_UMEM_PGOFF_FILL_RING,
        [XSK_RING_COMPLETION] = XDP_UMEM_PGOFF_COMPLETION_RING,
        [XSK_RING_RX] = XDP_PGOFF_RX_RING,
        [XSK_RING_TX] = XDP_PGOFF_TX_RING,
    };
    for (uint32_t ring = 0; ring < XSK_RING_COUNT; ring++) {
        char *at = (char *)rings + s->ring_offsets[ring];
        if (mmap(at, s->ring_sizes[ring], PROT_READ | PROT_WRITE,
                 MAP_SHARED | MAP_FIXED | MAP_POPULATE, s->fd, (off_t)pages[ring]) != at) {
            return fail(s, "a ring cannot be mapped");
        }
    }
    return true;
}

/* return bpf_redirect_map(map, context->rx_queue_index, XDP_PASS); */
static bool load_program(struct xsk_socket *s)
{
    const struct bpf_insn program[] = {
        {.code = BPF_LDX | BPF_MEM | BPF_W,
         .dst_reg = BPF_REG_2,
         .src_reg = BPF_REG_1,
         .off = offsetof(struct xdp_md, rx_queue_index)},
        {.code = BPF_LD | BPF_DW | BPF_IMM,
         .dst_reg = BPF_REG_1,
         .src_reg = BPF_PSEUDO_MAP_FD,
         .imm = s->map_fd},
        {.imm = 0}, /* the second half of a 64-bit constant */
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3, .imm = XDP_PASS},
        {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_redirect_map},
        {.code = BPF_JMP | BPF_EXIT},
    };
    s->program_fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "sddf_xsk", "Dual BSD/GPL", program,
                                  sizeof(program) / sizeof(program[0]), NULL);
    return s->program_fd >= 0;
}

bool xsk_socket_bind(struct xsk_socket *s, const char *interface, uint32_t queue)
{
    struct sockaddr_xdp address = {
        .sxdp_family = AF_XDP,
        .sxdp_flags = XDP_USE_NEED_WAKEUP,
        .sxdp_ifindex = if_nametoindex(interface),
        .sxdp_queue_id = queue,
    };
    if (address.sxdp_ifindex == 0) {
        return fail(s, interface);
    }
    if (bind(s->fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        return fail(s, "cannot be bound to the interface");
    }
    s->map_fd = bpf_map_create(BPF_MAP_TYPE_XSKMAP, "sddf_xsk", sizeof(uint32_t), sizeof(int),
                               QUEUES_MAX, NULL);
    if (s->map_fd < 0 || !load_program(s)) {
        return fail(s, "the program that steers frames cannot be loaded");
    }
    if (bpf_map_update_elem(s->map_fd, &queue, &s->fd, BPF_ANY) != 0) {
        return fail(s, "the queue cannot be steered to the socket");
    }
    s->link_fd = bpf_link_create(s->program_fd, (int)address.sxdp_ifindex, BPF_XDP, NULL);
    return s->link_fd >= 0 || fail(s, "the interface takes no program, or has one already");
}

/* Where frames are copied the kernel sends at most TRANSMIT_BATCH with one call, and says EAGAIN if
 * there are more. */
bool xsk_socket_kick(int fd, uint32_t directions)
{
    if ((directions & XSK_RECEIVE) != 0) {
        (void)recvfrom(fd, NULL, 0, MSG_DONTWAIT, NULL, NULL);
    }
    if ((directions & XSK_SEND) != 0) {
        for (int i = 0; i < XSK_SOCKET_ENTRIES / TRANSMIT_BATCH; i++) {
            if (sendto(fd, NULL, 0, MSG_DONTWAIT, NULL, 0) >= 0 || errno != EAGAIN) {
                return true;
            }
        }
        return false;
    }
    return true;
}

void xsk_socket_close(struct xsk_socket *s)
{
    const int files[] = {s->link_fd, s->program_fd, s->map_fd, s->fd};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        if (files[i] >= 0) {
            close(files[i]);
        }
    }
}
