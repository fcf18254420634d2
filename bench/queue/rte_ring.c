/* SPDX-License-Identifier: BSD-2-Clause */
/* DPDK's rte_ring with one producer and one consumer and 16-byte elements, in the batched form that
 * its documentation recommends, and with elements made where they lie (its "zero copy" functions).
 * It lies in memory of ours, so that DPDK need not be started. */
#include "contenders.h"

#include <rte_ring.h>
#include <rte_ring_elem.h>
#include <rte_ring_peek_zc.h>
#include <stdlib.h>

static struct rte_ring *ring;
static _Alignas(4096) struct net_desc put_batch[BURST_MAX];
static _Alignas(4096) struct net_desc get_batch[BURST_MAX];

static bool rte_open(uint32_t capacity)
{
    enum { PAGE = 4096 };
    free(ring);
    ssize_t size = rte_ring_get_memsize_elem(sizeof(struct net_desc), capacity);
    ring = size <= 0 ? NULL : aligned_alloc(PAGE, ((size_t)size + PAGE - 1) / PAGE * PAGE);
    return ring != NULL &&
           rte_ring_init(ring, "bench", capacity, RING_F_SP_ENQ | RING_F_SC_DEQ) == 0;
}

static inline __attribute__((always_inline)) bool rte_put(uint32_t first, uint32_t burst)
{
    batch_make(put_batch, first, burst);
    while (rte_ring_sp_enqueue_bulk_elem(ring, put_batch, sizeof(struct net_desc), burst, NULL) ==
           0) {
        relax();
    }
    return true;
}

static inline __attribute__((always_inline)) uint32_t rte_get(uint32_t first, uint32_t burst,
                                                              uint64_t *wrong)
{
    uint32_t got =
        rte_ring_sc_dequeue_burst_elem(ring, get_batch, sizeof(struct net_desc), burst, NULL);
    *wrong |= batch_wrong(get_batch, first, got);
    return got;
}

static inline __attribute__((always_inline)) bool rte_zc_put(uint32_t first, uint32_t burst)
{
    struct rte_ring_zc_data at;
    while (rte_ring_enqueue_zc_bulk_elem_start(ring, sizeof(struct net_desc), burst, &at, NULL) ==
           0) {
        relax();
    }
    batch_make(at.ptr1, first, at.n1);
    if (at.n1 != burst) {
        batch_make(at.ptr2, first + at.n1, burst - at.n1);
    }
    rte_ring_enqueue_zc_elem_finish(ring, burst);
    return true;
}

CONTENDER_LOOPS(rte, rte_put, rte_get)
CONTENDER_LOOPS(rte_zc, rte_zc_put, rte_get)
const struct contender contender_rte_ring = {
    .name = "rte_ring",
    .open = rte_open,
    .produce = rte_produce,
    .consume = rte_consume,
    .alternate = rte_alternate,
};
const struct contender contender_rte_ring_zc = {
    .name = "rte_ring-zc",
    .open = rte_open,
    .produce = rte_zc_produce,
    .consume = rte_zc_consume,
    .alternate = rte_zc_alternate,
};
