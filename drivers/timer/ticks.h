/* SPDX-License-Identifier: BSD-2-Clause */
/* Ticks of a counter to nanoseconds and back, exactly and without overflow: whole seconds and the
 * rest apart, since the rest times 10^9 fits 64 bits for every frequency that 32 bits hold (the
 * width of Arm's CNTFRQ_EL0). What does not fit the result is UINT64_MAX. */
#ifndef DRIVERS_TIMER_TICKS_H
#define DRIVERS_TIMER_TICKS_H

#include <sddf/timer.h>
#include <stdint.h>

/* `hz` is not 0. Rounded down, so that no moment is reported before it came. */
static inline uint64_t ticks_to_ns(uint64_t ticks, uint32_t hz)
{
    uint64_t ns;
    uint64_t rest = ticks % hz * TIMER_NS_PER_S / hz;
    if (__builtin_mul_overflow(ticks / hz, TIMER_NS_PER_S, &ns) ||
        __builtin_add_overflow(ns, rest, &ns)) {
        return UINT64_MAX;
    }
    return ns;
}

/* The first tick at which ticks_to_ns() is `ns` or more: an alarm there is never early. */
static inline uint64_t ticks_from_ns(uint64_t ns, uint32_t hz)
{
    uint64_t ticks;
    uint64_t rest = (ns % TIMER_NS_PER_S * hz + TIMER_NS_PER_S - 1) / TIMER_NS_PER_S;
    if (__builtin_mul_overflow(ns / TIMER_NS_PER_S, (uint64_t)hz, &ticks) ||
        __builtin_add_overflow(ticks, rest, &ticks)) {
        return UINT64_MAX;
    }
    return ticks;
}

/* How far ticks_to_ns() is behind, at most, before the next tick: one, rounded up. */
static inline uint64_t ticks_slack_ns(uint32_t hz)
{
    return (TIMER_NS_PER_S - 1) / hz + 1;
}

#endif
