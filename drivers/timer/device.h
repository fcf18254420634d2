/* SPDX-License-Identifier: BSD-2-Clause */
/* What a timer device is to its driver's shell (shell.c): a counter in nanoseconds, and one alarm.
 * Implemented by one file per device; called by the shell alone. The shell expects neither that the
 * counter keeps going up nor that an interrupt has a reason. */
#ifndef DRIVERS_TIMER_DEVICE_H
#define DRIVERS_TIMER_DEVICE_H

#include <sddf/timer.h>
#include <stdint.h>

/* Brings the device up with its alarm off. NULL, or what is wrong. */
const char *timer_device_start(const struct timer_driver_config *config);

/* Rounded down to what the counter resolves, so that no moment is reported before it came. */
uint64_t timer_device_now(void);

/* How far timer_device_now() may be behind by that rounding, at most. */
uint64_t timer_device_slack_ns(void);

/* Takes the interrupt's line down, and up again from `ns` on; UINT64_MAX: never. A device that
 * cannot wait so long, or must be looked at meanwhile, interrupts earlier: the shell looks, and
 * sets the alarm anew after every interrupt. */
void timer_device_alarm(uint64_t ns);

#endif
