/* SPDX-License-Identifier: BSD-2-Clause */
/* Arm's generic timer: the physical timer of EL1, which seL4 leaves to user level where it runs at
 * EL2 itself (Arm ARM, D12, "The Generic Timer in AArch64 state"). No registers in memory. Run by
 * the timer driver.
 *
 * Every PD may write CNTP_CTL_EL0 on such a kernel, and so silence this driver (CAVEATS.md). */
#include "../device.h"
#include "../ticks.h"

#include <stddef.h>

enum { CONTROL_ENABLE = 1 }; /* CNTP_CTL_EL0; IMASK, bit 1, stays 0 */

static uint32_t hz;

/* The barrier keeps the counter from being read before what stands before (D12.2.1). */
static uint64_t read_counter(void)
{
    uint64_t ticks;
    __asm__ volatile("isb\n\tmrs %0, cntpct_el0" : "=r"(ticks)::"memory");
    return ticks;
}

const char *timer_device_start(const struct timer_driver_config *config)
{
    uint64_t frequency;
    (void)config;
    __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(frequency));
    hz = (uint32_t)frequency; /* bits 63:32 are reserved, 0 */
    if (hz == 0) {
        return "CNTFRQ_EL0 is 0: the firmware has to set the timer's frequency";
    }
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

/* The line is up while the counter is at or past CVAL, so a moment in the past interrupts too. */
void timer_device_alarm(uint64_t ns)
{
    uint64_t control = ns == UINT64_MAX ? 0 : CONTROL_ENABLE;
    uint64_t ticks = ticks_from_ns(ns, hz);
    __asm__ volatile("msr cntp_cval_el0, %0\n\tmsr cntp_ctl_el0, %1\n\tisb" ::"r"(ticks),
                     "r"(control)
                     : "memory");
}
