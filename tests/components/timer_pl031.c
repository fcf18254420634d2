/* SPDX-License-Identifier: BSD-2-Clause */
/* A PL031 in the strictest reading of ARM DDI 0224: its interrupt comes when the counter steps to
 * the match register's value, and not when a value that it has already is written there. */
#include "timer_own.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define SECOND UINT64_C(1000000000)

enum { START = 1795910400 };

struct timer_facts timer_facts = {.registers_address = TIMER_REGISTERS,
                                  .registers_size = 0x1000,
                                  .rounds = 3000,
                                  .tick_ns = SECOND,
                                  .late_ns = SECOND,
                                  .far_ns = 300000000 * SECOND, /* 10 years */
                                  .other = "no PL031 at the configured address"};

static const uint8_t IDENTITY[] = {0x31, 0x10, 0x14, 0, 0x0d, 0xf0, 0x05, 0xb1};

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

uint64_t timer_own_read(uint32_t offset, unsigned size_bytes)
{
    assert_int_equal(size_bytes, 4);
    if (offset >= TIMER_IDENTITY && offset < 0x1000 && offset % 4 == 0) {
        return IDENTITY[(offset - TIMER_IDENTITY) / 4];
    }
    switch (offset) {
    case 0x00:
        return count();
    case 0x14:
        return rtc.raw;
    default:
        fail_msg("read of register 0x%x", offset);
        return 0;
    }
}

void timer_own_write(uint32_t offset, unsigned size_bytes, uint64_t value)
{
    assert_int_equal(size_bytes, 4);
    switch (offset) {
    case 0x04:
        rtc.match = (uint32_t)value;
        break;
    case 0x0c:
        rtc.running = (value & 1) != 0;
        break;
    case 0x10:
        rtc.mask = (uint32_t)value & 1;
        break;
    case 0x1c:
        rtc.raw &= ~(uint32_t)value;
        break;
    default:
        fail_msg("write of register 0x%x", offset);
    }
}
