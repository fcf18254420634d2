/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What carries the frames of a host that is no machine's (host.c): one per process.
 *
 *     frames_wire     the in-memory wire of a device model (frames_wire.c)
 *     frames_packet   an interface's, through rings of AF_PACKET (frames_packet.c)
 *     frames_xdp      an interface's first queue, through AF_XDP (frames_xdp.c)
 *
 * Frames that come are hostile; nothing here looks into them.
 */
#ifndef SDDF_LOAD_FRAMES_H
#define SDDF_LOAD_FRAMES_H

#include "stream.h"

#include <stdint.h>
#include <sys/socket.h>

struct frame {
    const uint8_t *data;
    size_t size; /* bytes */
};

struct frames {
    const char *remedy; /* of an error: what was expected, what to do */
    /* Begins; `mac` is ours, as it lies in a frame. Exits with status 2 if an option cannot be met,
     * else 1. */
    void (*open)(const struct options *options, const uint8_t mac[6]);
    void (*close)(void);
    /* Sends what is taken without waiting. Returns how many, or -1 with errno: EAGAIN or ENOBUFS if
     * there is no room now, EINTR, or what makes it senseless to go on. */
    int (*send)(struct mmsghdr *messages, unsigned count);
    /* Up to BATCH frames without waiting, valid until the next call; -1 as send(). */
    int (*receive)(struct frame *frames);
    uint64_t (*drops)(void); /* frames for us that there was no room for, since open() */
    int (*file)(void);       /* to wait on with poll() */
};

extern const struct frames frames_wire, frames_packet, frames_xdp;

/* For those on an interface: its index, after checking that the MTU allows for the options' packets
 * and that the kernel does not claim --bind itself. */
unsigned interface_index(const struct options *options);

#endif
