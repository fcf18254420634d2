/* SPDX-License-Identifier: BSD-2-Clause */
/* First pass of what a system's file says beside its classes: "regions" and "channels". Run by the
 * host tool; trusts nothing in the file. */
#include "tools/sddf/model.h"

static void describe_map(struct model *model, struct model_shared *shared,
                         const struct yaml_node *node)
{
    struct model_component *component = describe_find_component(model, node, node->key);
    if (shared->map_count == MODEL_PDS_MAX) /* of which one at least is unknown */
        return;
    struct model_map_wish *wish = &shared->maps[shared->map_count];
    *wish = (struct model_map_wish){.component = component, .node = node, .cached = true};
    if (node->kind == YAML_SCALAR)
        field_read(node, MAP_FIELDS, wish);
    else
        fields_read(yaml_as_map(node), MAP_FIELDS, wish);
    shared->map_count += component != NULL;
}

static void describe_region(struct model *model, const struct yaml_node *node)
{
    if (model->shared_count == MODEL_SHARED_MAX) {
        yaml_error(node, RULE_FILE_LIMIT,
                   "found more than %d regions of the file's own" REMEDY "merge some",
                   MODEL_SHARED_MAX);
        return;
    }
    struct model_shared *shared = &model->shared[model->shared_count];
    *shared = (struct model_shared){.node = node};
    if (!yaml_key_name(node, shared->name, sizeof(shared->name)))
        return;
    model->shared_count++;
    const struct yaml_node *map = yaml_as_map(node);
    fields_read(map, REGION_FIELDS, shared);
    if (shared->dma && yaml_get(map, "physical") != NULL)
        yaml_error(yaml_get(map, "dma"), RULE_DUPLICATE_ADDRESS,
                   "found dma and a physical address" ALLOWED
                   "one of them: dma chooses an address" REMEDY "remove one");
    const struct yaml_node *address = yaml_get(map, "address");
    if (address != NULL && shared->address == 0)
        yaml_error(address, RULE_ADDRESS_ZERO,
                   "found address 0, where null pointers would not fault" REMEDY
                   "choose another, or remove the key");
    yaml_for_each(entry, yaml_as_map(yaml_get(map, "maps")))
    {
        describe_map(model, shared, entry);
    }
}

static void describe_end(struct model *model, struct model_link *link, unsigned index,
                         const struct yaml_node *node)
{
    struct model_end_wish *end = &link->end[index];
    *end = (struct model_end_wish){
        .component = describe_find_component(model, node, node->key),
        .node = node,
        .id = SYSTEM_CHANNEL_ID_MAX + 1, /* chosen later */
        .notify = true,
    };
    fields_read(yaml_as_map(node), END_FIELDS, end);
}

static void describe_channel(struct model *model, const struct yaml_node *node)
{
    char name[MODEL_WORD_MAX];
    if (model->link_count == MODEL_SHARED_MAX) {
        yaml_error(node, RULE_FILE_LIMIT,
                   "found more than %d channels of the file's own" REMEDY "remove some",
                   MODEL_SHARED_MAX);
        return;
    }
    if (!yaml_key_name(node, name, sizeof(name)))
        return;
    struct model_link *link = &model->links[model->link_count];
    *link = (struct model_link){.node = node};
    const struct yaml_node *map = yaml_as_map(node);
    fields_read(map, CHANNEL_FIELDS, link);
    const struct yaml_node *ends = yaml_as_map(yaml_get(map, "ends"));
    if (ends == NULL)
        return;
    if (ends->count != 2) {
        yaml_error(ends, RULE_CHANNEL_ENDS,
                   "found %zu ends" ALLOWED "2" REMEDY "name two components", ends->count);
        return;
    }
    describe_end(model, link, 0, ends->first);
    describe_end(model, link, 1, ends->last);
    model->link_count += link->end[0].component != NULL && link->end[1].component != NULL;
}

void shared_describe(struct model *model)
{
    yaml_for_each(region, yaml_as_map(yaml_get(model->root, "regions")))
    {
        describe_region(model, region);
    }
    yaml_for_each(channel, yaml_as_map(yaml_get(model->root, "channels")))
    {
        describe_channel(model, channel);
    }
}
