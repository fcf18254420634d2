/* SPDX-License-Identifier: BSD-2-Clause */
/* Second pass of the network class: from what the file says to protection domains, regions and
 * connections. Who maps what is decided here and nowhere else:
 *
 *                  registers  rings  rx_data  client's data
 *     driver          rw       rw
 *     virt_rx                           r
 *     virt_tx                                      r
 *     copier                            r         rw
 *     client                       r without       rw
 *                                  copier
 *
 * One protection domain for both virtualisers maps what the two do.
 *
 * Run by the host tool. */
#include "tools/sddf/network.h"

static uint32_t power_of_two(uint64_t least)
{
    uint32_t power = 1;
    while (power < least && power < QUEUE_CAPACITY_MAX)
        power *= 2;
    return power;
}

/* Every queue can hold all buffers that may ever be in it, so none can overflow; `entries` is what
 * the file asks for, 0 if nothing. */
static const struct model_connection *connect(struct model *model, const struct yaml_node *node,
                                              const char *name, struct model_pd *device_side,
                                              const char *device_name, struct model_pd *client_side,
                                              const char *client_name, uint64_t buffers,
                                              uint32_t entries)
{
    struct model_pd *const pd[2] = {device_side, client_side};
    const char *const side[2] = {device_name, client_name};
    return model_connect(model, node, name, pd, side,
                         entries != 0 ? entries : power_of_two(buffers), sizeof(struct net_desc));
}

static struct model_pd *add_pd(struct model *model, const struct yaml_node *node, const char *owner,
                               const char *suffix, const char *image, enum model_role role,
                               const struct model_sched *sched, size_t blob_size)
{
    char name[SYSTEM_NAME_MAX];
    struct model_pd *pd =
        model_add_pd(model, node, model_name(name, "%s%s", owner, suffix), image, role, sched);
    model_configure(model, pd, blob_size);
    return pd;
}

size_t network_pd_count(const struct network *network)
{
    size_t count = network->virtualisers == VIRTUALISERS_ONE ? 2 : 3; /* and the driver */
    for (size_t i = 0; i < network->client_count; i++)
        count += network->clients[i].copy;
    return count;
}

static void plan_driver(struct model *model, struct network *network)
{
    const struct yaml_node *node = network->node;
    char name[SYSTEM_NAME_MAX];
    network->driver_pd =
        add_pd(model, node, network->name, "_driver", network->driver->image, ROLE_DRIVER,
               &network->driver_sched, sizeof(struct net_driver_config));
    network->registers =
        model_add_registers(model, network->driver_pd, node, network->name, network->device);
    network->rings = model_add_region(model, node, model_name(name, "%s_rings", network->name),
                                      USE_DMA, network->driver->rings_size, PAGE_4K);
    model_map(network->driver_pd, network->rings, true);
}

static void plan_virtualiser_pds(struct model *model, struct network *network)
{
    const struct yaml_node *node = network->node;
    char name[SYSTEM_NAME_MAX];
    if (network->virtualisers == VIRTUALISERS_ONE) {
        network->virt_rx_pd = network->virt_tx_pd =
            add_pd(model, node, network->name, "_virt", "net_virt.elf", ROLE_VIRTUALISER,
                   &network->virt_sched, sizeof(struct net_virt_config));
        network->virt_tx_stats = model_add_stats(model, network->virt_tx_pd,
                                                 model_name(name, "%s_virt_tx", network->name));
        return;
    }
    network->virt_rx_pd =
        add_pd(model, node, network->name, "_virt_rx", "net_virt_rx.elf", ROLE_VIRTUALISER,
               &network->virt_rx_sched, sizeof(struct net_virt_rx_config));
    network->virt_tx_pd =
        add_pd(model, node, network->name, "_virt_tx", "net_virt_tx.elf", ROLE_VIRTUALISER,
               &network->virt_tx_sched, sizeof(struct net_virt_tx_config));
}

static void plan_virtualisers(struct model *model, struct network *network)
{
    const struct yaml_node *node = network->node;
    char name[SYSTEM_NAME_MAX];
    plan_virtualiser_pds(model, network);
    network->rx_data =
        model_add_region(model, node, model_name(name, "%s_rx_data", network->name), USE_DMA,
                         (uint64_t)network->rx_buffers * network->buffer_size, PAGE_2M);
    model_map(network->virt_rx_pd, network->rx_data, false);

    uint64_t sent = 0;
    for (size_t i = 0; i < network->client_count; i++)
        sent += network->clients[i].rx_buffers + network->clients[i].tx_buffers;
    network->rx = connect(model, node, model_name(name, "%s_rx", network->name), network->driver_pd,
                          "driver", network->virt_rx_pd, "virt", network->rx_buffers, 0);
    network->tx = connect(model, node, model_name(name, "%s_tx", network->name), network->driver_pd,
                          "driver", network->virt_tx_pd, "virt", sent, 0);
    if (network->driver_sched.passive)
        model_let_call(model, network->tx);
}

static void plan_irq(struct network *network)
{
    struct model_pd *driver = network->driver_pd;
    driver->irq = (struct model_irq){
        .used = true,
        .id = model_take_id(driver),
        .number = network->device->irq,
        .edge = network->device->irq_edge,
    };
}

static void plan_copier(struct model *model, const struct network *network,
                        struct network_client *client)
{
    char own[SYSTEM_NAME_MAX], name[SYSTEM_NAME_MAX];
    const char *owner = network_client_name(own, network, client);
    client->copier = add_pd(model, network->node, owner, "_copier", "net_copier.elf", ROLE_COPIER,
                            &network->copier_sched, sizeof(struct net_copier_config));
    model_map(client->copier, network->rx_data, false);
    model_map(client->copier, client->data, true);
    client->rx = connect(model, client->node, model_name(name, "%s_rx", owner), network->virt_rx_pd,
                         "virt", client->copier, "copier", client->held_max, 0);
    client->copies =
        connect(model, client->node, model_name(name, "%s_copies", owner), client->copier, "copier",
                client->pd, "client", client->rx_buffers + client->tx_buffers, client->rx_queue);
}

static void plan_client(struct model *model, struct network *network, struct network_client *client)
{
    char own[SYSTEM_NAME_MAX], name[SYSTEM_NAME_MAX];
    const char *owner = network_client_name(own, network, client);
    client->pd = model_add_client(model, client->component, sizeof(struct net_client_config));
    client->data = model_add_region(model, client->node, model_name(name, "%s_data", owner),
                                    USE_DMA, network_client_bytes(network, client), PAGE_2M);
    model_map(client->pd, client->data, true);
    model_map(network->virt_tx_pd, client->data, false);
    client->held_max = network_held_max(network);
    if (client->copy) {
        plan_copier(model, network, client);
    } else {
        model_map(client->pd, network->rx_data, false);
        client->rx =
            connect(model, client->node, model_name(name, "%s_rx", owner), network->virt_rx_pd,
                    "virt", client->pd, "client", client->held_max, client->rx_queue);
    }
    client->tx =
        connect(model, client->node, model_name(name, "%s_tx", owner), network->virt_tx_pd, "virt",
                client->pd, "client", client->rx_buffers + client->tx_buffers, client->tx_queue);
}

void network_plan(struct model *model, struct network *network)
{
    plan_driver(model, network);
    plan_virtualisers(model, network);
    plan_irq(network);
    for (size_t i = 0; i < network->client_count; i++)
        plan_client(model, network, &network->clients[i]);
}
