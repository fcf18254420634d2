/* SPDX-License-Identifier: BSD-2-Clause */
/* First pass of the network class: "network" in a system's file. Run by the host tool; trusts
 * nothing in the file. */
#include "tools/sddf/network.h"

#include <stdio.h>
#include <string.h>

enum { LIST_MAX = 512, BUFFER_SIZE_MAX = 16384, RATE_MIN_BITS = 8000 };

static void read_u32(const struct yaml_node *node, uint32_t min, uint32_t max, uint32_t *value)
{
    uint64_t number = 0;
    if (yaml_as_integer(node, min, max, &number))
        *value = (uint32_t)number;
}

/* ---- Clients ---- */

static void describe_flag(const struct yaml_node *node, uint16_t flag, uint16_t *flags)
{
    bool wanted = false;
    if (yaml_as_bool(node, &wanted))
        *flags = (uint16_t)(wanted ? *flags | flag : *flags & ~flag);
}

static void describe_addresses(const struct yaml_node *map, struct network_client *client)
{
    network_as_mac(yaml_need(map, "mac"), client->mac);
    const struct yaml_node *ip = yaml_get(map, "ip");
    bool good = network_as_ip(ip, client->ip, &client->prefix_length);
    const struct yaml_node *gateway = yaml_get(map, "gateway");
    good = network_as_ip(gateway, client->gateway, NULL) && good;
    if (gateway != NULL && ip == NULL)
        yaml_error(gateway, "found a gateway without an address; add \"ip\"");
    if (gateway == NULL || ip == NULL || !good)
        return;
    for (unsigned bit = 0; bit < client->prefix_length; bit++) {
        unsigned differs = (unsigned)(client->ip[bit / 8] ^ client->gateway[bit / 8]);
        if ((differs >> (7 - bit % 8) & 1) != 0) {
            yaml_error(gateway, "found %s, which is not in the network of %s; expected one that is",
                       gateway->text, ip->text);
            return;
        }
    }
}

static void describe_client_buffers(const struct yaml_node *map, struct network_client *client)
{
    const struct yaml_node *rx = yaml_get(map, "rx_buffers");
    client->rx_buffers = client->copy ? NETWORK_CLIENT_BUFFERS : 0;
    if (rx != NULL && !client->copy)
        yaml_error(rx, "a client with \"copy: false\" reads the device's buffers and has none of "
                       "its own; remove it or copy");
    else
        read_u32(rx, 1, NET_BUFFERS_MAX - 1, &client->rx_buffers);
    client->tx_buffers = NETWORK_CLIENT_BUFFERS;
    read_u32(yaml_get(map, "tx_buffers"), 1, NET_BUFFERS_MAX, &client->tx_buffers);
    if (client->rx_buffers + client->tx_buffers > NET_BUFFERS_MAX)
        yaml_error(map, "found %u buffers (rx_buffers %u, tx_buffers %u), expected at most %d",
                   client->rx_buffers + client->tx_buffers, client->rx_buffers, client->tx_buffers,
                   NET_BUFFERS_MAX);
    client->per_round = NETWORK_PER_ROUND;
    read_u32(yaml_get(map, "per_round"), 1, NET_BUFFERS_MAX, &client->per_round);
}

/* Unless the file says otherwise, a client may send at once what it earns in 20 ms, and two frames:
 * 2 % of what goes in a second, and enough for a timer that is late by some milliseconds. */
static void describe_rate(const struct yaml_node *map, const struct network *network,
                          struct network_client *client)
{
    const struct yaml_node *rate = yaml_get(map, "rate");
    const struct yaml_node *burst = yaml_get(map, "burst");
    uint64_t bits = 0;
    if (yaml_as_rate(rate, RATE_MIN_BITS, NET_RATE_MAX * 8, &bits))
        client->rate = bits / 8;
    uint64_t least = 2ULL * network->buffer_size;
    client->burst = client->rate / 50 > least ? client->rate / 50 : least;
    yaml_as_size(burst, 1, NET_BURST_BYTES_MAX, &client->burst);
    if (burst != NULL && rate == NULL)
        yaml_error(burst, "found a burst without a rate; add \"rate\"");
    if (rate == NULL)
        client->burst = 0;
}

