/* SPDX-License-Identifier: BSD-2-Clause */
/* See xsk_socket.h. The program that steers frames is five instructions long and attached by a
 * link, so that the interface is free again when this process ends, however it ends. */
#include "xsk_socket.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <linux/if_xdp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef SO_PREFER_BUSY_POLL /* Linux 5.11 */
#define SO_PREFER_BUSY_POLL 69
#define SO_BUSY_POLL_BUDGET 70
#endif
#define XDP_MAX_TX_SKB_BUDGET 9 /* linux/if_xdp.h, since Linux 6.17 */

enum {
    CHUNK_SIZE = 2048,
    QUEUES_MAX = 64,
    SEND_BUFFER_SIZE = 8 << 20, /* of frames that were sent and are still in other hands */
    POLL_BUDGET = 64,           /* frames that one poll of the interface brings */
};

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

static void describe_rings(struct xsk_socket *s)
{
    for (uint32_t i = 0; i < XSK_RING_COUNT; i++) {
        const struct xsk_ring_place *ring = &s->rings.ring[i];
        uint32_t at = XSK_RINGS + i * XSK_RING_REGISTERS;
        set32(s, at + XSK_RING_SIZE, XSK_RINGS_ENTRIES);
        set32(s, at + XSK_RING_PRODUCER, ring->producer);
        set32(s, at + XSK_RING_CONSUMER, ring->consumer);
        set32(s, at + XSK_RING_FLAGS, ring->flags);
        set32(s, at + XSK_RING_ENTRIES, ring->entries);
    }
}

static bool make_rings(struct xsk_socket *s)
{
    static const int options[XSK_RING_COUNT] = {
        [XSK_RING_FILL] = XDP_UMEM_FILL_RING,
        [XSK_RING_COMPLETION] = XDP_UMEM_COMPLETION_RING,
        [XSK_RING_RX] = XDP_RX_RING,
        [XSK_RING_TX] = XDP_TX_RING,
    };
    int entries = XSK_RINGS_ENTRIES;
    for (uint32_t ring = 0; ring < XSK_RING_COUNT; ring++) {
        if (setsockopt(s->fd, SOL_XDP, options[ring], &entries, sizeof(entries)) != 0) {
            return fail(s, "a ring cannot be made");
        }
    }
    const char *what = xsk_rings_place(s->fd, &s->rings);
    if (what != NULL) {
        return fail(s, what);
    }
    describe_rings(s);
    /* Where the kernel copies: how much with one call, and how much before it is taken. It may not
     * know the one and limit the other, and then needs more calls. */
    int size = SEND_BUFFER_SIZE;
    (void)setsockopt(s->fd, SOL_XDP, XDP_MAX_TX_SKB_BUDGET, &entries, sizeof(entries));
    (void)setsockopt(s->fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
    return true;
}

bool xsk_socket_open(struct xsk_socket *s, int fd, void *umem, uint64_t size, uint64_t io_address)
{
    *s = (struct xsk_socket){.fd = fd, .map_fd = -1, .program_fd = -1, .link_fd = -1};
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

static bool poll_busily(struct xsk_socket *s)
{
    const int values[][2] = {{SO_PREFER_BUSY_POLL, 1},
                             {SO_BUSY_POLL, (int)s->wire.busy_poll_us},
                             {SO_BUSY_POLL_BUDGET, POLL_BUDGET}};
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        if (setsockopt(s->fd, SOL_SOCKET, values[i][0], &values[i][1], sizeof(int)) != 0) {
            return fail(s, "busy polling (busy-poll=) is not to be had");
        }
    }
    return true;
}

bool xsk_socket_attach(struct xsk_socket *s, const struct xsk_wire *wire)
{
    s->wire = *wire;
    s->interface = if_nametoindex(wire->interface);
    if (s->interface == 0) {
        return fail(s, wire->interface);
    }
    if (wire->busy_poll_us != 0 && !poll_busily(s)) {
        return false;
    }
    s->map_fd = bpf_map_create(BPF_MAP_TYPE_XSKMAP, "sddf_xsk", sizeof(uint32_t), sizeof(int),
                               QUEUES_MAX, NULL);
    if (s->map_fd < 0 || !load_program(s)) {
        return fail(s, "the program that steers frames cannot be loaded");
    }
    LIBBPF_OPTS(bpf_link_create_opts, options);
    options.flags = wire->generic ? XDP_FLAGS_SKB_MODE : 0;
    s->link_fd = bpf_link_create(s->program_fd, (int)s->interface, BPF_XDP, &options);
    return s->link_fd >= 0 || fail(s, "the interface takes no program, or has one already");
}

bool xsk_socket_bind(struct xsk_socket *s)
{
    struct sockaddr_xdp address = {
        .sxdp_family = AF_XDP,
        .sxdp_flags = (uint16_t)(XDP_USE_NEED_WAKEUP | (s->wire.copy ? XDP_COPY : 0)),
        .sxdp_ifindex = s->interface,
        .sxdp_queue_id = s->wire.queue,
    };
    if (bind(s->fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        return fail(s, "cannot be bound to the interface's queue");
    }
    return bpf_map_update_elem(s->map_fd, &s->wire.queue, &s->fd, BPF_ANY) == 0 ||
           fail(s, "the queue cannot be steered to the socket");
}

void xsk_socket_detach(struct xsk_socket *s)
{
    const int files[] = {s->link_fd, s->program_fd, s->map_fd};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        if (files[i] >= 0) {
            close(files[i]);
        }
    }
}
