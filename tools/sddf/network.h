/* SPDX-License-Identifier: BSD-2-Clause */
/* The network class in the host tool: what "network" in a system's file says, and which protection
 * domains, regions and connections (sddf/net.h) follow from it. */
#ifndef SDDF_NETWORK_H
#define SDDF_NETWORK_H

#include "tools/sddf/model.h"

#include <sddf/net.h>

enum {
    NETWORK_RX_BUFFERS = 512,      /* of a device, unless the file says otherwise */
    NETWORK_CLIENT_BUFFERS = 256,  /* of a client, for each direction that it has its own for */
    NETWORK_PER_ROUND = 64,        /* frames */
    NETWORK_DEVICE_HOLDS = 64,     /* receive buffers that no client can keep from the device */
    NETWORK_HELD_MIN = 16,         /* receive buffers that each client can hold at least */
    NETWORK_DRIVER_PRIORITY = 110, /* none below its client */
    NETWORK_VIRT_TX_PRIORITY = 105,
    NETWORK_VIRT_RX_PRIORITY = 104,
    NETWORK_COPIER_PRIORITY = 100,
    NETWORK_ONE_CLIENTS_MAX = 29, /* of one protection domain for both virtualisers: two channels
                                   * each, beside the driver's two and the timer's */
};

enum network_virtualisers { VIRTUALISERS_TWO, VIRTUALISERS_ONE }; /* protection domains */

struct network_client {
    struct model_component *component;
    const struct yaml_node *node;
    uint8_t mac[6];
    struct field_network ip;
    uint8_t gateway[4];
    bool broadcast, multicast, promiscuous;
    bool copy; /* else it reads the device's receive buffers */
    uint32_t rx_buffers, tx_buffers, per_round;
    uint32_t rx_queue, tx_queue; /* entries; 0: what holds all buffers */
    uint64_t rate_bits;          /* per second, as the file has it */
    uint64_t rate, burst;        /* bytes per second, bytes; 0: no limit */

    struct model_pd *pd, *copier; /* copier NULL: none */
    const struct model_region *data;
    const struct model_connection *rx;     /* virtualiser and copier or client */
    const struct model_connection *copies; /* copier and client, or NULL */
    const struct model_connection *tx;     /* virtualiser and client */
    uint32_t held_max;
};

struct network {
    char name[MODEL_WORD_MAX];
    char device_name[FIELD_SYMBOL_MAX];
    const struct yaml_node *node;
    const struct board_device *device;
    const struct driver *driver;
    struct model_sched driver_sched, virt_rx_sched, virt_tx_sched, virt_sched, copier_sched;
    uint32_t virtualisers; /* enum network_virtualisers */
    uint32_t rx_buffers, buffer_size;
    uint64_t buffer_bytes;  /* buffer_size, as the file has it */
    uint32_t timer_channel; /* of the transmit virtualiser; NET_NO_TIMER */
    struct network_client clients[NET_CLIENTS_MAX];
    size_t client_count;

    struct model_pd *driver_pd, *virt_rx_pd, *virt_tx_pd; /* the same one if there is one */
    const struct model_region *registers, *rings, *rx_data;
    const struct model_region *virt_tx_stats; /* if there is one */
    const struct model_connection *rx, *tx;   /* driver and virtualiser */
};

void network_describe(struct model *model, const struct yaml_node *node);
void network_check(const struct network *network);
void network_check_others(const struct model *model, const struct network *network);
/* Protection domains of a network that are not its clients'. */
size_t network_pd_count(const struct network *network);
void network_plan(struct model *model, struct network *network);
void network_fill(struct network *network);

/* What the names of a client's regions, and that of its copier, begin with. */
static inline const char *network_client_name(char name[SYSTEM_NAME_MAX],
                                              const struct network *network,
                                              const struct network_client *client)
{
    return model_client_name(name, client->component, client->component->network_count,
                             network->name);
}

/* Receive buffers of the device that a client may hold at once. */
static inline uint32_t network_held_max(const struct network *network)
{
    uint32_t clients = network->client_count == 0 ? 1 : (uint32_t)network->client_count;
    return network->rx_buffers < NETWORK_DEVICE_HOLDS
               ? 0
               : (network->rx_buffers - NETWORK_DEVICE_HOLDS) / clients;
}

/* Bytes of a client's data that hold buffers, at the start of the region. */
static inline uint64_t network_client_bytes(const struct network *network,
                                            const struct network_client *client)
{
    return (uint64_t)(client->rx_buffers + client->tx_buffers) * network->buffer_size;
}

#endif
