/* SPDX-License-Identifier: BSD-2-Clause */
/* See xsk_rings.h. Linked into the process of the device and into that of the driver's PD, where
 * xsk_rings_kick() runs in the sandbox, whose filter knows these calls with these arguments. */
#include "xsk_rings.h"

#include <errno.h>
#include <linux/if_xdp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/socket.h>

enum { PAGE = 4096, IDLE_TRIES = 4 };

/* Behind those before it. */
static void place(struct xsk_rings *rings, enum xsk_ring which,
                  const struct xdp_ring_offset *offsets, uint64_t entry_size)
{
    struct xsk_ring_place *ring = &rings->ring[which];
    ring->start = which == 0 ? 0 : ring[-1].start + ring[-1].size;
    ring->size = (offsets->desc + XSK_RINGS_ENTRIES * entry_size + PAGE - 1) / PAGE * PAGE;
    ring->producer = (uint32_t)(ring->start + offsets->producer);
    ring->consumer = (uint32_t)(ring->start + offsets->consumer);
    ring->flags = (uint32_t)(ring->start + offsets->flags);
    ring->entries = (uint32_t)(ring->start + offsets->desc);
}

const char *xsk_rings_place(int fd, struct xsk_rings *rings)
{
    struct xdp_mmap_offsets offsets;
    socklen_t length = sizeof(offsets);
    if (getsockopt(fd, SOL_XDP, XDP_MMAP_OFFSETS, &offsets, &length) != 0) {
        return "the rings' layout is not told";
    }
    if (length != sizeof(offsets)) { /* before Linux 5.4 */
        errno = ENOTSUP;
        return "the rings have no flags";
    }
    place(rings, XSK_RING_FILL, &offsets.fr, sizeof(uint64_t));
    place(rings, XSK_RING_COMPLETION, &offsets.cr, sizeof(uint64_t));
    place(rings, XSK_RING_RX, &offsets.rx, XSK_DESC_SIZE);
    place(rings, XSK_RING_TX, &offsets.tx, XSK_DESC_SIZE);
    const struct xsk_ring_place *last = &rings->ring[XSK_RING_TX];
    if (last->start + last->size > XSK_RINGS_SIZE) {
        errno = ENOSPC;
        return "the rings do not fit into their region";
    }
    return NULL;
}

bool xsk_rings_map(int fd, const struct xsk_rings *rings, void *region)
{
    static const uint64_t pages[XSK_RING_COUNT] = {
        [XSK_RING_FILL] = XDP_UMEM_PGOFF_FILL_RING,
        [XSK_RING_COMPLETION] = XDP_UMEM_PGOFF_COMPLETION_RING,
        [XSK_RING_RX] = XDP_PGOFF_RX_RING,
        [XSK_RING_TX] = XDP_PGOFF_TX_RING,
    };
    for (uint32_t i = 0; i < XSK_RING_COUNT; i++) {
        char *at = (char *)region + rings->ring[i].start;
        if (mmap(at, rings->ring[i].size, PROT_READ | PROT_WRITE,
                 MAP_SHARED | MAP_FIXED | MAP_POPULATE, fd, (off_t)pages[i]) != at) {
            return false;
        }
    }
    return true;
}

/* Where frames are copied the kernel sends a part of them with one call, says EAGAIN if there are
 * more, and EBUSY if one was dropped below. Every call that is counted moves it on; one that does
 * not, twice and more, wants for memory or for an interface that is up. */
static bool send_all(int fd, const uint32_t *sent, const uint32_t *given)
{
    uint32_t before = __atomic_load_n(sent, __ATOMIC_ACQUIRE);
    for (int idle = 0; idle < IDLE_TRIES;) {
        if (sendto(fd, NULL, 0, MSG_DONTWAIT, NULL, 0) >= 0) {
            return true;
        }
        uint32_t now = __atomic_load_n(sent, __ATOMIC_ACQUIRE);
        if (now == __atomic_load_n(given, __ATOMIC_RELAXED)) {
            return true;
        }
        idle = now == before ? idle + 1 : 0;
        before = now;
    }
    return false;
}

bool xsk_rings_kick(int fd, uint32_t directions, const uint32_t *sent, const uint32_t *given)
{
    if ((directions & XSK_RECEIVE) != 0) {
        (void)recvfrom(fd, NULL, 0, MSG_DONTWAIT, NULL, NULL);
    }
    return (directions & XSK_SEND) == 0 || send_all(fd, sent, given);
}
