/* SPDX-License-Identifier: BSD-2-Clause */
/* The later passes of the serial class: protection domains, regions, connections, blobs. The driver
 * maps its registers, and rings if its device has any; all others map queues alone. Run by the host
 * tool. */
#include "tools/sddf/serial.h"

#include <string.h>

static struct model_pd *add_pd(struct model *model, const struct serial *serial, const char *suffix,
                               const char *image, enum model_role role,
                               const struct model_sched *sched, size_t blob_size)
{
    char name[SYSTEM_NAME_MAX];
    struct model_pd *pd = model_add_pd(
        model, serial->node, model_name(name, "%s_%s", serial->name, suffix), image, role, sched);
    model_configure(model, pd, blob_size);
    return pd;
}

static const struct model_connection *connect(struct model *model, const struct yaml_node *node,
                                              const char *name, struct model_pd *device_side,
                                              const char *device_name, struct model_pd *client_side,
                                              const char *client_name)
{
    struct model_pd *const pd[2] = {device_side, client_side};
    const char *const side[2] = {device_name, client_name};
    return model_connect(model, node, name, pd, side, SERIAL_CAPACITY, sizeof(uint64_t));
}

static void plan_driver(struct model *model, struct serial *serial)
{
    char name[SYSTEM_NAME_MAX];
    serial->driver_pd = add_pd(model, serial, "driver", serial->driver->image, ROLE_DRIVER,
                               &serial->driver_sched, sizeof(struct serial_driver_config));
    serial->driver_pd->irq = (struct model_irq){
        .used = true,
        .id = model_take_id(serial->driver_pd),
        .number = serial->device->irq,
        .edge = serial->device->irq_edge,
    };
    serial->registers =
        model_add_registers(model, serial->driver_pd, serial->node, serial->name, serial->device);
    if (serial->driver->rings_size == 0)
        return;
    serial->rings =
        model_add_region(model, serial->node, model_name(name, "%s_rings", serial->name), USE_DMA,
                         serial->driver->rings_size, PAGE_4K);
    model_map(serial->driver_pd, serial->rings, true);
}

static void plan_virtualisers(struct model *model, struct serial *serial)
{
    char name[SYSTEM_NAME_MAX];
    serial->virt_rx_pd = add_pd(model, serial, "virt_rx", "serial_virt_rx.elf", ROLE_VIRTUALISER,
                                &serial->virt_rx_sched, sizeof(struct serial_virt_rx_config));
    serial->virt_tx_pd = add_pd(model, serial, "virt_tx", "serial_virt_tx.elf", ROLE_VIRTUALISER,
                                &serial->virt_tx_sched, sizeof(struct serial_virt_tx_config));
    serial->rx = connect(model, serial->node, model_name(name, "%s_rx", serial->name),
                         serial->driver_pd, "driver", serial->virt_rx_pd, "virt");
    serial->tx = connect(model, serial->node, model_name(name, "%s_tx", serial->name),
                         serial->driver_pd, "driver", serial->virt_tx_pd, "virt");
    serial->announce = connect(model, serial->node, model_name(name, "%s_announce", serial->name),
                               serial->virt_tx_pd, "tx", serial->virt_rx_pd, "rx");
}

static void plan_client(struct model *model, struct serial *serial, struct serial_user *client)
{
    char device_owner[SYSTEM_NAME_MAX], name[SYSTEM_NAME_MAX];
    const char *owner = model_client_name(device_owner, client->component,
                                          client->component->serial_count, serial->name);
    client->pd = model_add_client(model, client->component, sizeof(struct serial_client_config));
    client->rx = connect(model, client->node, model_name(name, "%s_input", owner),
                         serial->virt_rx_pd, "virt", client->pd, "client");
    client->tx = connect(model, client->node, model_name(name, "%s_output", owner),
                         serial->virt_tx_pd, "virt", client->pd, "client");
}

void serial_plan(struct model *model, struct serial *serial)
{
    plan_driver(model, serial);
    plan_virtualisers(model, serial);
    for (size_t i = 0; i < serial->client_count; i++)
        plan_client(model, serial, &serial->clients[i]);
}

