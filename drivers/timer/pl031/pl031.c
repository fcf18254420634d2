/* SPDX-License-Identifier: BSD-2-Clause */
/* Arm's PrimeCell real time clock, PL031: ARM DDI 0224B. Run by the timer driver; owns the
 * registers. It counts seconds since 1970 in 32 bits, so this timer ends in 2106. Every timeout
 * comes with a tick of the clock: for timeouts of seconds, where a machine has no other timer that
 * only its driver can touch.
 *
 * The interrupt comes when the counter and the match register become equal (section 2.1): a moment
 * in the past, or one that passes while it is written, would come 136 years later. */
#include "../device.h"
#include "../ticks.h"

#include <primecell/identity.h>
#include <sddf/mmio.h>
#include <stddef.h>

enum {            /* section 3.2, table 3-1 */
       DR = 0x00, /* the counter */
       MR = 0x04,
       CR = 0x0c,
       IMSC = 0x10,
       RIS = 0x14,
       ICR = 0x1c
};

enum { PART = 0x031, CR_START = 1, INTERRUPT = 1, HZ = 1, MATCHES_MAX = 4 };

static uintptr_t registers;

const char *timer_device_start(const struct timer_driver_config *config)
{
    if (config->registers.size < PRIMECELL_REGISTERS_SIZE) {
        return "the real time clock's registers take 4 KiB, fewer are mapped";
    }
    registers = (uintptr_t)config->registers.address;
    if (!primecell_is(registers, PART)) {
        return "no PL031 at the configured address: its identification is another";
    }
    mmio_write32(registers + CR, CR_START); /* one that runs is let run */
    timer_device_alarm(UINT64_MAX);
    return NULL;
}

uint64_t timer_device_now(void)
{
    return ticks_to_ns(mmio_read32(registers + DR), HZ);
}

uint64_t timer_device_slack_ns(void)
{
    return ticks_slack_ns(HZ);
}

/* Matches the first second from `at` on that is still to come. A second passes between writing and
 * reading once, with bad luck; oftener only for a counter that lies, and then the alarm is lost. */
static void match(uint32_t at)
{
    for (uint32_t i = 0; i < MATCHES_MAX; i++) {
        uint32_t now = mmio_read32(registers + DR);
        uint32_t next = at > now ? at : now + 1;
        mmio_write32(registers + MR, next);
        if (mmio_read32(registers + DR) < next || mmio_read32(registers + RIS) != 0) {
            return;
        }
    }
}

void timer_device_alarm(uint64_t ns)
{
    uint64_t at = ticks_from_ns(ns, HZ);
    mmio_write32(registers + IMSC, 0);
    mmio_write32(registers + ICR, INTERRUPT);
    if (at <= UINT32_MAX) { /* it counts no further */
        match((uint32_t)at);
        mmio_write32(registers + IMSC, INTERRUPT);
    }
}
