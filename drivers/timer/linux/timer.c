/* SPDX-License-Identifier: BSD-2-Clause */
/* "sddf,timer": the Linux platform's timer, a device model of ours. Run by the timer driver; owns
 * the device's registers. Neither side includes the other's header, so that this is a driver like
 * any other:
 *
 *     0x00  COUNTER  64 bits, read    nanoseconds, monotonic
 *     0x08  COMPARE  64 bits, write   the interrupt's line is up while COUNTER >= COMPARE;
 *                                     UINT64_MAX at start: never */
#include "../device.h"

#include <sddf/mmio.h>
#include <stddef.h>

enum { COUNTER = 0x00, COMPARE = 0x08, REGISTERS_SIZE = 0x10 };

static uintptr_t registers;

const char *timer_device_start(const struct timer_driver_config *config)
{
    if (config->registers.address == 0 || config->registers.size < REGISTERS_SIZE) {
        return "the timer's registers take 16 bytes, fewer are mapped";
    }
    registers = (uintptr_t)config->registers.address;
    timer_device_alarm(UINT64_MAX);
    return NULL;
}

uint64_t timer_device_now(void)
{
    return mmio_read64(registers + COUNTER);
}

uint64_t timer_device_slack_ns(void)
{
    return 0;
}

void timer_device_alarm(uint64_t ns)
{
    mmio_write64(registers + COMPARE, ns);
}
