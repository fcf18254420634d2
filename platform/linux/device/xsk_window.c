/* SPDX-License-Identifier: BSD-2-Clause */
/* See xsk_window.h. Runs in the PD's sandbox but for xsk_window_open(). What the words of the rings
 * say, the PD itself may have written: it then harms its own interrupts. */
#include "xsk_window.h"

#include "link.h"
#include "xsk_rings.h"

#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/socket.h>

struct ring_words {
    const uint32_t *producer, *consumer;
};

struct xsk_window {
    int socket;
    uint32_t busy_us;    /* how long who waits polls the interface before it sleeps; 0 = not */
    bool unsent;         /* frames stayed behind at the last doorbell */
    uint32_t interrupts; /* enum xsk_direction, as enabled */
    struct ring_words received, completed, given;
};

static struct xsk_window windows[LINK_WINDOWS_MAX];
static size_t window_count;

static struct ring_words words_of(const struct xsk_rings *rings, enum xsk_ring ring,
                                  const void *region)
{
    const char *start = region;
    return (struct ring_words){
        .producer = (const uint32_t *)(const void *)(start + rings->ring[ring].producer),
        .consumer = (const uint32_t *)(const void *)(start + rings->ring[ring].consumer),
    };
}

static bool has_some(struct ring_words words)
{
    return __atomic_load_n(words.producer, __ATOMIC_ACQUIRE) !=
           __atomic_load_n(words.consumer, __ATOMIC_RELAXED);
}

struct xsk_window *xsk_window_open(int socket, void *region, uint64_t size, const char **what)
{
    struct xsk_rings rings;
    *what = "the rings' region is too small, or there are too many";
    if (size < XSK_RINGS_SIZE || window_count == LINK_WINDOWS_MAX) {
        errno = ENOSPC;
        return NULL;
    }
    *what = xsk_rings_place(socket, &rings);
    if (*what != NULL) {
        return NULL;
    }
    *what = "the rings cannot be mapped";
    if (mmap(region, size, PROT_NONE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0) != region ||
        !xsk_rings_map(socket, &rings, region)) {
        return NULL;
    }
    int busy_us = 0;
    socklen_t length = sizeof(busy_us);
    (void)getsockopt(socket, SOL_SOCKET, SO_BUSY_POLL, &busy_us, &length);
    struct xsk_window *xsk = &windows[window_count++];
    *xsk = (struct xsk_window){
        .socket = socket,
        .busy_us = busy_us > 0 ? (uint32_t)busy_us : 0,
        .received = words_of(&rings, XSK_RING_RX, region),
        .completed = words_of(&rings, XSK_RING_COMPLETION, region),
        .given = words_of(&rings, XSK_RING_TX, region),
    };
    return xsk;
}

void xsk_window_write(struct xsk_window *xsk, uint64_t offset, uint64_t value)
{
    if (offset == XSK_INTERRUPT_ENABLE) {
        xsk->interrupts = (uint32_t)value;
    } else if (offset == XSK_KICK) {
        xsk->unsent =
            !xsk_rings_kick(xsk->socket, (uint32_t)value, xsk->given.consumer, xsk->given.producer);
    }
}

bool xsk_window_stands(const struct xsk_window *xsk)
{
    bool receives = (xsk->interrupts & XSK_RECEIVE) != 0;
    bool sends = (xsk->interrupts & XSK_SEND) != 0;
    return (receives && has_some(xsk->received)) || (sends && has_some(xsk->completed));
}

uint32_t xsk_window_poll(const struct xsk_window *xsk)
{
    if (xsk->busy_us == 0 || (xsk->interrupts & XSK_RECEIVE) == 0) {
        return 0;
    }
    if (!xsk_window_stands(xsk)) {
        (void)xsk_rings_kick(xsk->socket, XSK_RECEIVE, NULL, NULL);
    }
    return xsk->busy_us;
}

/* Where frames are copied nothing tells of sent buffers, nor that frames which stayed behind can be
 * sent: every look by poll() sends some. */
bool xsk_window_wait(const struct xsk_window *xsk, bool masked, struct pollfd *file)
{
    uint32_t wanted = masked ? 0 : xsk->interrupts;
    bool unsent = xsk->unsent && has_some(xsk->given);
    *file = (struct pollfd){.fd = xsk->socket, .events = (wanted & XSK_RECEIVE) != 0 ? POLLIN : 0};
    return unsent || (wanted & XSK_SEND) != 0;
}
