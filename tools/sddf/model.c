/* SPDX-License-Identifier: BSD-2-Clause */
/* The passes in order, and how the later ones add to the model. Run by the host tool. */
#include "tools/sddf/model.h"
#include "tools/sddf/monitor.h"
#include "tools/sddf/network.h"
#include "tools/sddf/serial.h"
#include "tools/sddf/timer.h"

#include <assert.h>
#include <sddf/stats.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *model_name(char name[SYSTEM_NAME_MAX], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(name, SYSTEM_NAME_MAX, format, arguments);
    va_end(arguments);
    assert(length > 0 && length < SYSTEM_NAME_MAX);
    return name;
}

struct model_pd *model_add_pd(struct model *model, const struct yaml_node *node, const char *name,
                              const char *image, enum model_role role,
                              const struct model_sched *sched)
{
    assert(model->pd_count < MODEL_PDS_MAX);
    struct model_pd *pd = &model->pds[model->pd_count++];
    snprintf(pd->name, sizeof(pd->name), "%s", name);
    snprintf(pd->image, sizeof(pd->image), "%s", image);
    pd->role = role;
    pd->sched = *sched;
    pd->node = node;
    return pd;
}

static uint64_t whole_pages(uint64_t size, uint64_t page_size)
{
    return (size + page_size - 1) / page_size * page_size;
}

struct model_region *model_add_region(struct model *model, const struct yaml_node *node,
                                      const char *name, enum model_use use, uint64_t size,
                                      uint64_t page_size)
{
    assert(model->region_count < MODEL_REGIONS_MAX);
    struct model_region *region = &model->regions[model->region_count++];
    snprintf(region->name, sizeof(region->name), "%s", name);
    region->use = use;
    region->size = whole_pages(size, page_size);
    region->page_size = page_size;
    region->node = node;
    return region;
}

const struct model_region *model_add_registers(struct model *model, struct model_pd *driver,
                                               const struct yaml_node *node, const char *name,
                                               const struct board_device *device)
{
    char regs_name[SYSTEM_NAME_MAX];
    uint64_t offset = device->reg_address % PAGE_4K;
    struct model_region *registers =
        model_add_region(model, node, model_name(regs_name, "%s_regs", name), USE_REGISTERS,
                         offset + device->reg_size, PAGE_4K);
    registers->has_phys_addr = true;
    registers->phys_addr = device->reg_address - offset;
    model_map(driver, registers, true);
    return registers;
}

unsigned model_take_id(struct model_pd *pd)
{
    assert(pd->channel_count <= SYSTEM_CHANNEL_ID_MAX);
    pd->ids |= 1ULL << pd->channel_count;
    return pd->channel_count++;
}

void model_map(struct model_pd *pd, const struct model_region *region, bool write)
{
    assert(pd->map_count < MODEL_MAPS_MAX);
    pd->maps[pd->map_count++] = (struct model_map){
        .region = region,
        .write = write,
        .uncached = region->use == USE_REGISTERS,
    };
}

const char *model_map_perms(const struct model_map *map)
{
    static const char *const PERMS[] = {"r", "rw", "rx", "rwx"};
    return PERMS[(map->write ? 1 : 0) + (map->execute ? 2 : 0)];
}

const struct model_region *model_add_stats(struct model *model, struct model_pd *pd,
                                           const char *name)
{
    char region_name[SYSTEM_NAME_MAX];
    struct model_region *stats =
        model_add_region(model, pd->node, model_name(region_name, "%s_stats", name), USE_STATS,
                         STATS_PAGE_SIZE, PAGE_4K);
    model_map(pd, stats, true);
    return stats;
}

void model_configure(struct model *model, struct model_pd *pd, size_t part_size)
{
    char name[SYSTEM_NAME_MAX];
    pd->blob_size = part_size;
    pd->config = model_add_region(model, pd->node, model_name(name, "%s_config", pd->name),
                                  USE_CONFIG, part_size, PAGE_4K);
    model_map(pd, pd->config, false);
    pd->stats = model_add_stats(model, pd, pd->name);
}

struct model_pd *model_add_client(struct model *model, struct model_component *component,
                                  size_t part_size)
{
    struct model_pd *pd = component->pd;
    if (pd == NULL) {
        pd = component->pd = model_add_pd(model, component->node, component->name, component->image,
                                          ROLE_COMPONENT, &component->sched);
        model_configure(model, pd, part_size);
    } else {
        pd->blob_size += part_size;
        pd->config->size = whole_pages(pd->blob_size, PAGE_4K);
    }
    return pd;
}

const char *model_client_name(char name[SYSTEM_NAME_MAX], const struct model_component *component,
                              unsigned device_count, const char *device)
{
    return device_count == 1 ? component->name : model_name(name, "%s_%s", component->name, device);
}

const struct model_connection *model_connect(struct model *model, const struct yaml_node *node,
                                             const char *name, struct model_pd *const pd[2],
                                             const char *const side[2], uint32_t capacity,
                                             size_t entry_size)
{
    assert(model->channel_count < MODEL_CHANNELS_MAX);
    assert(model->connection_count < MODEL_CONNECTIONS_MAX);
    struct model_channel *channel = &model->channels[model->channel_count++];
    struct model_connection *connection = &model->connections[model->connection_count++];
    connection->channel = channel;
    channel->node = node;
    for (unsigned s = 0; s < 2; s++) {
        channel->pd[s] = pd[s];
        channel->id[s] = model_take_id(pd[s]);
        char side_name[SYSTEM_NAME_MAX];
        struct model_region *region =
            model_add_region(model, node, model_name(side_name, "%s_%s", name, side[s]), USE_QUEUE,
                             QUEUE_SIDE_SIZE(capacity, entry_size), PAGE_4K);
        model_map(pd[s], region, true);
        model_map(pd[1 - s], region, false);
        connection->side[s] = region;
        connection->put_capacity[s] = capacity;
    }
    return connection;
}

