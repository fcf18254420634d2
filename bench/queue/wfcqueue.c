/* SPDX-License-Identifier: BSD-2-Clause */
/* liburcu's wfcqueue, a linked list: wait-free to put, taken as a whole by splicing. It has no
 * bound of its own, so the nodes are `capacity` in a circle, and the consumer says with one word a
 * burst how many are free again. */
#define _LGPL_SOURCE /* its functions inline, as it recommends for speed */
#include "contenders.h"

#include <stdlib.h>
#include <urcu/uatomic.h>
#include <urcu/wfcqueue.h>

struct node {
    struct cds_wfcq_node link;
    struct net_desc entry;
};

static struct {
    _Alignas(4096) struct cds_wfcq_head head;
    _Alignas(4096) struct cds_wfcq_tail tail;
    _Alignas(4096) uint32_t given_back; /* written by the consumer */
    _Alignas(4096) uint32_t put;        /* the producer's */
    uint32_t seen;                      /* of given_back */
    _Alignas(4096) struct node nodes[CAPACITY_MAX];
} queue;

static uint32_t mask;

static bool wfc_open(uint32_t capacity)
{
    cds_wfcq_init(&queue.head, &queue.tail);
    queue.given_back = queue.put = queue.seen = 0;
    mask = capacity - 1;
    return true;
}

static inline __attribute__((always_inline)) bool wfc_put(uint32_t first, uint32_t burst)
{
    if (mask + 1 - (queue.put - queue.seen) < burst) {
        queue.seen = __atomic_load_n(&queue.given_back, __ATOMIC_ACQUIRE);
        if (mask + 1 - (queue.put - queue.seen) < burst) {
            return false;
        }
    }
    struct cds_wfcq_head head; /* a burst is linked here first, then appended in one step */
    struct cds_wfcq_tail tail;
    cds_wfcq_init(&head, &tail);
    for (uint32_t i = 0; i < burst; i++) {
        struct node *node = &queue.nodes[queue.put++ & mask];
        cds_wfcq_node_init(&node->link);
        node->entry = entry_make(first + i);
        cds_wfcq_enqueue(&head, &tail, &node->link);
    }
    (void)__cds_wfcq_splice_nonblocking(&queue.head, &queue.tail, &head, &tail);
    return true;
}

/* All that is there, whatever the burst: that is how it is fastest. Its blocking forms sleep for
 * milliseconds while a link is not there yet; these look again. */
static inline __attribute__((always_inline)) uint32_t wfc_get(uint32_t first, uint32_t burst,
                                                              uint64_t *wrong)
{
    struct cds_wfcq_head head;
    struct cds_wfcq_tail tail;
    (void)burst;
    cds_wfcq_init(&head, &tail);
    enum cds_wfcq_ret spliced =
        __cds_wfcq_splice_nonblocking(&head, &tail, &queue.head, &queue.tail);
    if (spliced == CDS_WFCQ_RET_SRC_EMPTY || spliced == CDS_WFCQ_RET_WOULDBLOCK) {
        return 0;
    }
    uint32_t got = 0;
    struct cds_wfcq_node *link;
    while ((link = __cds_wfcq_dequeue_nonblocking(&head, &tail)) != NULL) {
        if (link != CDS_WFCQ_WOULDBLOCK) {
            *wrong |= entry_wrong(caa_container_of(link, struct node, link)->entry, first + got);
            got++;
        }
    }
    __atomic_store_n(&queue.given_back, first + got, __ATOMIC_RELEASE);
    return got;
}

CONTENDER_LOOPS(wfc, wfc_put, wfc_get)
const struct contender contender_wfcqueue = {
    .name = "wfcqueue",
    .open = wfc_open,
    .produce = wfc_produce,
    .consume = wfc_consume,
    .alternate = wfc_alternate,
};