/* A component has one blob and so is one client. */
static bool find_component(struct model *model, struct network_client *client)
{
    const struct yaml_node *node = client->node;
    struct model_component *component = model_component(model, node->key);
    if (component == NULL) {
        yaml_error(node, "there is no component \"%.60s\"; add it under \"components\"", node->key);
        return false;
    }
    if (component->client != NULL) {
        yaml_error(node,
                   "component \"%s\" is a client in line %u already, expected one at most; make "
                   "it two components",
                   component->name, component->client->key_line);
        return false;
    }
    component->client = node;
    client->component = component;
    return true;
}

static void describe_client(struct model *model, struct network *network,
                            const struct yaml_node *node)
{
    if (network->client_count == NET_CLIENTS_MAX) {
        if (node->parent->count != NET_CLIENTS_MAX) /* once */
            yaml_error(node, "found a client too many, expected at most %d of one device",
                       NET_CLIENTS_MAX);
        return;
    }
    struct network_client *client = &network->clients[network->client_count];
    *client = (struct network_client){.node = node, .copy = true, .flags = NET_CLIENT_BROADCAST};
    const struct yaml_node *map = yaml_as_map(node);
    yaml_check_keys(map, "mac", "ip", "gateway", "copy", "broadcast", "multicast", "promiscuous",
                    "rx_buffers", "tx_buffers", "per_round", "rate", "burst", NULL);
    describe_addresses(map, client);
    yaml_as_bool(yaml_get(map, "copy"), &client->copy);
    describe_flag(yaml_get(map, "broadcast"), NET_CLIENT_BROADCAST, &client->flags);
    describe_flag(yaml_get(map, "multicast"), NET_CLIENT_MULTICAST, &client->flags);
    describe_flag(yaml_get(map, "promiscuous"), NET_CLIENT_PROMISCUOUS, &client->flags);
    if (map != NULL)
        describe_client_buffers(map, client);
    describe_rate(map, network, client);
    if (find_component(model, client))
        network->client_count++;
}

/* ---- Devices ---- */

static void find_device(const struct model *model, struct network *network)
{
    const struct board *board = model->board;
    char names[LIST_MAX] = "";
    size_t used = 0;
    for (size_t i = 0; i < board->device_count && network->device == NULL; i++) {
        const struct board_device *device = &board->devices[i];
        if (strcmp(device->class_name, "network") == 0 && used < sizeof(names))
            used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s",
                                     used == 0 ? "" : ", ", device->name);
        if (strcmp(device->name, network->name) == 0)
            network->device = device;
    }
    const struct board_device *device = network->device;
    if (device == NULL) {
        yaml_error(network->node, "board %s (%s) has no such device, expected one of: %s",
                   board->name, board->file, used == 0 ? "none; choose another board" : names);
        return;
    }
    if (strcmp(device->class_name, "network") != 0) {
        yaml_error(network->node, "is a %s device on board %s (%s:%u), expected a network device",
                   device->class_name, board->name, board->file, device->line);
        return;
    }
    network->driver = driver_find(model->drivers, "network", device->compatible);
    if (network->driver == NULL)
        yaml_error(network->node,
                   "found no network driver for \"%s\" (%s:%u); add it to a driver's driver.yaml",
                   device->compatible, board->file, device->line);
}

static void describe_pd(const struct yaml_node *map, const char *key, unsigned priority,
                        struct model_sched *sched)
{
    *sched = (struct model_sched){.priority = priority, .no_fpu = true};
    const struct yaml_node *node = yaml_as_map(yaml_get(map, key));
    yaml_check_keys(node, "priority", "budget", "period", "cpu", "stack_size", NULL);
    describe_sched(node, sched);
}

