/* SPDX-License-Identifier: BSD-2-Clause */
/* Contracts of what every component has from lib/base and include/sddf: signals, peers, statistics,
 * configuration. Proved by `proofs/wp/run`, but for the functions of lib/base/config.c. */
#ifndef CONTRACTS_BASE_H
#define CONTRACTS_BASE_H

#include "queue.h"

#include <base/peer.h>
#include <sddf/cache.h>
#include <sddf/stats.h>

/*@ requires \valid(signals);
    assigns *signals; */
static void signal_now(struct signals *signals);

/*@ requires \valid(signals);
    assigns *signals; */
static inline void signal_peer(struct signals *signals, uint32_t channel);

/*@ requires \valid(signals);
    assigns *signals; */
static inline void signal_end(struct signals *signals);

/*@ requires sound(c) && \valid(signals) && \separated(c, signals);
    assigns c->tail, c->tail_checked, c->head, c->head_checked, c->peer_tail, c->ready, c->peer_head, c->resets,
            c->peer_epoch, c->violations, *signals;
    ensures sound(c); */
static void peer_adopt(struct connection *c, struct signals *signals, uint32_t channel);

/*@ requires sound(c) && \valid(signals) && \separated(c, signals);
    assigns c->tail, c->tail_checked, c->head, c->head_checked, c->peer_tail, c->ready, c->peer_head, c->resets,
            c->peer_epoch, c->violations, *signals;
    ensures sound(c); */
static inline void peer_check(struct connection *c, struct signals *signals, uint32_t channel);

/*@ requires readable(address, size_bytes);
    assigns \nothing; */
static inline void cache_clean(uintptr_t address, size_t size_bytes);

/*@ requires readable(address, size_bytes);
    assigns \nothing; */
static inline void cache_invalidate(uintptr_t address, size_t size_bytes);

/*@ requires \valid(page) && counter < STATS_COUNTERS_MAX;
    assigns \nothing; */
static inline void stats_add(struct stats_page *page, uint32_t counter, uint64_t amount);

/*@ requires \valid(page) && counter < STATS_COUNTERS_MAX;
    assigns \nothing; */
static inline void stats_set(struct stats_page *page, uint32_t counter, uint64_t amount);

#endif
