/* SPDX-License-Identifier: BSD-2-Clause */
/* The one timeout of a component that waits for several moments: that of the first of them, set
 * before the component waits. Owned by the transmit virtualiser. */
#ifndef VIRT_NET_TIMEOUT_H
#define VIRT_NET_TIMEOUT_H

#include <base/timer.h>

struct timeout {
    uint32_t channel; /* to the timer */
    uint64_t wanted;  /* ns; the first moment; UINT64_MAX: none */
    uint64_t set;     /* ns; that the timer was told; UINT64_MAX: none */
};

/* Also when it came: all who waited are looked at, and those that are not due say so again. */
static inline void timeout_clear(struct timeout *t)
{
    t->wanted = t->set = UINT64_MAX;
}

static inline void timeout_want(struct timeout *t, uint64_t ns)
{
    t->wanted = ns < t->wanted ? ns : t->wanted;
}

/* Tells the timer, if it must. False if it refused: the next call tries again. */
static inline bool timeout_set(struct timeout *t)
{
    uint64_t now;
    if (t->wanted >= t->set) {
        return true;
    }
    if (!timer_call(t->channel, TIMER_SET_AT, 1, t->wanted, &now)) {
        return false;
    }
    t->set = t->wanted;
    return true;
}

#endif
