/* SPDX-License-Identifier: BSD-2-Clause */
/* The four rings of an AF_XDP socket (Linux, Documentation/networking/af_xdp.rst): where each lies
 * in the driver's rings region, and what the two who have the socket do with them. The device's
 * process (xsk.c) makes them and says in registers where they are; the driver's PD maps them, which
 * the kernel allows before the socket is bound only, and lets the kernel look at them. */
#ifndef LINUX_DEVICE_XSK_RINGS_H
#define LINUX_DEVICE_XSK_RINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <xsk/registers.h>

enum {
    XSK_RINGS_ENTRIES = 1024,    /* of each ring */
    XSK_RINGS_SIZE = 128 * 1024, /* bytes of the rings region that they take at most */
};

/* Bytes from the start of the rings region; each ring begins a page. */
struct xsk_ring_place {
    uint64_t start, size; /* of its pages */
    uint32_t producer, consumer, flags, entries;
};

struct xsk_rings {
    struct xsk_ring_place ring[XSK_RING_COUNT];
};

/* Where the rings of this socket, already made, lie. NULL, or what failed, with errno set. */
const char *xsk_rings_place(int fd, struct xsk_rings *rings);

/* Maps them over `region`, XSK_RINGS_SIZE bytes on a page boundary; the pages between them stay as
 * they are. False with errno set. */
bool xsk_rings_map(int fd, const struct xsk_rings *rings, void *region);

/* Lets the kernel look at the rings of these directions (enum xsk_direction). False if frames to
 * send stayed behind, for want of memory or of room below: look again later. `sent` and `given`
 * are the words of the transmit ring: what the kernel has taken, and what there is. */
bool xsk_rings_kick(int fd, uint32_t directions, const uint32_t *sent, const uint32_t *given);

#endif