struct config_header model_header(const char *instance, const char *device, enum config_kind kind,
                                  uint16_t version, size_t size, const struct model_region *stats)
{
    struct config_header header = {
        .magic = CONFIG_MAGIC,
        .kind = (uint16_t)kind,
        .version = version,
        .size = (uint32_t)size,
        .stats = stats->vaddr,
    };
    _Static_assert((int)MODEL_WORD_MAX <= (int)CONFIG_DEVICE_MAX, "a device's name fits");
    snprintf(header.instance, sizeof(header.instance), "%s", instance);
    snprintf(header.device, sizeof(header.device), "%s", device);
    return header;
}

void model_let_call(struct model *model, const struct model_connection *connection)
{
    model->channels[connection->channel - model->channels].call = true;
}

void *model_blob(struct model_pd *pd, const char *device, enum config_kind kind, uint16_t version,
                 size_t size)
{
    assert(size % 8 == 0 && size <= pd->blob_size - pd->blob_used);
    if (pd->blob == NULL)
        pd->blob = calloc(1, pd->blob_size);
    if (pd->blob == NULL)
        abort();
    void *part = pd->blob + pd->blob_used;
    *(struct config_header *)part = model_header(pd->name, device, kind, version, size, pd->stats);
    pd->blob_used += size;
    return part;
}

struct config_region model_config_region(const struct model_region *region)
{
    return (struct config_region){
        .address = region->vaddr,
        .io_address = region->use == USE_DMA ? region->phys_addr : 0,
        .size = region->size,
    };
}

struct config_region model_config_registers(const struct model_region *registers,
                                            const struct board_device *device)
{
    return (struct config_region){
        .address = registers->vaddr + device->reg_address % PAGE_4K,
        .size = device->reg_size,
    };
}

struct config_connection model_config_connection(const struct model_connection *connection,
                                                 unsigned side)
{
    return (struct config_connection){
        .mine = connection->side[side]->vaddr,
        .theirs = connection->side[1 - side]->vaddr,
        .put_capacity = connection->put_capacity[side],
        .get_capacity = connection->put_capacity[1 - side],
        .channel = connection->channel->id[side],
        .by_call = side == 1 && connection->channel->call,
    };
}

static void plan_system(struct model *model)
{
    monitor_plan(model);
    for (size_t i = 0; i < model->network_count; i++)
        network_plan(model, &model->networks[i]);
    for (size_t i = 0; i < model->timer_count; i++)
        timer_plan(model, &model->timers[i]);
    for (size_t i = 0; i < model->serial_count; i++)
        serial_plan(model, &model->serials[i]);
    for (size_t i = 0; i < model->component_count; i++) { /* those that no class knows */
        struct model_component *component = &model->components[i];
        if (component->pd == NULL)
            component->pd = model_add_pd(model, component->node, component->name, component->image,
                                         ROLE_COMPONENT, &component->sched);
    }
    shared_plan(model);
    monitor_plan_children(model);
}

static bool run_passes(struct model *model, const struct yaml_file *file)
{
    describe_system(model);
    if (yaml_file_errors(file) != 0)
        return false;
    for (size_t i = 0; i < model->network_count; i++) {
        network_check(&model->networks[i]);
        network_check_others(model, &model->networks[i]);
    }
    timer_check(model);
    serial_check(model);
    monitor_check(model);
    check_pd_count(model);
    check_connection_count(model);
    if (yaml_file_errors(file) != 0)
        return false;
    plan_system(model);
    check_model(model);
    if (yaml_file_errors(file) != 0)
        return false;
    layout_system(model);
    if (yaml_file_errors(file) != 0 || !check_as_system(model))
        return false;
    for (size_t i = 0; i < model->network_count; i++)
        network_fill(&model->networks[i]);
    for (size_t i = 0; i < model->timer_count; i++)
        timer_fill(&model->timers[i]);
    for (size_t i = 0; i < model->serial_count; i++)
        serial_fill(&model->serials[i]);
    monitor_fill(model);
    return true;
}

struct model *model_make(const struct yaml_file *file, const struct board *board,
                         const struct drivers *drivers)
{
    struct model *model = calloc(1, sizeof(*model));
    if (model == NULL)
        return NULL;
    model->networks = calloc(MODEL_NETWORKS_MAX, sizeof(*model->networks));
    model->timers = calloc(TIMERS_MAX, sizeof(*model->timers));
    model->serials = calloc(SERIALS_MAX, sizeof(*model->serials));
    model->shared = calloc(MODEL_SHARED_MAX, sizeof(*model->shared));
    model->links = calloc(MODEL_SHARED_MAX, sizeof(*model->links));
    model->root = yaml_root(file);
    model->board = board;
    model->drivers = drivers;
    bool room = model->networks != NULL && model->timers != NULL && model->serials != NULL &&
                model->shared != NULL && model->links != NULL;
    if (room && run_passes(model, file))
        return model;
    model_free(model);
    return NULL;
}

void model_free(struct model *model)
{
    if (model == NULL)
        return;
    for (size_t i = 0; i < model->pd_count; i++)
        free(model->pds[i].blob);
    free(model->timers);
    free(model->serials);
    free(model->networks);
    free(model->shared);
    free(model->links);
    free(model);
}
