/* SPDX-License-Identifier: BSD-2-Clause */
/* A Goldfish RTC, after Android's description of it. */
#include "timer_own.h"

static const uint64_t SINCE_1970 = UINT64_C(1795910400000000123);

const unsigned timer_own_bytes = 4;

struct timer_facts timer_facts = {.registers_address = TIMER_REGISTERS,
                                  .registers_size = 0x1000,
                                  .rounds = 3000,
                                  .far_ns = UINT64_C(300000000000000000)}; /* 10 years */

static struct {
    uint32_t time_high, alarm_low, alarm_high;
    bool enabled, pending, running;
} rtc;

static uint64_t count(void)
{
    return SINCE_1970 + timer_world;
}

void timer_own_reset(void)
{
    rtc = (typeof(rtc)){.pending = true, .running = true}; /* whatever was before us */
}

void timer_own_run(void)
{
    if (rtc.running && count() >= ((uint64_t)rtc.alarm_high << 32 | rtc.alarm_low)) {
        rtc.running = false;
        rtc.pending = true;
    }
}

bool timer_own_line(void)
{
    return rtc.enabled && rtc.pending;
}

bool timer_own_read(uint32_t offset, uint64_t *value)
{
    if (offset == 0x00) {
        rtc.time_high = (uint32_t)(count() >> 32);
        *value = (uint32_t)count();
    } else {
        *value = rtc.time_high;
    }
    return offset == 0x00 || offset == 0x04;
}

bool timer_own_write(uint32_t offset, uint64_t value)
{
    switch (offset) {
    case 0x08:
        rtc.alarm_low = (uint32_t)value;
        rtc.running = true;
        return true;
    case 0x0c:
        rtc.alarm_high = (uint32_t)value;
        return true;
    case 0x10:
        rtc.enabled = (value & 1) != 0;
        return true;
    case 0x14:
        rtc.running = false;
        return true;
    case 0x1c:
        rtc.pending = false;
        return true;
    default:
        return false;
    }
}
