/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The frames of an interface's first queue through an AF_XDP socket, which takes all of them before
 * the kernel's network sees any (platform/linux/device/xsk_socket.h, the same as a driver of sDDF
 * has). See frames.h.
 *
 *     memory   | to receive: one buffer for each entry of the fill ring | to send: as many |
 *
 * The kernel produces into completion and receive ring, we into fill and transmit ring; each index
 * has one writer, and is stored with release and loaded with acquire.
 */
#include "frames.h"

#include "arguments.h"
#include "xsk_socket.h"

#include <errno.h>
#include <linux/if_xdp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum {
    BUFFERS = XSK_RINGS_ENTRIES, /* in each direction */
    BUFFER_BYTES = 2048,
    MEMORY_BYTES = 2 * BUFFERS * BUFFER_BYTES,
    OFFSET_BITS = XSK_OFFSET_SHIFT,
};

struct ring {
    uint32_t *producer, *consumer, *flags; /* the kernel's and ours */
    uint8_t *entries;
    uint32_t own; /* our index: produced or consumed */
};

static struct {
    struct xsk_socket socket;
    struct ring rings[XSK_RING_COUNT];
    uint8_t *memory, *ring_memory;
    uint64_t free_out[BUFFERS]; /* offsets of buffers to send, a stack */
    unsigned free_count;
    uint64_t lent[BATCH]; /* what receive() has given out, as the fill ring takes it */
    unsigned lent_count;
    bool unsent;
} xdp;

static uint32_t load(const uint32_t *index)
{
    return __atomic_load_n(index, __ATOMIC_ACQUIRE);
}

static void store(uint32_t *index, uint32_t value)
{
    __atomic_store_n(index, value, __ATOMIC_RELEASE);
}

static uint64_t *address_at(const struct ring *ring, uint32_t index)
{
    return (uint64_t *)ring->entries + index % XSK_RINGS_ENTRIES;
}

static struct xdp_desc *descriptor_at(const struct ring *ring, uint32_t index)
{
    return (struct xdp_desc *)ring->entries + index % XSK_RINGS_ENTRIES;
}

/* ---- Opening ---- */

static uint32_t *word_at(uint32_t offset)
{
    return (uint32_t *)(xdp.ring_memory + offset);
}

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "sddf-load: --io xdp: %s; expected Linux with AF_XDP, and to be root\n", what);
    exit(1);
}

static uint8_t *map(size_t bytes)
{
    uint8_t *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (memory == MAP_FAILED) {
        die("no memory");
    }
    return memory;
}

static void give_buffers(void)
{
    struct ring *fill = &xdp.rings[XSK_RING_FILL];
    for (unsigned i = 0; i < BUFFERS; i++) {
        *address_at(fill, fill->own++) = (uint64_t)i * BUFFER_BYTES;
        xdp.free_out[i] = (uint64_t)(BUFFERS + i) * BUFFER_BYTES;
    }
    store(fill->producer, fill->own);
    xdp.free_count = BUFFERS;
}

/* The kernel lets go of a queue a little after the process that had it has ended. */
static void bind_socket(void)
{
    const struct timespec pause = {.tv_nsec = 10000000};
    for (unsigned tries = 0; !xsk_socket_bind(&xdp.socket); tries++) {
        if (errno != EBUSY || tries == 300) {
            die(xdp.socket.error);
        }
        (void)nanosleep(&pause, NULL);
    }
}

static void map_rings(void)
{
    xdp.ring_memory = map(XSK_RINGS_SIZE);
    if (!xsk_rings_map(xdp.socket.fd, &xdp.socket.rings, xdp.ring_memory)) {
        die("its rings cannot be mapped");
    }
    for (unsigned i = 0; i < XSK_RING_COUNT; i++) {
        const struct xsk_ring_place *place = &xdp.socket.rings.ring[i];
        xdp.rings[i] = (struct ring){
            .producer = word_at(place->producer),
            .consumer = word_at(place->consumer),
            .flags = word_at(place->flags),
            .entries = xdp.ring_memory + place->entries,
        };
    }
}

