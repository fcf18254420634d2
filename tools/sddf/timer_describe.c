/* SPDX-License-Identifier: BSD-2-Clause */
/* First pass of the timer class: "timer" in a system's file. Run by the host tool; trusts nothing
 * in the file. */
#include "tools/sddf/timer.h"

#include <stdio.h>
#include <string.h>

static const struct board_device *board_timer(const struct board *board)
{
    for (size_t i = 0; i < board->device_count; i++) {
        if (strcmp(board->devices[i].class_name, "timer") == 0)
            return &board->devices[i];
    }
    return NULL;
}

static void describe_client(struct model *model, struct timer *timer, const struct yaml_node *node)
{
    char name[MODEL_WORD_MAX];
    if (!yaml_as_string(node, name, sizeof(name)))
        return;
    struct model_component *component = describe_find_client(model, node, name);
    if (component == NULL)
        return;
    for (size_t i = 0; i < timer->client_count; i++) {
        if (timer->clients[i].component == component) {
            yaml_error(node, RULE_CLIENT_TWICE,
                       "component \"%s\" is a client of %s in line %u already" ALLOWED
                       "once at most" REMEDY "remove one",
                       name, timer->name, timer->clients[i].node->line);
            return;
        }
    }
    if (timer->client_count == TIMER_CLIENTS_MAX) {
        yaml_error(node, RULE_TOO_MANY_CLIENTS,
                   "found a client too many" ALLOWED "at most %d of one timer" REMEDY "remove some",
                   TIMER_CLIENTS_MAX);
    } else {
        timer->clients[timer->client_count++] =
            (struct timer_client){.component = component, .node = node};
    }
}

static void describe_timer(struct model *model, const struct yaml_node *node)
{
    if (model->timer_count == TIMERS_MAX) {
        yaml_error(node, RULE_FILE_LIMIT, "found more than %d timers" REMEDY "remove some",
                   TIMERS_MAX);
        return;
    }
    struct timer *timer = &model->timers[model->timer_count];
    *timer = (struct timer){
        .node = node,
        .driver_sched = {.priority = TIMER_DRIVER_PRIORITY,
                         .model = DRIVER_PASSIVE,
                         .no_fpu = true},
    };
    if (!yaml_key_name(node, timer->name, sizeof(timer->name)))
        return;
    model->timer_count++;
    struct found_device found = describe_find_device(model, node, timer->name, "timer");
    timer->device = found.device;
    timer->driver = found.driver;
    const struct yaml_node *map = yaml_as_map(node);
    fields_read(map, TIMER_FIELDS, timer);
    describe_driver_sched(yaml_get(map, "driver"), &timer->driver_sched);
    yaml_for_each(client, yaml_as_list(yaml_get(map, "clients")))
    {
        describe_client(model, timer, client);
    }
}

void timer_describe(struct model *model, const struct yaml_node *node)
{
    yaml_for_each(timer, yaml_as_map(node))
    {
        describe_timer(model, timer);
    }
}

static void check_rate(const struct model *model, const struct network_client *client)
{
    const struct yaml_node *rate = yaml_get(client->node, "rate");
    const struct board_device *device = board_timer(model->board);
    if (rate == NULL || model->timer_count != 0)
        return;
    if (device == NULL)
        yaml_error(rate, RULE_NO_TIMER,
                   "found a rate, which needs a timer, and board %s (%s) has none" REMEDY
                   "remove it or choose another board",
                   model->board->name, model->board->file);
    else
        yaml_error(rate, RULE_NO_TIMER,
                   "found a rate, which needs a timer" REMEDY "add \"timer: { %s: {} }\"",
                   device->name);
}

void timer_check(const struct model *model)
{
    for (size_t i = 0; i < model->network_count; i++) {
        const struct network *network = &model->networks[i];
        for (size_t c = 0; c < network->client_count; c++)
            check_rate(model, &network->clients[c]);
    }
}
