/* SPDX-License-Identifier: BSD-2-Clause */
/* A PL031 in the strictest reading of ARM DDI 0224: its interrupt comes when the counter steps to
 * the match register's value, and not when a value that it has already is written there. */
#include "timer_own.h"

#define SECOND UINT64_C(1000000000)

enum { START = 1795910400 };

const unsigned timer_own_bytes = 4;

struct timer_facts timer_facts = {.registers_address = TIMER_REGISTERS,
                                  .registers_size = 0x1000,
                                  .rounds = 3000,
                                  .tick_ns = SECOND,
                                  .late_ns = SECOND,
                                  .far_ns = 300000000 * SECOND, /* 10 years */
                                  .other = "no PL031 at the configured address"};

static struct {
    uint32_t match, mask, raw;
    uint32_t seen; /* the counter up to which matches were looked for */
    bool running;
} rtc;

static uint32_t count(void)
{
    return START + (uint32_t)(timer_world / SECOND);
}

void timer_own_reset(void)
{
    rtc = (typeof(rtc)){.mask = 1, .raw = 1, .seen = START};
}

void timer_own_run(void)
{
    if (rtc.running && rtc.match - rtc.seen - 1 < count() - rtc.seen) {
        rtc.raw = 1;
    }
    rtc.seen = count();
}

bool timer_own_line(void)
{
    return (rtc.raw & rtc.mask) != 0;
}

bool timer_own_read(uint32_t offset, uint64_t *value)
{
    *value = offset == 0x00 ? count() : rtc.raw;
    return offset == 0x00 || offset == 0x14 || timer_own_identity(offset, 0x031, value);
}

bool timer_own_write(uint32_t offset, uint64_t value)
{
    switch (offset) {
    case 0x04:
        rtc.match = (uint32_t)value;
        return true;
    case 0x0c:
        rtc.running = (value & 1) != 0;
        return true;
    case 0x10:
        rtc.mask = (uint32_t)value & 1;
        return true;
    case 0x1c:
        rtc.raw &= ~(uint32_t)value;
        return true;
    default:
        return false;
    }
}
