/* SPDX-License-Identifier: BSD-2-Clause */
/* Third pass: what must hold of any system, whatever its classes: limits, unique names, priorities,
 * registers of devices. Run by the host tool. */
#include "tools/sddf/monitor.h"
#include "tools/sddf/network.h"
#include "tools/sddf/serial.h"

#include <string.h>

void check_pd_count(const struct model *model)
{
    size_t ours = model->timer_count + model->serial_count * SERIAL_PDS;
    for (size_t i = 0; i < model->network_count; i++)
        ours += network_pd_count(&model->networks[i]);
    bool monitored = model->monitor.node != NULL;
    size_t count = model->component_count + ours + monitored;
    if (count > MODEL_PDS_MAX)
        yaml_error(yaml_get(model->root, "components"), RULE_TOO_MANY_PDS,
                   "found %zu protection domains (%zu components; %zu drivers, virtualisers and "
                   "copiers%s)" ALLOWED "at most %d, Microkit's limit" REMEDY
                   "remove clients, or copiers of clients that may see each other's frames (copy: "
                   "false)",
                   count, model->component_count, ours, monitored ? "; the monitor" : "",
                   MODEL_PDS_MAX);
    if (count == 0)
        yaml_error(yaml_get(model->root, "components"), RULE_MISSING_KEY,
                   "found no component" ALLOWED "one at least" REMEDY "add one");
}

void check_connection_count(const struct model *model)
{
    size_t count = 0;
    for (size_t i = 0; i < model->network_count; i++) {
        const struct network *network = &model->networks[i];
        count += 2; /* the driver's */
        for (size_t c = 0; c < network->client_count; c++)
            count += network->clients[c].copy ? 3 : 2;
    }
    for (size_t i = 0; i < model->serial_count; i++)
        count += 3 + 2 * model->serials[i].client_count;
    if (count > MODEL_CONNECTIONS_MAX)
        yaml_error(
            yaml_get(model->root, "components"), RULE_FILE_LIMIT,
            "found %zu connections between drivers, virtualisers, copiers and clients" ALLOWED
            "at most %d" REMEDY "remove clients of devices",
            count, MODEL_CONNECTIONS_MAX);
}

static void check_names(const struct model *model)
{
    for (size_t i = 0; i < model->pd_count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (strcmp(model->pds[i].name, model->pds[j].name) == 0)
                yaml_error(model->pds[i].node, RULE_DUPLICATE_NAME,
                           "makes a protection domain \"%s\", as line %u does" REMEDY "rename one",
                           model->pds[i].name, model->pds[j].node->key_line);
        }
    }
    for (size_t i = 0; i < model->region_count; i++) {
        const struct model_region *region = &model->regions[i];
        for (size_t j = 0; j < i; j++) {
            if (strcmp(region->name, model->regions[j].name) == 0)
                yaml_error(region->node, RULE_DUPLICATE_NAME,
                           "makes a region \"%s\", as line %u does" REMEDY "rename one",
                           region->name, model->regions[j].node->key_line);
        }
    }
}

/* Who waits for a server that stands below it keeps it from running. The monitor waits for none. */
static void check_priorities(const struct model *model)
{
    for (size_t i = 0; i < model->pd_count; i++) {
        const struct model_pd *pd = &model->pds[i];
        const struct model_pd *lowest = NULL;
        for (size_t c = 0; c < model->connection_count; c++) {
            const struct model_channel *channel = model->connections[c].channel;
            const struct model_pd *server = channel->pd[0];
            if (channel->pd[1] == pd &&
                (lowest == NULL || server->sched.priority < lowest->sched.priority))
                lowest = server;
        }
        if (pd->role != ROLE_MONITOR && lowest != NULL &&
            lowest->sched.priority < pd->sched.priority)
            yaml_error(pd->node, RULE_CLIENT_ABOVE_SERVER,
                       "found %s at priority %u, above %s, which serves it, at %u" ALLOWED
                       "no client above its server" REMEDY "lower the one or raise the other",
                       pd->name, pd->sched.priority, lowest->name, lowest->sched.priority);
    }
}

/* A page is the least that can be given to a driver; in a shared one it could drive both. */
static void check_registers(const struct model *model)
{
    for (size_t i = 0; i < model->region_count; i++) {
        const struct model_region *region = &model->regions[i];
        for (size_t j = 0; j < i; j++) {
            const struct model_region *other = &model->regions[j];
            if (region->use == USE_REGISTERS && other->use == USE_REGISTERS &&
                region->phys_addr < other->phys_addr + other->size &&
                other->phys_addr < region->phys_addr + region->size)
                yaml_error(
                    region->node, RULE_SHARED_PAGE,
                    "its registers share the page at 0x%llx with those of %s (line %u)" ALLOWED
                    "a page of its own" REMEDY "use another device of the board",
                    (unsigned long long)region->phys_addr, other->node->key, other->node->key_line);
        }
    }
}

/* .system says interrupts of x86 in other words. */
static void check_interrupts(const struct model *model)
{
    for (size_t i = 0; i < model->pd_count; i++) {
        if (model->pds[i].irq.used && strcmp(model->board->arch, "x86_64") == 0)
            yaml_error(model->pds[i].node, RULE_NOT_YET_SUPPORTED,
                       "found a device with an interrupt on board %s (%s), whose architecture is "
                       "x86_64" ALLOWED "aarch64, riscv64 or host" REMEDY "use another board",
                       model->board->name, model->board->file);
    }
}

static void check_symbol(const struct model_pd *pd, size_t map, const char *symbol,
                         const char **seen, size_t *count)
{
    if (symbol[0] == '\0')
        return;
    bool taken = pd->config != NULL &&
                 (strcmp(symbol, "sddf_config") == 0 || strcmp(symbol, "sddf_config_size") == 0);
    for (size_t i = 0; i < *count; i++)
        taken = taken || strcmp(seen[i], symbol) == 0;
    seen[(*count)++] = symbol;
    if (taken)
        yaml_error(pd->maps[map].wish->node, RULE_DUPLICATE_SYMBOL,
                   "sets \"%s\" of %s a second time" ALLOWED "one value for each symbol" REMEDY
                   "use another",
                   symbol, pd->name);
}

/* The variables of a program that the file sets, of regions and of channels. */
static void check_symbols(const struct model *model)
{
    const char *seen[3 * MODEL_MAPS_MAX + 64];
    for (size_t p = 0; p < model->pd_count; p++) {
        const struct model_pd *pd = &model->pds[p];
        size_t count = 0;
        for (size_t m = 0; m < pd->map_count; m++) {
            const struct model_map_wish *wish = pd->maps[m].wish;
            if (wish == NULL)
                continue;
            check_symbol(pd, m, wish->symbol, seen, &count);
            check_symbol(pd, m, wish->size_symbol, seen, &count);
            check_symbol(pd, m, wish->io_symbol, seen, &count);
        }
    }
}

void check_model(const struct model *model)
{
    check_names(model);
    check_priorities(model);
    check_registers(model);
    check_interrupts(model);
    check_symbols(model);
}
