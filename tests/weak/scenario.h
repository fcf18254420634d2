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

/* A connection at work: both sides have adopted one another, and `run->start` entries have passed
 * each way. `side` names this agent's region. For start(), where the machine does not listen. */
static inline void connection_ready(struct connection *c, uint32_t side)
{
    connection_open(c, sim_sides[side], sim_sides[side ^ 1], run->capacity, run->capacity);
    c->epoch = c->peer_epoch = 0;
    c->tail = c->tail_checked = c->peer_head = run->start;
    c->head = c->head_checked = c->peer_tail = run->start;
    c->ready = true;
}

#endif
