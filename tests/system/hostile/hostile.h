/* SPDX-License-Identifier: BSD-2-Clause */
/* What the hostile clients share. Each takes the place of an echo client, does one kind of harm
 * whenever it is woken (or without end), and must cost the other client nothing. Each counts its
 * attacks, so that a test can tell that they were made. */
#ifndef HOSTILE_H
#define HOSTILE_H

#include <microkit.h>
#include <sddf/net.h>
#include <sddf/stats.h>

enum { HOSTILE_ATTACKS };

static const struct net_client_config *config;
static struct connection rx, tx;
static struct stats_page *stats;

static inline void hostile_notify(void)
{
    microkit_notify(config->rx.channel);
    microkit_notify(config->tx.channel);
}

static inline void hostile_attacked(uint64_t count)
{
    stats_add(stats, HOSTILE_ATTACKS, count);
}

static inline void hostile_open(void)
{
    static const char *const names[] = {"attacks"};
    config = config_get(CONFIG_NET_CLIENT, NET_CONFIG_VERSION, sizeof(*config));
    stats = (struct stats_page *)(uintptr_t)config->header.stats;
    stats_open(stats, config->header.instance, names, 1);
    if (!config_connect(&rx, &config->rx) || !config_connect(&tx, &config->tx)) {
        config_refuse("a queue's capacity is not a power of two up to 65536");
    }
    hostile_notify();
}

static inline bool hostile_ready(struct connection *c)
{
    if (connection_poll(c) == CONNECTION_RESTARTED) {
        (void)connection_adopt(c);
        hostile_notify();
    }
    return connection_poll(c) == CONNECTION_READY;
}

/* Writes a frame that the transmit virtualiser lets pass: our own source address, to nobody. */
static inline void hostile_frame(uint64_t offset)
{
    uint8_t *frame = (uint8_t *)(uintptr_t)(config->tx_data.address + offset);
    for (uint32_t i = 0; i < 6; i++) {
        frame[i] = i == 0 ? 0x52 : 0xee;
        frame[6 + i] = config->mac[i];
    }
    frame[12] = 0x88; /* IEEE 802: local experimental Ethertype 1 */
    frame[13] = 0xb5;
}

#endif
