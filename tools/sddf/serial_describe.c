/* SPDX-License-Identifier: BSD-2-Clause */
/* First pass of the serial class: "serial" in a system's file. Run by the host tool; trusts nothing
 * in the file. */
#include "tools/sddf/serial.h"

static void describe_client(struct model *model, struct serial *serial,
                            const struct yaml_node *node)
{
    struct model_component *component = describe_find_client(model, node, node->key);
    if (component == NULL)
        return;
    if (serial->client_count == SERIAL_DESCRIBED_MAX) {
        if (yaml_at(node->parent, SERIAL_DESCRIBED_MAX) == node) /* once */
            yaml_error(node, RULE_TOO_MANY_CLIENTS,
                       "found %zu clients" ALLOWED "at most %d of one device" REMEDY
                       "give some to another device",
                       node->parent->count, SERIAL_DESCRIBED_MAX);
        return;
    }
    component->serial_count++;
    struct serial_user *client = &serial->clients[serial->client_count];
    *client = (struct serial_user){
        .component = component,
        .node = node,
        .colour = 1 + (uint32_t)(serial->client_count % SERIAL_COLOURS),
    };
    fields_read(yaml_as_map(node), SERIAL_CLIENT_FIELDS, client);
    serial->client_count++;
}

static void find_device(const struct model *model, struct serial *serial)
{
    struct found_device found = describe_find_device(model, serial->node, serial->name, "serial");
    serial->device = found.device;
    serial->driver = found.driver;
}

static void describe_serial(struct model *model, const struct yaml_node *node)
{
    static const struct model_sched USUAL = {.no_fpu = true};
    if (model->serial_count == SERIALS_MAX) {
        yaml_error(node, RULE_FILE_LIMIT, "found more than %d serial devices" REMEDY "remove some",
                   SERIALS_MAX);
        return;
    }
    struct serial *serial = &model->serials[model->serial_count];
    *serial = (struct serial){
        .node = node,
        .driver_sched = USUAL,
        .virt_rx_sched = USUAL,
        .virt_tx_sched = USUAL,
    };
    serial->driver_sched.priority = SERIAL_DRIVER_PRIORITY;
    serial->virt_rx_sched.priority = SERIAL_VIRT_RX_PRIORITY;
    serial->virt_tx_sched.priority = SERIAL_VIRT_TX_PRIORITY;
    if (!yaml_key_name(node, serial->name, sizeof(serial->name)))
        return;
    model->serial_count++;
    const struct yaml_node *map = yaml_as_map(node);
    fields_read(map, SERIAL_FIELDS, serial);
    find_device(model, serial);
    describe_sched(yaml_get(map, "driver"), &serial->driver_sched);
    describe_sched(yaml_get(map, "virt_rx"), &serial->virt_rx_sched);
    describe_sched(yaml_get(map, "virt_tx"), &serial->virt_tx_sched);
    const struct yaml_node *clients = yaml_as_map(yaml_get(map, "clients"));
    if (clients != NULL && clients->count == 0)
        yaml_error(clients, RULE_NO_CLIENT,
                   "found no client" ALLOWED "one at least" REMEDY "add one, or remove the device");
    yaml_for_each(client, clients)
    {
        describe_client(model, serial, client);
    }
}

void serial_describe(struct model *model, const struct yaml_node *node)
{
    yaml_for_each(device, yaml_as_map(node))
    {
        describe_serial(model, device);
    }
}
