/* SPDX-License-Identifier: BSD-2-Clause */
/* Second pass of "regions" and "channels": what the file says becomes regions, maps and channels,
 * after the classes took theirs. Run by the host tool. */
#include "tools/sddf/model.h"

/* As Microkit would: large pages where everything is a multiple of them. */
static uint64_t page_size(const struct model_shared *shared)
{
    bool given = yaml_get(shared->node, "page_size") != NULL;
    bool aligned = shared->size % PAGE_2M == 0 && shared->address % PAGE_2M == 0 &&
                   shared->physical % PAGE_2M == 0;
    if (given)
        return shared->large_pages != 0 ? PAGE_2M : PAGE_4K;
    return aligned ? PAGE_2M : PAGE_4K;
}

static bool has_room(const struct model_shared *shared, const struct model *model)
{
    if (model->region_count == MODEL_REGIONS_MAX) {
        yaml_error(shared->node, RULE_FILE_LIMIT, "found more than %d regions" REMEDY "merge some",
                   MODEL_REGIONS_MAX);
        return false;
    }
    for (size_t i = 0; i < shared->map_count; i++) {
        if (shared->maps[i].component->pd->map_count == MODEL_MAPS_MAX) {
            yaml_error(shared->maps[i].node, RULE_FILE_LIMIT,
                       "found more than %d regions in one component" REMEDY "merge some",
                       MODEL_MAPS_MAX);
            return false;
        }
    }
    return true;
}

static void plan_region(struct model *model, const struct model_shared *shared)
{
    uint64_t page = page_size(shared);
    if (!has_room(shared, model))
        return;
    if (shared->size % page != 0) {
        yaml_error(yaml_get(shared->node, "size"), RULE_MISALIGNED,
                   "found %s" ALLOWED "a multiple of its page size, 2MiB" REMEDY "round it up",
                   yaml_get(shared->node, "size")->text);
        return;
    }
    struct model_region *region = model_add_region(
        model, shared->node, shared->name, shared->dma ? USE_DMA : USE_SHARED, shared->size, page);
    region->has_phys_addr = shared->dma || yaml_get(shared->node, "physical") != NULL;
    region->phys_addr = shared->physical;
    region->fixed = yaml_get(shared->node, "address") != NULL;
    region->vaddr = shared->address;
    for (size_t i = 0; i < shared->map_count; i++) {
        const struct model_map_wish *wish = &shared->maps[i];
        struct model_pd *pd = wish->component->pd;
        pd->maps[pd->map_count++] = (struct model_map){
            .region = region,
            .write = (wish->permissions & 1) != 0,
            .execute = wish->permissions >= 2,
            .uncached = !wish->cached,
            .wish = wish,
        };
    }
}

static void plan_id(struct model_channel *channel, unsigned e, const struct model_end_wish *end)
{
    struct model_pd *pd = end->component->pd;
    unsigned id = end->id;
    channel->pd[e] = pd;
    if (id > SYSTEM_CHANNEL_ID_MAX)
        id = ~pd->ids == 0 ? 64 : (unsigned)__builtin_ctzll(~pd->ids);
    if (id > SYSTEM_CHANNEL_ID_MAX) {
        yaml_error(end->node, RULE_TOO_MANY_CHANNELS,
                   "component %s has no channel id left" ALLOWED
                   "at most %d channels and interrupts" REMEDY "remove some, or split it",
                   pd->name, SYSTEM_CHANNEL_ID_MAX + 1);
        return;
    }
    channel->id[e] = id;
    pd->ids |= 1ULL << id;
}

static void plan_channel(struct model *model, const struct model_link *link)
{
    if (model->channel_count == MODEL_CHANNELS_MAX) {
        yaml_error(link->node, RULE_FILE_LIMIT, "found more than %d channels" REMEDY "remove some",
                   MODEL_CHANNELS_MAX);
        return;
    }
    struct model_channel *channel = &model->channels[model->channel_count++];
    *channel = (struct model_channel){.link = link, .node = link->node};
    for (unsigned e = 0; e < 2; e++)
        plan_id(channel, e, &link->end[e]);
}

/* Ids that the file gives come before those that are chosen. */
void shared_plan(struct model *model)
{
    for (size_t i = 0; i < model->shared_count; i++)
        plan_region(model, &model->shared[i]);
    for (size_t i = 0; i < model->link_count; i++) {
        for (unsigned e = 0; e < 2; e++) {
            const struct model_end_wish *end = &model->links[i].end[e];
            if (end->id <= SYSTEM_CHANNEL_ID_MAX)
                end->component->pd->ids |= 1ULL << end->id;
        }
    }
    for (size_t i = 0; i < model->link_count; i++)
        plan_channel(model, &model->links[i]);
}
