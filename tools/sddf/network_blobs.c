/* SPDX-License-Identifier: BSD-2-Clause */
/* Last pass of the network class: the blobs that its components read at start (sddf/net.h). I/O
 * addresses go to driver and virtualisers only; nobody gets the address of what it does not map.
 * Run by the host tool. */
#include "tools/sddf/network.h"

#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "blobs are written as they lie here");

/* The buffers of a region, without what rounding to pages added. */
static struct config_region buffers(const struct model_region *region, uint64_t size, bool io)
{
    struct config_region config = model_config_region(region);
    config.size = size;
    config.io_address = io ? config.io_address : 0;
    return config;
}

static struct config_region rx_buffers(const struct network *network, bool io)
{
    return buffers(network->rx_data, (uint64_t)network->rx_buffers * network->buffer_size, io);
}

static struct config_region client_buffers(const struct network *network,
                                           const struct network_client *client, bool io)
{
    return buffers(client->data, network_client_bytes(network, client), io);
}

static void fill_driver(const struct network *network)
{
    struct net_driver_config *config = model_blob(
        network->driver_pd, network->name, CONFIG_NET_DRIVER, NET_CONFIG_VERSION, sizeof(*config));
    config->registers = model_config_registers(network->registers, network->device);
    config->rings = model_config_region(network->rings);
    config->rx = model_config_connection(network->rx, 0);
    config->tx = model_config_connection(network->tx, 0);
    config->irq_channel = network->driver_pd->irq.id;
}

static void fill_virt_rx(const struct network *network, struct net_virt_rx_config *config)
{
    config->driver = model_config_connection(network->rx, 1);
    config->data = rx_buffers(network, true);
    config->buffer_size = network->buffer_size;
    config->buffer_count = network->rx_buffers;
    config->client_count = (uint32_t)network->client_count;
    config->dma_coherent = network->device->coherent;
    for (size_t i = 0; i < network->client_count; i++) {
        const struct network_client *client = &network->clients[i];
        struct net_virt_rx_client *entry = &config->clients[i];
        entry->connection = model_config_connection(client->rx, 0);
        memcpy(entry->mac, client->mac, sizeof(entry->mac));
        entry->flags = (uint16_t)((client->broadcast ? NET_CLIENT_BROADCAST : 0) |
                                  (client->multicast ? NET_CLIENT_MULTICAST : 0) |
                                  (client->promiscuous ? NET_CLIENT_PROMISCUOUS : 0));
        entry->held_max = client->held_max;
    }
}

static void fill_virt_tx(const struct network *network, struct net_virt_tx_config *config)
{
    config->driver = model_config_connection(network->tx, 1);
    config->buffer_size = network->buffer_size;
    config->client_count = (uint32_t)network->client_count;
    config->dma_coherent = network->device->coherent;
    config->timer_channel = network->timer_channel;
    for (size_t i = 0; i < network->client_count; i++) {
        const struct network_client *client = &network->clients[i];
        struct net_virt_tx_client *entry = &config->clients[i];
        entry->connection = model_config_connection(client->tx, 0);
        entry->data = client_buffers(network, client, true);
        memcpy(entry->mac, client->mac, sizeof(entry->mac));
        entry->per_round = client->per_round;
        entry->rate = client->rate;
        entry->burst = client->burst;
    }
}

static void fill_virt_alone(const struct network *network)
{
    fill_virt_rx(network, model_blob(network->virt_rx_pd, network->name, CONFIG_NET_VIRT_RX,
                                     NET_CONFIG_VERSION, sizeof(struct net_virt_rx_config)));
    fill_virt_tx(network, model_blob(network->virt_tx_pd, network->name, CONFIG_NET_VIRT_TX,
                                     NET_CONFIG_VERSION, sizeof(struct net_virt_tx_config)));
}

/* Its parts are called as they would be by themselves. */
static void fill_virt_both(const struct network *network)
{
    struct net_virt_config *config = model_blob(network->virt_rx_pd, network->name, CONFIG_NET_VIRT,
                                                NET_CONFIG_VERSION, sizeof(*config));
    char name[SYSTEM_NAME_MAX];
    config->rx.header = model_header(model_name(name, "%s_virt_rx", network->name), network->name,
                                     CONFIG_NET_VIRT_RX, NET_CONFIG_VERSION, sizeof(config->rx),
                                     network->virt_rx_pd->stats);
    config->tx.header = model_header(model_name(name, "%s_virt_tx", network->name), network->name,
                                     CONFIG_NET_VIRT_TX, NET_CONFIG_VERSION, sizeof(config->tx),
                                     network->virt_tx_stats);
    fill_virt_rx(network, &config->rx);
    fill_virt_tx(network, &config->tx);
}

static void fill_copier(const struct network *network, const struct network_client *client)
{
    struct net_copier_config *config = model_blob(client->copier, network->name, CONFIG_NET_COPIER,
                                                  NET_CONFIG_VERSION, sizeof(*config));
    config->virt = model_config_connection(client->rx, 1);
    config->client = model_config_connection(client->copies, 0);
    config->virt_data = rx_buffers(network, false);
    config->client_data = client_buffers(network, client, false);
    config->buffer_size = network->buffer_size;
}

static void fill_client(const struct network *network, const struct network_client *client)
{
    struct net_client_config *config = model_blob(client->pd, network->name, CONFIG_NET_CLIENT,
                                                  NET_CONFIG_VERSION, sizeof(*config));
    config->rx = model_config_connection(client->copy ? client->copies : client->rx, 1);
    config->tx = model_config_connection(client->tx, 1);
    config->tx_data = client_buffers(network, client, false);
    config->rx_data = client->copy ? config->tx_data : rx_buffers(network, false);
    config->buffer_size = network->buffer_size;
    config->rx_buffers = client->rx_buffers;
    memcpy(config->mac, client->mac, sizeof(config->mac));
    memcpy(config->ip, client->ip.address, sizeof(config->ip));
    memcpy(config->gateway, client->gateway, sizeof(config->gateway));
    config->prefix_length = client->ip.prefix_length;
}

void network_fill(struct network *network)
{
    fill_driver(network);
    if (network->virtualisers == VIRTUALISERS_ONE)
        fill_virt_both(network);
    else
        fill_virt_alone(network);
    for (size_t i = 0; i < network->client_count; i++) {
        const struct network_client *client = &network->clients[i];
        if (client->copy)
            fill_copier(network, client);
        fill_client(network, client);
    }
}
