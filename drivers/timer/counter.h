/* SPDX-License-Identifier: BSD-2-Clause */
/* A counter of 32 bits made one of 64: right as long as it is looked at once a lap at least, for
 * which its driver waits for half a lap at most. Pure; owned by a device's file. */
#ifndef DRIVERS_TIMER_COUNTER_H
#define DRIVERS_TIMER_COUNTER_H

#include <stdint.h>

#define COUNTER_HALF_LAP (UINT32_C(1) << 31)

struct counter {
    uint64_t ticks;
    uint32_t last; /* what the device said, counting upwards */
};

/* Takes what the device says now; the ticks so far. */
static inline uint64_t counter_advance(struct counter *c, uint32_t device)
{
    c->ticks += (uint32_t)(device - c->last);
    c->last = device;
    return c->ticks;
}

/* The ticks from `now` to `at`, or to the next look at the counter: 1 to half a lap. */
static inline uint32_t counter_wait(uint64_t now, uint64_t at)
{
    uint64_t left = at > now ? at - now : 1;
    return left < COUNTER_HALF_LAP ? (uint32_t)left : COUNTER_HALF_LAP;
}

#endif
