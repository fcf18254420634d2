/* SPDX-License-Identifier: BSD-2-Clause */
/* The virtualisers of the network class as parts of a PD: rx_alone.c and tx_alone.c make a PD of
 * each, both.c one of both. A part owns its connections, its tables and its statistics page, and
 * knows nothing of the other. */
#ifndef VIRT_NET_VIRT_H
#define VIRT_NET_VIRT_H

#include <microkit.h>
#include <sddf/net.h>

/* Opens the connections and begins. `given` has passed config_get() or config_part(), and is of
 * this part's kind. What is wrong in it is said, and the PD stops. */
void net_virt_rx_start(const struct net_virt_rx_config *given);
void net_virt_tx_start(const struct net_virt_tx_config *given);

/* A peer of the part's, or its timer, has notified: one activation, signals included. Which peer it
 * was the receive virtualiser need not know. */
void net_virt_rx_serve(void);
void net_virt_tx_serve(microkit_channel channel);

#endif
