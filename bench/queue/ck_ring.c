/* SPDX-License-Identifier: BSD-2-Clause */
/* Concurrency Kit's ck_ring with one producer and one consumer. It has no bursts: entries go one by
 * one, in straight code. */
#include "contenders.h"

#include <ck_ring.h>

CK_RING_PROTOTYPE(desc, net_desc)

static struct {
    _Alignas(4096) ck_ring_t ring;
    _Alignas(4096) struct net_desc entries[CAPACITY_MAX];
} queue;

static bool ck_open(uint32_t capacity)
{
    ck_ring_init(&queue.ring, capacity);
    return true;
}

static inline __attribute__((always_inline)) bool ck_put(uint32_t first, uint32_t burst)
{
    for (uint32_t i = 0; i < burst; i++) {
        struct net_desc entry = entry_make(first + i);
        while (!CK_RING_ENQUEUE_SPSC(desc, &queue.ring, queue.entries, &entry)) {
            relax();
        }
    }
    return true;
}

static inline __attribute__((always_inline)) uint32_t ck_get(uint32_t first, uint32_t burst,
                                                             uint64_t *wrong)
{
    uint32_t got = 0;
    struct net_desc entry;
    while (got < burst && CK_RING_DEQUEUE_SPSC(desc, &queue.ring, queue.entries, &entry)) {
        *wrong |= entry_wrong(entry, first + got);
        got++;
    }
    return got;
}

CONTENDER_LOOPS(ck, ck_put, ck_get)
const struct contender contender_ck_ring = {
    .name = "ck_ring",
    .open = ck_open,
    .produce = ck_produce,
    .consume = ck_consume,
    .alternate = ck_alternate,
};
