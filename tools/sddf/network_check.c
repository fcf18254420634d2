/* SPDX-License-Identifier: BSD-2-Clause */
/* What must hold of a network's clients beside one another. Run by the host tool. */
#include "tools/sddf/network.h"

#include <string.h>

/* Found twice, an address would get its frames, or answer, twice. */
static void check_addresses(const struct network_client *client, const struct network_client *other)
{
    if (memcmp(client->mac, other->mac, sizeof(client->mac)) == 0)
        yaml_error(yaml_get(client->node, "mac"), RULE_DUPLICATE_ADDRESS,
                   "found the MAC address of %s (line %u) a second time" REMEDY "change one",
                   other->node->key, other->node->key_line);
    if (client->ip.prefix_length != 0 && other->ip.prefix_length != 0 &&
        memcmp(client->ip.address, other->ip.address, sizeof(client->ip.address)) == 0)
        yaml_error(yaml_get(client->node, "ip"), RULE_DUPLICATE_ADDRESS,
                   "found the address of %s (line %u) a second time" REMEDY "change one",
                   other->node->key, other->node->key_line);
}

static void check_device(const struct network *network, const struct network *other)
{
    if (network->device == other->device)
        yaml_error(network->node, RULE_DUPLICATE_NAME,
                   "found device %s, which %s (line %u) drives already" ALLOWED
                   "one entry per device" REMEDY "name its clients there",
                   network->device->name, other->name, other->node->key_line);
}

/* With the device's name in it, a copier's name can be too long for a blob. */
static void check_copier_name(const struct network *network, const struct network_client *client)
{
    char own[SYSTEM_NAME_MAX], name[SYSTEM_NAME_MAX];
    model_name(name, "%s_copier", network_client_name(own, network, client));
    if (client->copy && strlen(name) >= MODEL_NAME_MAX)
        yaml_error(client->node, RULE_BAD_NAME,
                   "makes a protection domain \"%s\" of %zu characters" ALLOWED "at most %d" REMEDY
                   "shorten the component's or the device's name",
                   name, strlen(name), MODEL_NAME_MAX - 1);
}

/* A queue that the file sizes must hold whatever may be in it: nobody looks for space. */
static void check_queue(const struct network_client *client, const char *key, uint32_t entries,
                        uint32_t buffers)
{
    const struct yaml_node *node = yaml_get(client->node, key);
    if (entries == 0)
        return;
    if ((entries & (entries - 1)) != 0)
        yaml_error(node, RULE_POWER_OF_TWO,
                   "found %u" ALLOWED "a power of two" REMEDY "round it to one", entries);
    else if (entries < buffers)
        yaml_error(node, RULE_QUEUE_TOO_SMALL,
                   "found a queue of %u entries for %u buffers" ALLOWED
                   "room for all of them" REMEDY "raise it, lower the buffers, or remove it",
                   entries, buffers);
}

void network_check_others(const struct model *model, const struct network *network)
{
    for (const struct network *other = model->networks; other < network; other++)
        check_device(network, other);
}

void network_check(const struct network *network)
{
    uint64_t sent = 0;
    uint32_t held = network_held_max(network);
    for (size_t i = 0; i < network->client_count; i++) {
        const struct network_client *client = &network->clients[i];
        uint32_t buffers = client->rx_buffers + client->tx_buffers;
        for (size_t other = 0; other < i; other++)
            check_addresses(client, &network->clients[other]);
        check_copier_name(network, client);
        check_queue(client, "tx_queue", client->tx_queue, buffers);
        check_queue(client, "rx_queue", client->rx_queue, client->copy ? buffers : held);
        sent += buffers;
    }
    size_t needed = NETWORK_DEVICE_HOLDS + NETWORK_HELD_MIN * network->client_count;
    if (network->rx_buffers < needed)
        yaml_error(network->node, RULE_TOO_FEW_BUFFERS,
                   "found %u receive buffers for %zu clients" ALLOWED
                   "%zu at least (%d for the device, %d for each client)" REMEDY "raise rx_buffers",
                   network->rx_buffers, network->client_count, needed, NETWORK_DEVICE_HOLDS,
                   NETWORK_HELD_MIN);
    if (sent > QUEUE_CAPACITY_MAX)
        yaml_error(network->node, RULE_TOO_MANY_BUFFERS,
                   "found %llu buffers of all clients" ALLOWED
                   "at most %d, what the transmit queue can hold" REMEDY
                   "lower their rx_buffers or tx_buffers",
                   (unsigned long long)sent, QUEUE_CAPACITY_MAX);
}
