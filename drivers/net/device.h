/* SPDX-License-Identifier: BSD-2-Clause */
/* What the network driver shell (shell.c) asks of a device's own file. One device per image, so
 * these are plain functions. A buffer is a struct net_desc whose address is an I/O address; the
 * device's file checks whatever its device says and never sees data.
 *
 * provide: the device gets buffers, at most what `room` said; return: it gives them back. */
#ifndef NET_DEVICE_H
#define NET_DEVICE_H

#include <sddf/net.h>
#include <stdbool.h>
#include <stdint.h>

/* Brings the device up with its interrupts off. NULL, or why it cannot be: one clear sentence. */
const char *net_device_start(const struct net_driver_config *config);

/* Takes back the cause of the interrupt from the device, before its rings are looked at. */
void net_device_irq_clear(void);

uint32_t net_device_rx_room(void);
void net_device_rx_provide(const struct net_desc *buffers, uint32_t count);
uint32_t net_device_rx_return(struct net_desc *frames, uint32_t count_max);

uint32_t net_device_tx_room(void);
void net_device_tx_provide(const struct net_desc *frames, uint32_t count);
uint32_t net_device_tx_return(struct net_desc *buffers, uint32_t count_max);

/* Shows the device what was provided since the last call; one doorbell at most per direction. */
void net_device_commit(void);

/* Asks for interrupts on received frames and on sent ones. True if nothing of what was asked for
 * has come meanwhile: the driver may wait. */
bool net_device_wait(bool received, bool sent);

/* Buffers that the device holds for receiving, and what it got wrong so far (for statistics). */
uint32_t net_device_rx_held(void);
uint64_t net_device_errors(void);

#endif
