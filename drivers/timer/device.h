/* SPDX-License-Identifier: BSD-2-Clause */
/* What a timer device is to its driver's shell (shell.c): a counter in nanoseconds that never goes
 * back, and one alarm. Implemented by one file per device; called by the shell alone. */
#ifndef DRIVERS_TIMER_DEVICE_H
#define DRIVERS_TIMER_DEVICE_H

#include <sddf/timer.h>
#include <stdint.h>

/* Brings the device up with its alarm off. NULL, or what is wrong. */
const char *timer_device_start(const struct timer_driver_config *config);

uint64_t timer_device_now(void);

/* Interrupts from `ns` on, not before, until the alarm is moved behind now; UINT64_MAX: never. */
void timer_device_alarm(uint64_t ns);

#endif
