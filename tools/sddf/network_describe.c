/* SPDX-License-Identifier: BSD-2-Clause */
/* First pass of the network class: "network" in a system's file. Run by the host tool; trusts
 * nothing in the file. */
#include "tools/sddf/network.h"

#include <string.h>

/* ---- Clients ---- */

static void describe_addresses(const struct yaml_node *map, const struct network_client *client)
{
    static const uint8_t NONE[4] = {0};
    const struct yaml_node *ip = yaml_get(map, "ip");
    const struct yaml_node *gateway = yaml_get(map, "gateway");
    if (gateway != NULL && ip == NULL)
        yaml_error(gateway, RULE_MISSING_KEY,
                   "found a gateway without an address" REMEDY "add \"ip\"");
    if (ip == NULL || gateway == NULL || client->ip.prefix_length == 0 ||
        memcmp(client->gateway, NONE, sizeof(NONE)) == 0)
        return;
    for (unsigned bit = 0; bit < client->ip.prefix_length; bit++) {
        unsigned differs = (unsigned)(client->ip.address[bit / 8] ^ client->gateway[bit / 8]);
        if ((differs >> (7 - bit % 8) & 1) != 0) {
            yaml_error(gateway, RULE_BAD_ADDRESS,
                       "found %s, which is not in the network of %s" ALLOWED "one that is" REMEDY
                       "correct one",
                       gateway->text, ip->text);
            return;
        }
    }
}

static void describe_client_buffers(const struct yaml_node *map, struct network_client *client)
{
    const struct yaml_node *rx = yaml_get(map, "rx_buffers");
    if (rx != NULL && !client->copy)
        yaml_error(rx, RULE_UNKNOWN_KEY,
                   "found rx_buffers of a client with \"copy: false\", which reads the device's "
                   "buffers and has none of its own" REMEDY "remove it or copy");
    if (!client->copy)
        client->rx_buffers = 0;
    if (client->rx_buffers + client->tx_buffers > NET_BUFFERS_MAX)
        yaml_error(map, RULE_TOO_MANY_BUFFERS,
                   "found %u buffers (rx_buffers %u, tx_buffers %u)" ALLOWED "at most %d" REMEDY
                   "lower one",
                   client->rx_buffers + client->tx_buffers, client->rx_buffers, client->tx_buffers,
                   NET_BUFFERS_MAX);
}

/* Unless the file says otherwise, a client may send at once what it earns in 20 ms, and two frames:
 * 2 % of what goes in a second, and enough for a timer that is late by some milliseconds. */
static void describe_rate(const struct yaml_node *map, const struct network *network,
                          struct network_client *client)
{
    uint64_t least = 2ULL * network->buffer_size;
    client->rate = client->rate_bits / 8;
    if (client->rate == 0) {
        if (client->burst != 0 && yaml_get(map, "rate") == NULL)
            yaml_error(yaml_get(map, "burst"), RULE_MISSING_KEY,
                       "found a burst without a rate" REMEDY "add \"rate\"");
        client->burst = 0;
    } else if (client->burst == 0) {
        client->burst = client->rate / 50 > least ? client->rate / 50 : least;
    }
}

static void describe_client(struct model *model, struct network *network,
                            const struct yaml_node *node)
{
    if (network->client_count == NET_CLIENTS_MAX) {
        if (yaml_at(node->parent, NET_CLIENTS_MAX) == node) /* once */
            yaml_error(node, RULE_TOO_MANY_CLIENTS,
                       "found %zu clients" ALLOWED "at most %d of one device" REMEDY
                       "give some to another device",
                       node->parent->count, NET_CLIENTS_MAX);
        return;
    }
    struct network_client *client = &network->clients[network->client_count];
    *client = (struct network_client){
        .node = node,
        .copy = true,
        .broadcast = true,
        .rx_buffers = NETWORK_CLIENT_BUFFERS,
        .tx_buffers = NETWORK_CLIENT_BUFFERS,
        .per_round = NETWORK_PER_ROUND,
    };
    const struct yaml_node *map = yaml_as_map(node);
    fields_read(map, CLIENT_FIELDS, client);
    describe_addresses(map, client);
    if (map != NULL)
        describe_client_buffers(map, client);
    describe_rate(map, network, client);
    client->component = describe_find_client(model, node, node->key);
    if (client->component == NULL)
        return;
    client->component->network_count++;
    network->client_count++;
}

/* ---- Devices ---- */