static void xdp_open(const struct options *options, const uint8_t mac[6])
{
    (void)mac; /* all frames are ours */
    (void)interface_index(options);
    int file = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (file < 0) {
        die(strerror(errno));
    }
    xdp.memory = map(MEMORY_BYTES);
    if (!xsk_socket_open(&xdp.socket, file, xdp.memory, MEMORY_BYTES, 0) ||
        !xsk_socket_attach(&xdp.socket, &options->xdp)) {
        die(xdp.socket.error);
    }
    map_rings();
    give_buffers();
    bind_socket();
}

static void xdp_close(void)
{
    xsk_socket_detach(&xdp.socket);
    close(xdp.socket.fd);
    munmap(xdp.ring_memory, XSK_RINGS_SIZE);
    munmap(xdp.memory, MEMORY_BYTES);
    memset(&xdp, 0, sizeof(xdp));
}

/* ---- Sending ---- */

static bool kick(uint32_t directions)
{
    const struct ring *transmit = &xdp.rings[XSK_RING_TX];
    return xsk_rings_kick(xdp.socket.fd, directions, transmit->consumer, transmit->producer);
}

static void take_back(void)
{
    struct ring *completion = &xdp.rings[XSK_RING_COMPLETION];
    uint32_t end = load(completion->producer);
    for (; completion->own != end; completion->own++) {
        xdp.free_out[xdp.free_count++] = *address_at(completion, completion->own);
    }
    store(completion->consumer, end);
}

static int xdp_send(struct mmsghdr *messages, unsigned count)
{
    struct ring *transmit = &xdp.rings[XSK_RING_TX];
    unsigned taken = 0;
    take_back();
    for (; taken < count && xdp.free_count > 0; taken++) { /* as many buffers as entries */
        const struct iovec *frame = messages[taken].msg_hdr.msg_iov;
        uint64_t offset = xdp.free_out[--xdp.free_count];
        memcpy(xdp.memory + offset, frame->iov_base, frame->iov_len);
        *descriptor_at(transmit, transmit->own++) =
            (struct xdp_desc){.addr = offset, .len = (uint32_t)frame->iov_len};
    }
    store(transmit->producer, transmit->own);
    xdp.unsent = !kick(XSK_SEND);
    if (taken == 0) {
        errno = EAGAIN;
        return -1;
    }
    return (int)taken;
}

/* ---- Receiving ---- */

static void give_back(void)
{
    struct ring *fill = &xdp.rings[XSK_RING_FILL];
    for (unsigned i = 0; i < xdp.lent_count; i++) {
        *address_at(fill, fill->own++) = xdp.lent[i];
    }
    store(fill->producer, fill->own);
    xdp.lent_count = 0;
}

static int xdp_receive(struct frame *frames)
{
    struct ring *receive = &xdp.rings[XSK_RING_RX];
    unsigned found = 0;
    give_back();
    store(receive->consumer, receive->own);
    if (xdp.unsent) {
        xdp.unsent = !kick(XSK_SEND);
    }
    uint32_t end = load(receive->producer);
    if (receive->own == end && (xdp.socket.wire.busy_poll_us != 0 ||
                                (load(xdp.rings[XSK_RING_FILL].flags) & XSK_NEED_WAKEUP) != 0)) {
        (void)kick(XSK_RECEIVE);
    }
    for (; found < BATCH && receive->own != end; found++, receive->own++) {
        const struct xdp_desc *descriptor = descriptor_at(receive, receive->own);
        uint64_t chunk = descriptor->addr & ((UINT64_C(1) << OFFSET_BITS) - 1);
        frames[found] = (struct frame){
            xdp.memory + chunk + (descriptor->addr >> OFFSET_BITS),
            descriptor->len,
        };
        xdp.lent[found] = chunk;
    }
    xdp.lent_count = found;
    return (int)found;
}

static uint64_t xdp_drops(void)
{
    struct xdp_statistics statistics = {0};
    socklen_t length = sizeof(statistics);
    (void)getsockopt(xdp.socket.fd, SOL_XDP, XDP_STATISTICS, &statistics, &length);
    /* The first counts for want of a buffer, too. */
    return statistics.rx_dropped + statistics.rx_ring_full;
}

static int xdp_file(void)
{
    return xdp.socket.fd;
}

const struct frames frames_xdp = {
    .remedy = "expected it to succeed, check the interface",
    .open = xdp_open,
    .close = xdp_close,
    .send = xdp_send,
    .receive = xdp_receive,
    .drops = xdp_drops,
    .file = xdp_file,
};