void serial_connect_monitor(struct model *model, struct serial *serial, struct model_pd *monitor,
                            const struct yaml_node *node)
{
    serial->monitor =
        connect(model, node, "monitor_output", serial->virt_tx_pd, "virt", monitor, "monitor");
}

static void check_device(const struct serial *serial, const struct serial *other)
{
    if (serial->device == other->device)
        yaml_error(serial->node, RULE_DUPLICATE_NAME,
                   "uses device %s, as %s in line %u does" REMEDY "remove one",
                   serial->device->name, other->name, other->node->key_line);
}

void serial_check(const struct model *model)
{
    for (const struct serial *serial = model->serials;
         serial < model->serials + model->serial_count; serial++) {
        for (const struct serial *other = model->serials; other < serial; other++)
            check_device(serial, other);
    }
}

/* ---- Blobs ---- */

static void fill_driver(const struct serial *serial)
{
    struct serial_driver_config *config =
        model_blob(serial->driver_pd, serial->name, CONFIG_SERIAL_DRIVER, SERIAL_CONFIG_VERSION,
                   sizeof(*config));
    config->registers = model_config_registers(serial->registers, serial->device);
    if (serial->rings != NULL)
        config->rings = model_config_region(serial->rings);
    config->rx = model_config_connection(serial->rx, 0);
    config->tx = model_config_connection(serial->tx, 0);
    config->irq_channel = serial->driver_pd->irq.id;
}

static void fill_name(char name[SERIAL_NAME_MAX], const char *given)
{
    _Static_assert((int)MODEL_WORD_MAX <= (int)SERIAL_NAME_MAX, "a component's name fits");
    memcpy(name, given, MODEL_WORD_MAX);
}

static void fill_virt_rx(const struct serial *serial)
{
    struct serial_virt_rx_config *config =
        model_blob(serial->virt_rx_pd, serial->name, CONFIG_SERIAL_VIRT_RX, SERIAL_CONFIG_VERSION,
                   sizeof(*config));
    config->driver = model_config_connection(serial->rx, 1);
    config->announce = model_config_connection(serial->announce, 1);
    config->client_count = (uint32_t)serial->client_count;
    config->escape = (uint32_t)SERIAL_ESCAPES[serial->escape][1] - '@';
    for (size_t i = 0; i < serial->client_count; i++) {
        config->clients[i].connection = model_config_connection(serial->clients[i].rx, 0);
        fill_name(config->clients[i].name, serial->clients[i].component->name);
    }
}

static void fill_printer(struct serial_virt_tx_config *config,
                         const struct model_connection *connection, const char *name,
                         uint32_t colour)
{
    struct serial_virt_tx_client *client = &config->clients[config->client_count++];
    client->connection = model_config_connection(connection, 0);
    client->colour = colour;
    fill_name(client->name, name);
}

/* The receive virtualiser prints as the device, after all clients; and then the monitor. */
static void fill_virt_tx(const struct serial *serial)
{
    struct serial_virt_tx_config *config =
        model_blob(serial->virt_tx_pd, serial->name, CONFIG_SERIAL_VIRT_TX, SERIAL_CONFIG_VERSION,
                   sizeof(*config));
    config->driver = model_config_connection(serial->tx, 1);
    for (size_t i = 0; i < serial->client_count; i++) {
        const struct serial_user *client = &serial->clients[i];
        fill_printer(config, client->tx, client->component->name,
                     client->colour == 0 ? SERIAL_PLAIN : SERIAL_RED + client->colour - 1);
    }
    fill_printer(config, serial->announce, serial->name, SERIAL_PLAIN);
    if (serial->monitor != NULL)
        fill_printer(config, serial->monitor, serial->monitor->channel->pd[1]->name, SERIAL_RED);
}

void serial_fill(const struct serial *serial)
{
    fill_driver(serial);
    fill_virt_rx(serial);
    fill_virt_tx(serial);
    for (size_t i = 0; i < serial->client_count; i++) {
        const struct serial_user *client = &serial->clients[i];
        struct serial_client_config *config = model_blob(
            client->pd, serial->name, CONFIG_SERIAL_CLIENT, SERIAL_CONFIG_VERSION, sizeof(*config));
        config->rx = model_config_connection(client->rx, 1);
        config->tx = model_config_connection(client->tx, 1);
    }
}