static void find_device(const struct model *model, struct network *network)
{
    const struct yaml_node *node = yaml_get(network->node, "device");
    const char *wanted = node == NULL ? network->name : network->device_name;
    struct found_device found =
        describe_find_device(model, node == NULL ? network->node : node, wanted, "network");
    network->device = found.device;
    network->driver = found.driver;
}

/* Of a protection domain that is not made. */
static void refuse_sched(const struct yaml_node *node, bool absent, const char *instead)
{
    if (node != NULL && absent)
        yaml_error(node, RULE_UNKNOWN_KEY,
                   "found %s, which this number of virtualisers does not make" REMEDY "use %s",
                   node->key, instead);
}

static void describe_pds(const struct yaml_node *map, struct network *network)
{
    describe_driver_sched(yaml_get(map, "driver"), &network->driver_sched);
    describe_sched(yaml_get(map, "virt_rx"), &network->virt_rx_sched);
    describe_sched(yaml_get(map, "virt_tx"), &network->virt_tx_sched);
    describe_sched(yaml_get(map, "virt"), &network->virt_sched);
    describe_sched(yaml_get(map, "copier"), &network->copier_sched);
    bool one = network->virtualisers == VIRTUALISERS_ONE;
    refuse_sched(yaml_get(map, "virt_rx"), one, "virt");
    refuse_sched(yaml_get(map, "virt_tx"), one, "virt");
    refuse_sched(yaml_get(map, "virt"), !one, "virt_rx and virt_tx");
}

static void describe_buffers(const struct yaml_node *map, struct network *network)
{
    const struct yaml_node *node = yaml_get(map, "buffer_size");
    if ((network->buffer_bytes & (network->buffer_bytes - 1)) != 0)
        yaml_error(node, RULE_POWER_OF_TWO,
                   "found %s" ALLOWED "2KiB, 4KiB, 8KiB or 16KiB" REMEDY "round it up", node->text);
    network->buffer_size = (uint32_t)network->buffer_bytes;
}

static void describe_device(struct model *model, const struct yaml_node *node)
{
    if (model->network_count == MODEL_NETWORKS_MAX) {
        yaml_error(node, RULE_FILE_LIMIT, "found more than %d network devices" REMEDY "remove some",
                   MODEL_NETWORKS_MAX);
        return;
    }
    struct network *network = &model->networks[model->network_count];
    static const struct model_sched USUAL = {.no_fpu = true};
    *network = (struct network){
        .node = node,
        .driver_sched = USUAL,
        .virt_rx_sched = USUAL,
        .virt_tx_sched = USUAL,
        .virt_sched = USUAL,
        .copier_sched = USUAL,
        .rx_buffers = NETWORK_RX_BUFFERS,
        .buffer_bytes = NET_BUFFER_SIZE,
        .timer_channel = NET_NO_TIMER,
    };
    network->driver_sched.priority = NETWORK_DRIVER_PRIORITY;
    network->virt_rx_sched.priority = NETWORK_VIRT_RX_PRIORITY;
    network->virt_tx_sched.priority = NETWORK_VIRT_TX_PRIORITY;
    network->virt_sched.priority = NETWORK_VIRT_TX_PRIORITY;
    network->copier_sched.priority = NETWORK_COPIER_PRIORITY;
    if (!yaml_key_name(node, network->name, sizeof(network->name)))
        return;
    model->network_count++;
    const struct yaml_node *map = yaml_as_map(node);
    fields_read(map, NETWORK_FIELDS, network);
    find_device(model, network);
    describe_pds(map, network);
    describe_buffers(map, network);
    const struct yaml_node *clients = yaml_as_map(yaml_get(map, "clients"));
    if (clients != NULL && clients->count == 0)
        yaml_error(clients, RULE_NO_CLIENT,
                   "found no client" ALLOWED "one at least" REMEDY "add one, or remove the device");
    yaml_for_each(client, clients)
    {
        describe_client(model, network, client);
    }
    if (network->virtualisers == VIRTUALISERS_ONE && clients != NULL &&
        clients->count > NETWORK_ONE_CLIENTS_MAX)
        yaml_error(yaml_at(clients, NETWORK_ONE_CLIENTS_MAX), RULE_TOO_MANY_CLIENTS,
                   "found %zu clients" ALLOWED
                   "at most %d with both virtualisers in one protection domain" REMEDY
                   "use two virtualisers, or give some to another device",
                   clients->count, NETWORK_ONE_CLIENTS_MAX);
}

void network_describe(struct model *model, const struct yaml_node *node)
{
    yaml_for_each(device, yaml_as_map(node))
    {
        describe_device(model, device);
    }
}
