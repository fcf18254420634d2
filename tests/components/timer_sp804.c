/* SPDX-License-Identifier: BSD-2-Clause */
/* An SP804, after ARM DDI 0271, with one interrupt for both timers. */
#include "timer_own.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { TIMERS = 2, LOAD = 0x00, VALUE = 0x04, CONTROL = 0x08, INT_CLR = 0x0c, MHZ_TICK = 1000 };
enum { ONE_SHOT = 1, BITS_32 = 2, INT_ENABLE = 1 << 5, PERIODIC = 1 << 6, ENABLE = 1 << 7 };

#define LAP (UINT64_C(1) << 32)

const unsigned timer_own_bytes = 4;

struct timer_facts timer_facts = {.registers_address = TIMER_REGISTERS,
                                  .registers_size = 0x1000,
                                  .rounds = 3000,
                                  .clock_hz = 1000000,
                                  .tick_ns = MHZ_TICK,
                                  .late_ns = 3 * MHZ_TICK,
                                  .far_ns = 7 * LAP * MHZ_TICK,
                                  .other = "no SP804 at the configured address"};

static struct timer {
    uint32_t value, control;
    bool raw;
    uint64_t seen; /* the world's tick up to which it counted */
} timers[TIMERS];

static void count(struct timer *t)
{
    uint64_t tick = timer_world / MHZ_TICK;
    uint64_t passed = tick - t->seen;
    t->seen = tick;
    if ((t->control & ENABLE) == 0 || ((t->control & ONE_SHOT) != 0 && t->value == 0)) {
        return;
    }
    assert_true((t->control & (BITS_32 | PERIODIC | 0xc)) == BITS_32);
    if (passed >= t->value && (t->value != 0 || passed >= LAP)) {
        t->raw = true;
    }
    bool stops = (t->control & ONE_SHOT) != 0 && passed >= t->value;
    t->value = stops ? 0 : t->value - (uint32_t)passed;
}

void timer_own_reset(void)
{
    for (uint32_t i = 0; i < TIMERS; i++) {
        timers[i] = (struct timer){.control = INT_ENABLE, .raw = true, .value = 1234};
    }
}

void timer_own_run(void)
{
    for (uint32_t i = 0; i < TIMERS; i++) {
        count(&timers[i]);
    }
}

bool timer_own_line(void)
{
    return (timers[0].raw && (timers[0].control & INT_ENABLE) != 0) ||
           (timers[1].raw && (timers[1].control & INT_ENABLE) != 0);
}

bool timer_own_read(uint32_t offset, uint64_t *value)
{
    if (offset / 0x20 < TIMERS && offset % 0x20 == VALUE) {
        *value = timers[offset / 0x20].value;
        return true;
    }
    return timer_own_identity(offset, 0x804, value);
}

bool timer_own_write(uint32_t offset, uint64_t value)
{
    if (offset / 0x20 >= TIMERS) {
        return false;
    }
    struct timer *t = &timers[offset / 0x20];
    switch (offset % 0x20) {
    case LOAD:
        t->value = (uint32_t)value;
        return value != 0; /* it would interrupt at once */
    case CONTROL:
        t->control = (uint32_t)value;
        return true;
    case INT_CLR:
        t->raw = false;
        return true;
    default:
        return false;
    }
}
