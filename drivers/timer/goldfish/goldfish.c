/* SPDX-License-Identifier: BSD-2-Clause */
/* The Goldfish RTC: Android's "Goldfish virtual hardware" (GOLDFISH-VIRTUAL-HARDWARE.TXT, section
 * "Goldfish Timer" and its registers' names in QEMU, hw/rtc/goldfish_rtc.c). Run by the timer
 * driver; owns the registers, which have 32 bits each. It counts nanoseconds since 1970, as long as
 * nobody sets that clock: the driver never does.
 *
 * The interrupt's line is up from the alarm on, or from the moment at which one in the past is
 * set, until it is cleared. */
#include "../device.h"

#include <sddf/mmio.h>
#include <stddef.h>

enum {
    TIME_LOW = 0x00,        /* reading it keeps the other half for TIME_HIGH */
    TIME_HIGH = 0x04,       /* */
    ALARM_LOW = 0x08,       /* writing it sets the alarm, with what ALARM_HIGH has */
    ALARM_HIGH = 0x0c,      /* */
    IRQ_ENABLED = 0x10,     /* bit 0 */
    CLEAR_ALARM = 0x14,     /* any value */
    CLEAR_INTERRUPT = 0x1c, /* any value */
    REGISTERS_SIZE = 0x20
};

static uintptr_t registers;

const char *timer_device_start(const struct timer_driver_config *config)
{
    if (config->registers.address == 0 || config->registers.size < REGISTERS_SIZE) {
        return "the Goldfish RTC's registers take 32 bytes, fewer are mapped";
    }
    registers = (uintptr_t)config->registers.address;
    timer_device_alarm(UINT64_MAX);
    mmio_write32(registers + IRQ_ENABLED, 1);
    return NULL;
}

uint64_t timer_device_now(void)
{
    uint32_t low = mmio_read32(registers + TIME_LOW);
    return (uint64_t)mmio_read32(registers + TIME_HIGH) << 32 | low;
}

uint64_t timer_device_slack_ns(void)
{
    return 0;
}

/* The alarm goes before the interrupt, which it could raise again. */
void timer_device_alarm(uint64_t ns)
{
    mmio_write32(registers + CLEAR_ALARM, 1);
    mmio_write32(registers + CLEAR_INTERRUPT, 1);
    if (ns != UINT64_MAX) {
        mmio_write32(registers + ALARM_HIGH, (uint32_t)(ns >> 32));
        mmio_write32(registers + ALARM_LOW, (uint32_t)ns);
    }
}
