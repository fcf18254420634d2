/* SPDX-License-Identifier: BSD-2-Clause */
/* The deadlines of a timer driver's clients: at most one each, in a binary heap of fixed size whose
 * top is the next one. Setting, cancelling and taking cost its depth, 6 steps at most. Pure; owned
 * by the shell. */
#ifndef DRIVERS_TIMER_DEADLINES_H
#define DRIVERS_TIMER_DEADLINES_H

#include <sddf/timer.h>
#include <stdbool.h>
#include <stdint.h>

struct deadlines {
    uint32_t count;
    uint8_t heap[TIMER_CLIENTS_MAX];  /* clients; none is due before its parent, (i - 1) / 2 */
    uint8_t place[TIMER_CLIENTS_MAX]; /* 1 + where a client is in the heap; 0: nowhere */
    uint64_t when[TIMER_CLIENTS_MAX]; /* by client */
};

_Static_assert(TIMER_CLIENTS_MAX < UINT8_MAX, "places are bytes");

static inline uint64_t deadlines_at(const struct deadlines *d, uint32_t at)
{
    return d->when[d->heap[at]];
}

static inline void deadlines_put(struct deadlines *d, uint32_t at, uint8_t client)
{
    d->heap[at] = client;
    d->place[client] = (uint8_t)(at + 1);
}

static inline void deadlines_swap(struct deadlines *d, uint32_t a, uint32_t b)
{
    uint8_t client = d->heap[a];
    deadlines_put(d, a, d->heap[b]);
    deadlines_put(d, b, client);
}

/* Moves what stands at `at` up, then down, to where it belongs. */
static inline void deadlines_sift(struct deadlines *d, uint32_t at)
{
    while (at != 0 && deadlines_at(d, at) < deadlines_at(d, (at - 1) / 2)) {
        deadlines_swap(d, at, (at - 1) / 2);
        at = (at - 1) / 2;
    }
    for (uint32_t child = 2 * at + 1; child < d->count; child = 2 * at + 1) {
        if (child + 1 < d->count && deadlines_at(d, child + 1) < deadlines_at(d, child)) {
            child++;
        }
        if (deadlines_at(d, at) <= deadlines_at(d, child)) {
            return;
        }
        deadlines_swap(d, at, child);
        at = child;
    }
}

/* Sets the client's deadline, in place of one that it has. `client` is below TIMER_CLIENTS_MAX. */
static inline void deadlines_set(struct deadlines *d, uint32_t client, uint64_t when)
{
    if (d->place[client] == 0) {
        deadlines_put(d, d->count++, (uint8_t)client);
    }
    d->when[client] = when;
    deadlines_sift(d, d->place[client] - 1U);
}

/* No harm if it has none. */
static inline void deadlines_cancel(struct deadlines *d, uint32_t client)
{
    if (d->place[client] == 0) {
        return;
    }
    uint32_t at = d->place[client] - 1U;
    d->place[client] = 0;
    d->count--;
    if (at != d->count) {
        deadlines_put(d, at, d->heap[d->count]);
        deadlines_sift(d, at);
    }
}

/* When the next one is due; UINT64_MAX: never. */
static inline uint64_t deadlines_next(const struct deadlines *d)
{
    return d->count == 0 ? UINT64_MAX : deadlines_at(d, 0);
}

/* Takes the next one off if it is due; its client in `*client`. */
static inline bool deadlines_take(struct deadlines *d, uint64_t now, uint32_t *client)
{
    if (d->count == 0 || deadlines_at(d, 0) > now) {
        return false;
    }
    *client = d->heap[0];
    deadlines_cancel(d, *client);
    return true;
}

#endif
