/* SPDX-License-Identifier: BSD-2-Clause */
/* Both virtualisers of one network device in one PD: one address space and one thread less, for a
 * system that is short of them and trusts the two alike. Each part is what it is by itself (rx.c,
 * tx.c); here is only who of them a notification is for. */
#include "virt.h"

static uint64_t rx_channels; /* a bit each; all others are the transmit virtualiser's */

static uint64_t channel_bit(uint32_t channel)
{
    return channel < MICROKIT_MAX_CHANNELS ? 1ULL << channel : 0;
}

void init(void)
{
    const struct net_virt_config *config =
        config_get(CONFIG_NET_VIRT, NET_CONFIG_VERSION, sizeof(*config));
    const struct net_virt_rx_config *rx =
        config_part(&config->rx.header, CONFIG_NET_VIRT_RX, NET_CONFIG_VERSION, sizeof(config->rx));
    const struct net_virt_tx_config *tx =
        config_part(&config->tx.header, CONFIG_NET_VIRT_TX, NET_CONFIG_VERSION, sizeof(config->tx));
    net_virt_rx_start(rx); /* which refuses more clients than there is room for */
    rx_channels = channel_bit(rx->driver.channel);
    for (uint32_t i = 0; i < rx->client_count; i++) {
        rx_channels |= channel_bit(rx->clients[i].connection.channel);
    }
    net_virt_tx_start(tx);
}

void notified(microkit_channel channel)
{
    if ((rx_channels & channel_bit(channel)) != 0) {
        net_virt_rx_serve();
    } else {
        net_virt_tx_serve(channel);
    }
}
