/* SPDX-License-Identifier: BSD-2-Clause */
/* What the echo client tells people: its addresses at start; its statistics when a line is typed to
 * it; with a timer, once a second, how many datagrams it echoed. Where it tells them follows from
 * the description (serial/log.h). None of it is on the path of a packet. */
#ifndef ECHO_REPORT_H
#define ECHO_REPORT_H

#include <sddf/net.h>
#include <sddf/stats.h>
#include <stdint.h>

/* Says where this client is. `echoed` is its counter of datagrams echoed. */
void report_open(const struct net_client_config *config, const struct stats_page *stats,
                 uint32_t echoed);

/* Says what there is to say. Called whenever an activation finds no packet, whoever notified: an
 * activation that is for a console or a timer and finds some has taken those of a notification that
 * is still to come, and that one's finds none, or does the same. */
void report(void);

#endif
