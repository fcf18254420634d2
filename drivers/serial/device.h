/* SPDX-License-Identifier: BSD-2-Clause */
/* What the serial driver shell (shell.c) asks of a device's own file; one device per image. The
 * device's file checks whatever its device says, and never waits for it. */
#ifndef DRIVERS_SERIAL_DEVICE_H
#define DRIVERS_SERIAL_DEVICE_H

#include <sddf/serial.h>
#include <stdbool.h>
#include <stdint.h>

/* Brings the device up with its interrupts off. NULL, or why it cannot be: one clear sentence. */
const char *serial_device_start(const struct serial_driver_config *config);

/* Takes back the cause of the interrupt, as far as receiving and sending do not. */
void serial_device_irq_clear(void);

/* Takes up to `count_max` bytes that came in. Returns how many. */
uint32_t serial_device_receive(uint8_t *bytes, uint32_t count_max);

/* Gives the device up to `count` bytes to send. Returns how many it had room for. */
uint32_t serial_device_send(const uint8_t *bytes, uint32_t count);

/* Shows the device what it was given since the last call. */
void serial_device_commit(void);

/* Asks for an interrupt when bytes come in (`receive`), and when there is room again after
 * serial_device_send() found none (`send`). False if what was asked for has come meanwhile and
 * may raise no interrupt any more: look again. */
bool serial_device_wait(bool receive, bool send);

/* What the device got wrong or lost so far, for statistics. */
uint64_t serial_device_errors(void);

#endif
