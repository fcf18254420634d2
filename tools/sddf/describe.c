/* SPDX-License-Identifier: BSD-2-Clause */
/* First pass: the system's file, but for its classes: the name, the components and how protection
 * domains are scheduled. Run by the host tool; trusts nothing in the file. */
#include "tools/sddf/model.h"
#include "tools/sddf/network.h"
#include "tools/sddf/timer.h"

#include <stdio.h>
#include <string.h>

enum {
    COMPONENT_PRIORITY = 97, /* unless the file says otherwise */
    PRIORITY_MAX = 254,      /* Microkit keeps 255 for itself */
    CPU_MAX = 63,
    STACK_MAX = 16 << 20, /* bytes */
    BUDGET_MIN = 10,      /* microseconds */
    PERIOD_MAX = 60 * 1000 * 1000,
};

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define WORD    LETTERS "0123456789_"

/* It names files, and stands in a comment of XML, which "-" could end. */
static void describe_name(const struct yaml_node *node, char name[MODEL_WORD_MAX])
{
    if (yaml_as_string(node, name, MODEL_WORD_MAX) &&
        (strchr(LETTERS, name[0]) == NULL || strspn(name, WORD) != strlen(name)))
        yaml_error(node, "found \"%s\", expected a letter, then letters, digits and _", name);
}

void describe_sched(const struct yaml_node *map, struct model_sched *sched)
{
    uint64_t number = 0;
    if (yaml_as_integer(yaml_get(map, "priority"), 0, PRIORITY_MAX, &number))
        sched->priority = (unsigned)number;
    if (yaml_as_integer(yaml_get(map, "cpu"), 0, CPU_MAX, &number))
        sched->cpu = (unsigned)number;
    const struct yaml_node *period = yaml_get(map, "period");
    const struct yaml_node *budget = yaml_get(map, "budget");
    bool good = yaml_as_duration(budget, BUDGET_MIN, PERIOD_MAX, &sched->budget_us);
    good = yaml_as_duration(period, BUDGET_MIN, PERIOD_MAX, &sched->period_us) && good;
    if (period != NULL && budget == NULL)
        yaml_error(period, "found a period without a budget; add \"budget\", the time in each "
                           "period that it may run");
    else if (period != NULL && good && sched->period_us < sched->budget_us)
        yaml_error(period,
                   "found %s, expected at least the budget, %s; raise one or lower the other",
                   period->text, budget->text);
    const struct yaml_node *stack = yaml_get(map, "stack_size");
    if (yaml_as_size(stack, PAGE_4K, STACK_MAX, &sched->stack_size) &&
        sched->stack_size % PAGE_4K != 0)
        yaml_error(stack, "found %s, expected a multiple of 4KiB", stack->text);
}

static void describe_image(const struct yaml_node *node, struct model_component *component)
{
    char image[MODEL_IMAGE_MAX - sizeof(".elf") + 1];
    if (!yaml_as_string(node, image, sizeof(image)))
        return;
    if (strspn(image, WORD "-") != strlen(image))
        yaml_error(node,
                   "found \"%s\", expected the image's name: letters, digits, _ and -, "
                   "without a folder and without .elf",
                   image);
    snprintf(component->image, sizeof(component->image), "%s.elf", image);
}

static void describe_component(struct model *model, const struct yaml_node *node)
{
    if (model->component_count == MODEL_COMPONENTS_MAX) {
        yaml_error(node, "found more than %d components; Microkit allows %d protection domains",
                   MODEL_COMPONENTS_MAX, MODEL_PDS_MAX);
        return;
    }
    struct model_component *component = &model->components[model->component_count];
    *component = (struct model_component){
        .node = node,
        .sched = {.priority = COMPONENT_PRIORITY},
    };
    if (!yaml_key_name(node, component->name, sizeof(component->name)))
        return;
    model->component_count++;
    const struct yaml_node *map = yaml_as_map(node);
    yaml_check_keys(map, "image", "priority", "budget", "period", "cpu", "stack_size", "fpu", NULL);
    describe_image(yaml_need(map, "image"), component);
    describe_sched(map, &component->sched);
    bool fpu = true;
    yaml_as_bool(yaml_get(map, "fpu"), &fpu);
    component->sched.no_fpu = !fpu;
}

struct model_component *model_component(struct model *model, const char *name)
{
    for (size_t i = 0; i < model->component_count; i++) {
        if (strcmp(model->components[i].name, name) == 0)
            return &model->components[i];
    }
    return NULL;
}

void describe_system(struct model *model)
{
    const struct yaml_node *root = model->root;
    yaml_check_keys(root, "system", "network", "timer", "components", NULL);
    describe_name(yaml_need(root, "system"), model->name);
    yaml_for_each(entry, yaml_as_map(yaml_need(root, "components")))
    {
        describe_component(model, entry);
    }
    network_describe(model, yaml_get(root, "network"));
    timer_describe(model, yaml_get(root, "timer"));
}
