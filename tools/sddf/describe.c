/* SPDX-License-Identifier: BSD-2-Clause */
/* First pass: the system's file, but for its classes: the name, the components and how protection
 * domains are scheduled. Run by the host tool; trusts nothing in the file. */
#include "tools/sddf/model.h"
#include "tools/sddf/monitor.h"
#include "tools/sddf/network.h"
#include "tools/sddf/serial.h"
#include "tools/sddf/timer.h"

#include <stdio.h>
#include <string.h>

enum { COMPONENT_PRIORITY = 97 }; /* unless the file says otherwise */

void describe_sched(const struct yaml_node *map, const struct model_sched *sched)
{
    const struct yaml_node *period = yaml_get(map, "period");
    const struct yaml_node *budget = yaml_get(map, "budget");
    if (period != NULL && budget == NULL)
        yaml_error(period, RULE_PERIOD_WITHOUT_BUDGET,
                   "found a period without a budget" REMEDY
                   "add \"budget\", the time in each period that it may run");
    else if (period != NULL && sched->period_us != 0 && sched->period_us < sched->budget_us)
        yaml_error(period, RULE_BUDGET_ABOVE_PERIOD,
                   "found %s" ALLOWED "at least the budget, %s" REMEDY
                   "raise one or lower the other",
                   period->text, budget->text);
}

void describe_driver_sched(const struct yaml_node *map, struct model_sched *sched)
{
    sched->passive = sched->model == DRIVER_PASSIVE;
    describe_sched(map, sched);
}

static void describe_component(struct model *model, const struct yaml_node *node)
{
    if (model->component_count == MODEL_COMPONENTS_MAX) {
        if (model->component_count + 1 == node->parent->count) /* once */
            yaml_error(node, RULE_TOO_MANY_PDS,
                       "found more than %d components" ALLOWED
                       "at most %d protection domains" REMEDY "remove some",
                       MODEL_COMPONENTS_MAX, MODEL_PDS_MAX);
        return;
    }
    struct model_component *component = &model->components[model->component_count];
    *component = (struct model_component){
        .node = node,
        .sched = {.priority = COMPONENT_PRIORITY},
        .fpu = true,
    };
    if (!yaml_key_name(node, component->name, sizeof(component->name)))
        return;
    model->component_count++;
    const struct yaml_node *map = yaml_as_map(node);
    fields_read(map, COMPONENT_FIELDS, component);
    describe_sched(map, &component->sched);
    component->sched.no_fpu = !component->fpu;
    char image[MODEL_IMAGE_MAX];
    snprintf(image, sizeof(image), "%s.elf", component->image_name);
    memcpy(component->image, image, sizeof(image));
}

struct model_component *describe_find_component(struct model *model, const struct yaml_node *node,
                                                const char *name)
{
    const char *names[MODEL_COMPONENTS_MAX + 1] = {NULL};
    for (size_t i = 0; i < model->component_count; i++) {
        names[i] = model->components[i].name;
        if (strcmp(names[i], name) == 0)
            return &model->components[i];
    }
    if (yaml_get(model->root, "components") == NULL) /* which has been said */
        return NULL;
    const char *nearest = nearest_word(name, names);
    if (nearest != NULL)
        yaml_error(node, RULE_UNKNOWN_COMPONENT,
                   "there is no component \"%.60s\"" REMEDY "did you mean \"%s\"?", name, nearest);
    else
        yaml_error(node, RULE_UNKNOWN_COMPONENT,
                   "there is no component \"%.60s\"" REMEDY "add it under \"components\"", name);
    return NULL;
}

struct model_component *describe_find_client(struct model *model, const struct yaml_node *node,
                                             const char *name)
{
    struct model_component *component = describe_find_component(model, node, name);
    if (component != NULL && component->client == NULL)
        component->client = node;
    return component;
}

void describe_system(struct model *model)
{
    const struct yaml_node *root = model->root;
    monitor_begin(&model->monitor);
    fields_read(root, SYSTEM_FIELDS, model);
    yaml_for_each(entry, yaml_as_map(yaml_get(root, "components")))
    {
        describe_component(model, entry);
    }
    network_describe(model, yaml_get(root, "network"));
    timer_describe(model, yaml_get(root, "timer"));
    serial_describe(model, yaml_get(root, "serial"));
    monitor_describe(model, yaml_get(root, "monitor"));
    shared_describe(model);
}
