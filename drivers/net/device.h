/* SPDX-License-Identifier: BSD-2-Clause */
/* What the network driver shell (shell.c) asks of a device's own file. One device per image, so
 * these are plain functions; link-time optimisation makes one loop of the shell's and theirs. A
 * buffer is a struct net_desc whose address is an I/O address; the device's file checks whatever
 * its device says and never sees data.
 *
 *     room     how many buffers the device can be given now
 *     provide  gives it one
 *     done     how many it has finished with and can give back now
 *     return   takes the next of those back; false if the device said something wrong of it: that
 *              is counted, and there is no buffer */
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
void net_device_rx_provide(struct net_desc buffer);
uint32_t net_device_rx_done(void);
bool net_device_rx_return(struct net_desc *frame);

uint32_t net_device_tx_room(void);
void net_device_tx_provide(struct net_desc frame);
uint32_t net_device_tx_done(void);
bool net_device_tx_return(struct net_desc *buffer);

/* Shows the device what was provided since the last call; one doorbell at most per direction. */
void net_device_commit(void);

/* Ask for interrupts on received frames, on sent ones, or for none. True if nothing of what was
 * asked for has come meanwhile: the driver may wait. */
bool net_device_rx_wait(bool wanted);
bool net_device_tx_wait(bool wanted);

/* Buffers that the device holds for receiving, and what it got wrong so far (for statistics). */
uint32_t net_device_rx_held(void);
uint64_t net_device_errors(void);

#endif
