/* SPDX-License-Identifier: BSD-2-Clause */
/* Arm's PrimeCell dual timer, SP804: ARM DDI 0271D. Run by the timer driver; owns the registers.
 * Its two timers count down, 32 bits at the frequency that the board's file gives. The second runs
 * freely and is the clock; the first is the alarm, since its interrupt, or one of both, is what a
 * board names first.
 *
 * An alarm waits for half a lap of the clock at most, also if there is none (counter.h): half an
 * hour at 1 MHz. */
#include "../counter.h"
#include "../device.h"
#include "../ticks.h"

#include <primecell/identity.h>
#include <sddf/mmio.h>
#include <stddef.h>

enum {               /* section 3.2, table 3-1 */
       ALARM = 0x00, /* Timer1 */
       CLOCK = 0x20, /* Timer2 */
       LOAD = 0x00,  /* of either */
       VALUE = 0x04,
       CONTROL = 0x08,
       INT_CLR = 0x0c
};

enum {                        /* TimerXControl, section 3.3 */
       ONE_SHOT = 1 << 0,     /* stop at 0 */
       BITS_32 = 1 << 1,      /* */
       INT_ENABLE = 1 << 5,   /* bits 3:2, the prescaler, stay 0 */
       TIMER_ENABLE = 1 << 7, /* */
       ALARM_MODE = ONE_SHOT | BITS_32 | INT_ENABLE,
       PART = 0x804
};

static uintptr_t registers;
static uint32_t hz;
static struct counter counter;

static uint64_t read_counter(void)
{
    return counter_advance(&counter, ~mmio_read32(registers + CLOCK + VALUE));
}

static void start_clock(void)
{
    counter = (struct counter){0};
    mmio_write32(registers + CLOCK + CONTROL, BITS_32); /* not periodic: from 0 to the largest */
    mmio_write32(registers + CLOCK + LOAD, UINT32_MAX);
    mmio_write32(registers + CLOCK + CONTROL, BITS_32 | TIMER_ENABLE);
}

const char *timer_device_start(const struct timer_driver_config *config)
{
    if (config->registers.size < PRIMECELL_REGISTERS_SIZE) {
        return "the dual timer's registers take 4 KiB, fewer are mapped";
    }
    registers = (uintptr_t)config->registers.address;
    hz = config->clock_hz;
    if (hz == 0) {
        return "how fast the dual timer counts is not known: add its clock to the board's file";
    }
    if (!primecell_is(registers, PART)) {
        return "no SP804 at the configured address: its identification is another";
    }
    start_clock();
    timer_device_alarm(UINT64_MAX);
    return NULL;
}

uint64_t timer_device_now(void)
{
    return ticks_to_ns(read_counter(), hz);
}

uint64_t timer_device_slack_ns(void)
{
    return ticks_slack_ns(hz);
}

/* The alarm begins to count after the clock was read, so it is not early. */
void timer_device_alarm(uint64_t ns)
{
    mmio_write32(registers + ALARM + CONTROL, ALARM_MODE);
    mmio_write32(registers + ALARM + INT_CLR, 1);
    mmio_write32(registers + ALARM + LOAD, counter_wait(read_counter(), ticks_from_ns(ns, hz)));
    mmio_write32(registers + ALARM + CONTROL, ALARM_MODE | TIMER_ENABLE);
}
