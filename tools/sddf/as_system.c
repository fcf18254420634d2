/* SPDX-License-Identifier: BSD-2-Clause */
/* The model as the .system file that will be written of it, so that one set of checks serves files
 * written by hand and ours: its findings point into the YAML file. Run by the host tool. */
#include "platform/linux/description/reader.h"
#include "tools/sddf/model.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { BUDGET_DEFAULT_US = 1000, STACK_DEFAULT = 0x2000, NODES_MAX = 8192 };

/* Elements of the .system file and the nodes that they come from; a "line" is an index from 1. */
struct places {
    const struct yaml_node *nodes[NODES_MAX];
    unsigned count;
};

static unsigned place(struct places *places, const struct yaml_node *node)
{
    for (unsigned i = places->count; i > 0 && i + 4 > places->count; i--) {
        if (places->nodes[i - 1] == node)
            return i;
    }
    if (places->count ==
        NODES_MAX) /* the last finding's place may be wrong then, not the finding */
        return NODES_MAX;
    places->nodes[places->count++] = node;
    return places->count;
}

static void convert_regions(const struct model *model, struct system_description *system,
                            struct places *places)
{
    for (size_t i = 0; i < model->region_count; i++) {
        const struct model_region *region = &model->regions[i];
        struct system_region *made = &system->regions[system->region_count++];
        *made = (struct system_region){
            .size = region->size,
            .page_size = region->page_size,
            .has_phys_addr = region->has_phys_addr,
            .phys_addr = region->phys_addr,
            .line = place(places, region->node),
        };
        snprintf(made->name, sizeof(made->name), "%s", region->name);
    }
}

static void convert_maps(const struct model *model, const struct model_pd *pd,
                         struct system_pd *made, struct places *places)
{
    for (size_t i = 0; i < pd->map_count; i++) {
        const struct model_map *map = &pd->maps[i];
        const struct yaml_node *node = map->wish == NULL ? map->region->node : map->wish->node;
        made->maps[made->map_count++] = (struct system_map){
            .region = (unsigned)(map->region - model->regions),
            .vaddr = map->region->vaddr,
            .read = true,
            .write = map->write,
            .execute = map->execute,
            .cached = !map->uncached,
            .line = place(places, node),
        };
    }
}

static void convert_pds(const struct model *model, struct system_description *system,
                        struct places *places)
{
    for (size_t i = 0; i < model->pd_count; i++) {
        const struct model_pd *pd = &model->pds[i];
        const struct model_sched *sched = &pd->sched;
        struct system_pd *made = &system->pds[system->pd_count++];
        snprintf(made->name, sizeof(made->name), "%s", pd->name);
        made->line = place(places, pd->node);
        made->parent = pd->parent == NULL ? -1 : (int)(pd->parent - model->pds);
        made->id = pd->child_id;
        made->priority = sched->priority;
        made->cpu = sched->cpu;
        made->passive = sched->passive;
        made->serves_several = pd->role == ROLE_DRIVER;
        made->budget_us = sched->budget_us == 0 ? BUDGET_DEFAULT_US : sched->budget_us;
        made->period_us = sched->period_us == 0 ? made->budget_us : sched->period_us;
        made->stack_size = sched->stack_size == 0 ? STACK_DEFAULT : sched->stack_size;
        convert_maps(model, pd, made, places);
        if (pd->irq.used)
            made->irqs[made->irq_count++] = (struct system_irq){
                .id = pd->irq.id,
                .irq = pd->irq.number,
                .edge = pd->irq.edge,
                .line = made->line,
            };
    }
}

static void convert_channels(const struct model *model, struct system_description *system,
                             struct places *places)
{
    for (size_t i = 0; i < model->channel_count; i++) {
        const struct model_channel *channel = &model->channels[i];
        struct system_channel *made = &system->channels[system->channel_count++];
        made->line = place(places, channel->node);
        for (unsigned e = 0; e < 2; e++) {
            const struct model_link *link = channel->link;
            made->end[e] = (struct system_end){
                .pd = (unsigned)(channel->pd[e] - model->pds),
                .id = channel->id[e],
                .pp = link != NULL ? link->end[e].call : channel->call && e == 1,
                .notify = link == NULL || link->end[e].notify,
            };
        }
    }
}

static void convert(const struct model *model, struct reader *reader, struct places *places)
{
    convert_regions(model, reader->system, places);
    convert_pds(model, reader->system, places);
    convert_channels(model, reader->system, places);
    for (size_t i = 0; i < reader->system->region_count; i++)
        reader->page_size_given[i] = true;
    for (size_t p = 0; p < SYSTEM_PDS_MAX; p++) {
        for (size_t i = 0; i < SYSTEM_SETVARS_MAX; i++)
            reader->paddr_region[p][i] = NO_REGION;
    }
    reader->nodes = places->nodes;
}

bool check_as_system(const struct model *model)
{
    struct reader *reader = calloc(1, sizeof(*reader));
    struct places *places = calloc(1, sizeof(*places));
    struct system_description *system = system_new(model->name);
    if (reader == NULL || places == NULL || system == NULL)
        abort();
    reader->system = system;
    convert(model, reader, places);
    check_system(reader);
    check_rules(reader);
    bool good = reader->errors == 0;
    system_free(system);
    free(places);
    free(reader);
    return good;
}

void headroom_print(const struct model *model, FILE *out)
{
    struct system_description *system = system_new(model->name);
    struct places *places = calloc(1, sizeof(*places));
    if (system == NULL || places == NULL)
        abort();
    convert_regions(model, system, places);
    convert_pds(model, system, places);
    convert_channels(model, system, places);
    fprintf(out, "protection domains: %zu of %d, %zu left\n", model->pd_count, MODEL_PDS_MAX,
            MODEL_PDS_MAX - model->pd_count);
    fprintf(out, "capability slots: about %" PRIu64 " of 131072\n", system_capabilities(system));
    for (size_t i = 0; i < model->pd_count; i++) {
        int used = __builtin_popcountll(model->pds[i].ids);
        fprintf(out, "%s: %d of %d channels and interrupts, %d left\n", model->pds[i].name, used,
                SYSTEM_CHANNEL_ID_MAX + 1, SYSTEM_CHANNEL_ID_MAX + 1 - used);
    }
    system_free(system);
    free(places);
}
