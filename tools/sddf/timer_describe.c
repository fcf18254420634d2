/* SPDX-License-Identifier: BSD-2-Clause */
/* First pass of the timer class: "timer" in a system's file. Run by the host tool; trusts nothing
 * in the file. */
#include "tools/sddf/timer.h"

#include <stdio.h>
#include <string.h>

static const struct board_device *board_timer(const struct board *board, const char *name)
{
    for (size_t i = 0; i < board->device_count; i++) {
        const struct board_device *device = &board->devices[i];
        if (strcmp(device->class_name, "timer") == 0 &&
            (name == NULL || strcmp(device->name, name) == 0))
            return device;
    }
    return NULL;
}

static void find_device(const struct model *model, struct timer *timer)
{
    const struct board *board = model->board;
    const struct board_device *first = board_timer(board, NULL);
    timer->device = board_timer(board, timer->name);
    if (timer->device == NULL) {
        yaml_error(timer->node, "board %s (%s) has no such timer, expected %s", board->name,
                   board->file, first == NULL ? "another board, this one has none" : first->name);
        return;
    }
    timer->driver = driver_find(model->drivers, "timer", timer->device->compatible);
    if (timer->driver == NULL)
        yaml_error(timer->node,
                   "found no timer driver for \"%s\" (%s:%u); add it to a driver's driver.yaml",
                   timer->device->compatible, board->file, timer->device->line);
}

/* A component has one blob and so is a client of one class. */
static void describe_client(struct model *model, struct timer *timer, const struct yaml_node *node)
{
    char name[MODEL_WORD_MAX];
    if (!yaml_as_string(node, name, sizeof(name)))
        return;
    struct model_component *component = model_component(model, name);
    if (component == NULL)
        yaml_error(node, "there is no component \"%s\"; add it under \"components\"", name);
    else if (component->client != NULL)
        yaml_error(node,
                   "component \"%s\" is a client in line %u already, expected one at most; make "
                   "it two components",
                   name, component->client->line);
    else if (timer->client_count == TIMER_CLIENTS_MAX)
        yaml_error(node, "found a client too many, expected at most %d of one timer",
                   TIMER_CLIENTS_MAX);
    else {
        component->client = node;
        timer->clients[timer->client_count++] =
            (struct timer_client){.component = component, .node = node};
    }
}

static void describe_timer(struct model *model, const struct yaml_node *node)
{
    if (model->timer_count == TIMERS_MAX) {
        yaml_error(node, "found more than %d timers, expected at most so many", TIMERS_MAX);
        return;
    }
    struct timer *timer = &model->timers[model->timer_count];
    *timer = (struct timer){
        .node = node,
        .driver_sched = {.priority = TIMER_DRIVER_PRIORITY, .no_fpu = true},
    };
    if (!yaml_key_name(node, timer->name, sizeof(timer->name)))
        return;
    model->timer_count++;
    find_device(model, timer);
    const struct yaml_node *map = yaml_as_map(node);
    yaml_check_keys(map, "driver", "clients", NULL);
    const struct yaml_node *driver = yaml_as_map(yaml_get(map, "driver"));
    yaml_check_keys(driver, "priority", "budget", "period", "cpu", "stack_size", NULL);
    describe_sched(driver, &timer->driver_sched);
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
    const struct board_device *device = board_timer(model->board, NULL);
    if (rate == NULL || model->timer_count != 0)
        return;
    if (device == NULL)
        yaml_error(rate,
                   "found a rate, which needs a timer, and board %s (%s) has none; remove it or "
                   "choose another board",
                   model->board->name, model->board->file);
    else
        yaml_error(rate, "found a rate, which needs a timer; add \"timer: { %s: {} }\"",
                   device->name);
}

void timer_check(const struct model *model)
{
    for (size_t i = 0; i < model->network_count; i++) {
        const struct network *network = &model->networks[i];
        for (size_t c = 0; c < network->client_count; c++)
            check_rate(model, &network->clients[c]);
    }
    for (size_t i = 0; i < model->timer_count; i++) {
        const struct timer *timer = &model->timers[i];
        for (size_t c = 0; c < timer->client_count; c++) {
            const struct model_component *component = timer->clients[c].component;
            if (component->sched.priority >= timer->driver_sched.priority)
                yaml_error(timer->clients[c].node,
                           "found %s at priority %u, which calls the timer at %u; expected a "
                           "caller below whom it calls: lower the one or raise the other",
                           component->name, component->sched.priority,
                           timer->driver_sched.priority);
        }
    }
}
