/* SPDX-License-Identifier: BSD-2-Clause */
/* A link of the chain: a connection of sddf/queue.h that a description makes of `regions` and
 * `channels`, whose addresses and channel reach the component in symbols of its own. It carries
 * descriptors of frames one way; the other queue stays empty. */
#ifndef BENCH_CROSSING_LINK_H
#define BENCH_CROSSING_LINK_H

#include <base/peer.h>
#include <sddf/net.h>

enum {
    LINK_CAPACITY = 1024
}; /* entries: more than the client has buffers; bench/experiments/crossing.py */

/* Set by the platform's tool, where the description says so; 0 = there is no such link. */
#define LINK(name)                                              \
    __attribute__((used)) volatile uint64_t name##_mine = 0;    \
    __attribute__((used)) volatile uint64_t name##_theirs = 0;  \
    __attribute__((used)) volatile uint64_t name##_channel = 0; \
    static struct connection name

#define LINK_OPEN(name) link_open(&(name), name##_mine, name##_theirs)

static inline bool link_open(struct connection *c, uint64_t mine, uint64_t theirs)
{
    return mine != 0 && connection_open(c, (struct queue_side *)(uintptr_t)mine,
                                        (const struct queue_side *)(uintptr_t)theirs, LINK_CAPACITY,
                                        LINK_CAPACITY);
}

#endif
