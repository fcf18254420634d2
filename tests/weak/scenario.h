/* SPDX-License-Identifier: BSD-2-Clause */
/* What producer and consumer do with the transport in the simulator, and what must come of it. */
#ifndef WEAK_SCENARIO_H
#define WEAK_SCENARIO_H

#include "machine.h"

/* A producer fills a queue, a consumer empties it; marks, thresholds, several publishes a check. */
extern const struct scenario stream;
/* A client sends buffers and gets them back lazily: only if it waits for them. */
extern const struct scenario lazy;
/* Both sides of a connection send, and either may restart at any step. */
extern const struct scenario restart, buffers;

/* A connection at work, both sides having adopted one another. `side` names this agent's region. */
static inline void connection_ready(struct connection *c, uint32_t side)
{
    *c = (struct connection){
        .mine = sim_sides[side],
        .theirs = sim_sides[side ^ 1],
        .put_capacity = run->capacity,
        .get_capacity = run->capacity,
        .tail = run->start,
        .tail_checked = run->start,
        .peer_head = run->start,
        .head = run->start,
        .peer_tail = run->start,
        .ready = true,
    };
}

#endif
