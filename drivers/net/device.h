/* SPDX-License-Identifier: BSD-2-Clause */
/* What the network driver shell (shell.c) asks of a device's own file. One device per image, so
 * these are plain functions; link-time optimisation makes one loop of the shell's and theirs. A
 * buffer is a struct net_desc whose address is an I/O address; the device's file checks whatever
 * its device says and never sees data.
 *
 *     room     how many buffers the device can be given now
 *     provide  gives it `count` of a queue, no more than it has room for and the queue has
 *     done     how many it has finished with and can give back now
 *     return   takes the next `count` of those back, into a queue that has space for them; one of
 *              which the device said something wrong is counted, and there is no buffer
 *
 * The queues are the shell's to publish and to release. */
#ifndef NET_DEVICE_H
#define NET_DEVICE_H

#include <sddf/net.h>
#include <stdbool.h>
#include <stdint.h>

/* Brings the device up with its interrupts off. NULL, or why it cannot be: one clear sentence. */
const char *net_device_start(const struct net_driver_config *config);

/* Takes back the cause of the interrupt from the device, before its rings are looked at. */
void net_device_irq_clear(void);

/* What moved. */
struct net_traffic {
    uint64_t frames, bytes;
};

uint32_t net_device_rx_room(void);
void net_device_rx_provide(struct connection *from, uint32_t count);
uint32_t net_device_rx_done(void);
struct net_traffic net_device_rx_return(struct connection *to, uint32_t count);

uint32_t net_device_tx_room(void);
struct net_traffic net_device_tx_provide(struct connection *from, uint32_t count);
uint32_t net_device_tx_done(void);
void net_device_tx_return(struct connection *to, uint32_t count);

/* Shows the device what was provided since the last call; one doorbell at most. */
void net_device_rx_commit(void);
void net_device_tx_commit(void);

/* Ask for interrupts on received frames, on sent ones, or for none. True if nothing of what was
 * asked for has come meanwhile: the driver may wait. */
bool net_device_rx_wait(bool wanted);
bool net_device_tx_wait(bool wanted);

/* Buffers that the device holds for receiving, and what it got wrong so far (for statistics). */
uint32_t net_device_rx_held(void);
uint64_t net_device_errors(void);

#endif
