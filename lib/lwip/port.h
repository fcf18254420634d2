/* SPDX-License-Identifier: BSD-2-Clause */
/* lwIP as a client of the network class, over the client library: one interface, raw API. Built
 * only where the sources of lwIP are given (meson option `lwip`); none of them is ours.
 *
 *     lwip_port_open(config)      once, then the client's udp_new(), tcp_new() ...
 *     notified(): lwip_port_serve()
 *                 lwip_port_tick() if it was the timer, every LWIP_PORT_TICK_MS
 *                 lwip_port_end() last
 *
 * Receive: with a copier, a pbuf is put over the buffer where the frame lies, and nothing is
 * copied. The client holds that buffer until lwIP has freed the pbuf, and meanwhile only the copier
 * could write it: lwIP, which reads a header more than once, relies on it. Without a copier the
 * frame lies where the device writes and the client may only read, and lwIP writes into headers
 * that it received (TCP's): so the frame is copied into a buffer of the client's own first.
 *
 * Transmit: an answer whose payload lies where it was received, behind room for exactly the headers
 * that lwIP made for it, is sent from there: only the headers are copied. All else is copied into a
 * buffer. */
#pragma once

#include <net/client.h>
#include <sddf/net.h>
#include <sddf/stats.h>

enum { LWIP_PORT_TICK_MS = 250 }; /* lwIP's TCP_TMR_INTERVAL */

/* Counters of a client's statistics page, from lwip_port_names. */
enum lwip_port_counter {
    LWIP_RECEIVED,
    LWIP_SENT,
    LWIP_SENT_IN_PLACE,
    LWIP_DROP_NO_BUFFER,
    LWIP_DROP_TOO_LONG,
    LWIP_DROP_TX_DOWN,
    LWIP_DROP_ARP, /* these by lwIP */
    LWIP_DROP_IP,
    LWIP_DROP_ICMP,
    LWIP_DROP_UDP,
    LWIP_DROP_TCP,
    LWIP_BAD_RETURNS,
    LWIP_ACTIVATIONS,
    LWIP_SIGNALS,
    LWIP_PORT_COUNTERS
};
extern const char *const lwip_port_names[LWIP_PORT_COUNTERS];

/* Brings the interface up with the configuration's addresses; the page's first counters are the
 * port's. NULL, or what is wrong with the configuration. */
const char *lwip_port_open(const struct net_client_config *config, struct stats_page *stats);

/* Hands over what was received and publishes what was sent, until there is nothing to do. */
void lwip_port_serve(void);

/* Time goes on: lwIP's timers of TCP and ARP. Before lwip_port_serve(). */
void lwip_port_tick(void);

/* The last thing that an entry point does. */
void lwip_port_end(void);
