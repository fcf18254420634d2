/* SPDX-License-Identifier: BSD-2-Clause */
/* The later passes of the timer class: protection domains, channels, blobs. The driver maps its
 * registers and nothing else; a client may call it on its channel. Run by the host tool. */
#include "tools/sddf/timer.h"

#include <assert.h>

static void plan_driver(struct model *model, struct timer *timer)
{
    const struct board_device *device = timer->device;
    char name[SYSTEM_NAME_MAX];
    timer->driver_pd = model_add_pd(model, timer->node, model_name(name, "%s_driver", timer->name),
                                    timer->driver->image, ROLE_DRIVER, &timer->driver_sched);
    model_configure(model, timer->driver_pd, sizeof(struct timer_driver_config));
    timer->driver_pd->irq = (struct model_irq){
        .used = true,
        .id = model_take_id(timer->driver_pd),
        .number = device->irq,
        .edge = device->irq_edge,
    };
    if (device->reg_size != 0)
        timer->registers =
            model_add_registers(model, timer->driver_pd, timer->node, timer->name, device);
}

static const struct model_channel *add_channel(struct model *model, struct timer *timer,
                                               struct model_pd *client,
                                               const struct yaml_node *node)
{
    assert(model->channel_count < MODEL_CHANNELS_MAX);
    struct model_channel *channel = &model->channels[model->channel_count++];
    *channel = (struct model_channel){
        .pd = {timer->driver_pd, client},
        .id = {model_take_id(timer->driver_pd), model_take_id(client)},
        .call = true,
        .node = node,
    };
    return channel;
}

/* A rate needs to know the time. */
static void plan_virtualisers(struct model *model, struct timer *timer)
{
    for (size_t i = 0; i < model->network_count; i++) {
        struct network *network = &model->networks[i];
        bool limited = false;
        for (size_t c = 0; c < network->client_count; c++)
            limited |= network->clients[c].rate != 0;
        if (!limited)
            continue;
        if (timer->client_count == TIMER_CLIENTS_MAX) {
            yaml_error(timer->node, RULE_TOO_MANY_CLIENTS,
                       "found more than %d clients" ALLOWED "at most so many" REMEDY "remove some",
                       TIMER_CLIENTS_MAX);
            return;
        }
        struct timer_client *client = &timer->clients[timer->client_count++];
        *client = (struct timer_client){.node = timer->node, .pd = network->virt_tx_pd};
        client->channel = add_channel(model, timer, client->pd, network->node);
        network->timer_channel = client->channel->id[1];
    }
}

void timer_plan(struct model *model, struct timer *timer)
{
    plan_driver(model, timer);
    for (size_t i = 0; i < timer->client_count; i++) {
        struct timer_client *client = &timer->clients[i];
        client->pd = model_add_client(model, client->component, sizeof(struct timer_client_config));
        client->channel = add_channel(model, timer, client->pd, client->node);
    }
    if (timer == model->timers)
        plan_virtualisers(model, timer);
}

void timer_fill(const struct timer *timer)
{
    struct timer_driver_config *config = model_blob(
        timer->driver_pd, timer->name, CONFIG_TIMER_DRIVER, TIMER_CONFIG_VERSION, sizeof(*config));
    if (timer->registers != NULL)
        config->registers = model_config_registers(timer->registers, timer->device);
    config->clock_hz = timer->device->clock_hz;
    config->irq_channel = timer->driver_pd->irq.id;
    config->client_count = (uint32_t)timer->client_count;
    for (size_t i = 0; i < timer->client_count; i++) {
        const struct timer_client *client = &timer->clients[i];
        config->channels[i] = client->channel->id[0];
        if (client->component == NULL)
            continue;
        struct timer_client_config *own = model_blob(client->pd, timer->name, CONFIG_TIMER_CLIENT,
                                                     TIMER_CONFIG_VERSION, sizeof(*own));
        own->channel = client->channel->id[1];
    }
}
