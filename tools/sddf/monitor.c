/* SPDX-License-Identifier: BSD-2-Clause */
/* Every pass of the monitor. Run by the host tool; trusts nothing in the file. */
#include "tools/sddf/monitor.h"

#include "tools/sddf/network.h"
#include "tools/sddf/timer.h"

#include <stdio.h>
#include <string.h>

static struct serial *find_serial(const struct model *model, const char *name)
{
    for (size_t i = 0; i < model->serial_count; i++) {
        if (name[0] == '\0' || strcmp(model->serials[i].name, name) == 0)
            return &model->serials[i];
    }
    return NULL;
}

void monitor_begin(struct model_monitor *monitor)
{
    monitor->sched = (struct model_sched){.priority = MONITOR_PRIORITY, .no_fpu = true};
}

void monitor_describe(struct model *model, const struct yaml_node *map)
{
    struct model_monitor *monitor = &model->monitor;
    monitor->node = map;
    describe_sched(map, &monitor->sched);
    monitor->serial = find_serial(model, monitor->serial_name);
    if (monitor->serial == NULL && monitor->serial_name[0] != '\0')
        yaml_error(yaml_get(map, "serial"), RULE_UNKNOWN_DEVICE,
                   "there is no device \"%s\" under \"serial\"" REMEDY
                   "add it there, or remove the key",
                   monitor->serial_name);
}

/* ---- Restarts ---- */

static void check_restarts(const struct model *model, const struct yaml_node *map,
                           const struct model_sched *sched)
{
    const struct yaml_node *restarts = yaml_get(map, "restarts");
    if (sched->restarts == 0)
        return;
    if (model->monitor.node == NULL)
        yaml_error(restarts, RULE_NO_MONITOR,
                   "found restarts, but nobody who would restart it" REMEDY
                   "add \"monitor: {}\" to the file");
    if (sched->passive)
        yaml_error(restarts, RULE_PASSIVE_RESTART,
                   "found restarts of a passive protection domain, which has no time of its own to "
                   "start anew on" REMEDY "make it active, or remove the key");
}

void monitor_check(const struct model *model)
{
    for (size_t i = 0; i < model->component_count; i++)
        check_restarts(model, model->components[i].node, &model->components[i].sched);
    for (size_t i = 0; i < model->network_count; i++)
        check_restarts(model, yaml_get(model->networks[i].node, "driver"),
                       &model->networks[i].driver_sched);
    for (size_t i = 0; i < model->timer_count; i++)
        check_restarts(model, yaml_get(model->timers[i].node, "driver"),
                       &model->timers[i].driver_sched);
    for (size_t i = 0; i < model->serial_count; i++)
        check_restarts(model, yaml_get(model->serials[i].node, "driver"),
                       &model->serials[i].driver_sched);
}

/* ---- Plan ---- */

void monitor_plan(struct model *model)
{
    struct model_monitor *monitor = &model->monitor;
    if (monitor->node == NULL)
        return;
    monitor->pd = model_add_pd(model, monitor->node, MONITOR_NAME, "monitor.elf", ROLE_MONITOR,
                               &monitor->sched);
    model_configure(model, monitor->pd, sizeof(struct monitor_config));
}

void monitor_plan_children(struct model *model)
{
    struct model_monitor *monitor = &model->monitor;
    if (monitor->node == NULL)
        return;
    unsigned id = 0; /* MODEL_PDS_MAX less the monitor are as many as there are ids */
    for (size_t i = 0; i < model->pd_count; i++) {
        if (&model->pds[i] == monitor->pd)
            continue;
        model->pds[i].parent = monitor->pd;
        model->pds[i].child_id = id++;
    }
    if (monitor->serial != NULL)
        serial_connect_monitor(model, monitor->serial, monitor->pd, monitor->node);
}

/* Without these nothing of a serial device's output is seen. */
static bool shows(const struct serial *serial, const struct model_pd *pd)
{
    return serial != NULL && (pd == serial->driver_pd || pd == serial->virt_tx_pd);
}

void monitor_fill(const struct model *model)
{
    const struct model_monitor *monitor = &model->monitor;
    if (monitor->node == NULL)
        return;
    struct monitor_config *config =
        model_blob(monitor->pd, monitor->serial != NULL ? monitor->serial->name : "",
                   CONFIG_MONITOR, MONITOR_CONFIG_VERSION, sizeof(*config));
    if (monitor->serial != NULL)
        config->serial = model_config_connection(monitor->serial->monitor, 1);
    for (size_t i = 0; i < model->pd_count; i++) {
        const struct model_pd *pd = &model->pds[i];
        if (pd == monitor->pd)
            continue;
        struct monitor_child *child = &config->children[pd->child_id];
        snprintf(child->name, sizeof(child->name), "%s", pd->name);
        child->restarts = pd->sched.restarts;
        child->shows = shows(monitor->serial, pd);
    }
}