static void describe_buffers(const struct yaml_node *map, struct network *network)
{
    network->rx_buffers = NETWORK_RX_BUFFERS;
    read_u32(yaml_get(map, "rx_buffers"), NETWORK_DEVICE_HOLDS + NETWORK_HELD_MIN, NET_BUFFERS_MAX,
             &network->rx_buffers);
    uint64_t size = NET_BUFFER_SIZE;
    const struct yaml_node *node = yaml_get(map, "buffer_size");
    if (yaml_as_size(node, NET_BUFFER_SIZE, BUFFER_SIZE_MAX, &size) && (size & (size - 1)) != 0)
        yaml_error(node, "found %s, expected 2KiB, 4KiB, 8KiB or 16KiB", node->text);
    network->buffer_size = (uint32_t)size;
}

static void describe_device(struct model *model, const struct yaml_node *node)
{
    if (model->network_count == MODEL_NETWORKS_MAX) {
        yaml_error(node, "found more than %d network devices, expected at most so many",
                   MODEL_NETWORKS_MAX);
        return;
    }
    struct network *network = &model->networks[model->network_count];
    network->node = node;
    network->timer_channel = NET_NO_TIMER;
    if (!yaml_key_name(node, network->name, sizeof(network->name)))
        return;
    model->network_count++;
    find_device(model, network);
    const struct yaml_node *map = yaml_as_map(node);
    yaml_check_keys(map, "driver", "virt_rx", "virt_tx", "copier", "rx_buffers", "buffer_size",
                    "clients", NULL);
    describe_pd(map, "driver", NETWORK_DRIVER_PRIORITY, &network->driver_sched);
    describe_pd(map, "virt_rx", NETWORK_VIRT_RX_PRIORITY, &network->virt_rx_sched);
    describe_pd(map, "virt_tx", NETWORK_VIRT_TX_PRIORITY, &network->virt_tx_sched);
    describe_pd(map, "copier", NETWORK_COPIER_PRIORITY, &network->copier_sched);
    describe_buffers(map, network);
    const struct yaml_node *clients = yaml_as_map(yaml_need(map, "clients"));
    if (clients != NULL && clients->count == 0)
        yaml_error(clients, "found no client, expected one at least");
    yaml_for_each(client, clients)
    {
        describe_client(model, network, client);
    }
}

void network_describe(struct model *model, const struct yaml_node *node)
{
    yaml_for_each(device, yaml_as_map(node))
    {
        describe_device(model, device);
    }
}

/* ---- Clients beside one another ---- */

/* Found twice, an address would get its frames, or answer, twice. */
static void check_addresses(const struct network_client *client, const struct network_client *other)
{
    static const uint8_t NONE[4] = {0};
    if (memcmp(client->mac, other->mac, sizeof(client->mac)) == 0)
        yaml_error(yaml_get(client->node, "mac"),
                   "is the MAC address of %s (line %u) too; change one", other->node->key,
                   other->node->key_line);
    if (memcmp(client->ip, NONE, sizeof(NONE)) != 0 &&
        memcmp(client->ip, other->ip, sizeof(client->ip)) == 0)
        yaml_error(yaml_get(client->node, "ip"), "is the address of %s (line %u) too; change one",
                   other->node->key, other->node->key_line);
}

void network_check(const struct network *network)
{
    uint64_t sent = 0;
    for (size_t i = 0; i < network->client_count; i++) {
        const struct network_client *client = &network->clients[i];
        for (size_t other = 0; other < i; other++)
            check_addresses(client, &network->clients[other]);
        sent += client->rx_buffers + client->tx_buffers;
    }
    size_t needed = NETWORK_DEVICE_HOLDS + NETWORK_HELD_MIN * network->client_count;
    if (network->rx_buffers < needed)
        yaml_error(network->node,
                   "found %u receive buffers for %zu clients, expected %zu at least (%d for the "
                   "device, %d for each client); raise rx_buffers",
                   network->rx_buffers, network->client_count, needed, NETWORK_DEVICE_HOLDS,
                   NETWORK_HELD_MIN);
    if (sent > QUEUE_CAPACITY_MAX)
        yaml_error(network->node,
                   "found %llu buffers of all clients, expected at most %d, what the transmit "
                   "queue can hold; lower their rx_buffers or tx_buffers",
                   (unsigned long long)sent, QUEUE_CAPACITY_MAX);
}
