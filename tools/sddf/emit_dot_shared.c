/* SPDX-License-Identifier: BSD-2-Clause */
/* The regions and channels of the file's own in the picture: a region is a node, coloured by who
 * may write it, with an arrow to it from each who writes and from it to each who only reads. Run by
 * the host tool. */
#include "tools/sddf/emit_dot.h"

#include <inttypes.h>

static void emit_size(FILE *out, uint64_t size)
{
    if (size % (1 << 20) == 0)
        fprintf(out, "%" PRIu64 " MiB", size >> 20);
    else
        fprintf(out, "%" PRIu64 " KiB", size >> 10);
}

static const char *colour_of(const struct model_shared *shared)
{
    size_t writers = shared->dma ? 1 : 0;
    for (size_t i = 0; i < shared->map_count; i++)
        writers += (shared->maps[i].permissions & 1) != 0;
    if (writers > 1)
        return SEVERAL;
    return writers == 1 && !shared->dma ? HOSTILE : DEVICE;
}

static void emit_region(FILE *out, const struct model_shared *shared)
{
    static const char *const PERMS[] = {"r", "rw", "rx", "rwx"};
    fprintf(out,
            "    \"region_%s\" [shape=cylinder, style=filled, fillcolor=\"%s\", fontsize=9, "
            "label=\"%s\\n",
            shared->name, colour_of(shared), shared->name);
    emit_size(out, shared->size);
    fputs("\"];\n", out);
    for (size_t i = 0; i < shared->map_count; i++) {
        const struct model_map_wish *map = &shared->maps[i];
        bool writes = (map->permissions & 1) != 0;
        fprintf(out,
                "    \"%s\" -> \"region_%s\" [style=dashed, color=\"#888888\", fontsize=8, "
                "label=\"%s\", dir=%s];\n",
                map->component->name, shared->name, PERMS[map->permissions],
                writes ? "forward" : "back");
    }
}

/* An arrow to each end that can be told something; a call is drawn thick. */
static void emit_link(FILE *out, const struct model_channel *channel)
{
    const struct model_end_wish *from = &channel->link->end[0];
    const struct model_end_wish *to = &channel->link->end[1];
    bool forward = from->notify || from->call;
    bool back = to->notify || to->call;
    bool call = from->call || to->call;
    fprintf(out, "    \"%s\" -> \"%s\" [dir=%s, label=\"%s%s\"%s];\n", channel->pd[0]->name,
            channel->pd[1]->name,
            forward && back ? "both"
            : forward       ? "forward"
            : back          ? "back"
                            : "none",
            channel->link->node->key, call ? " (call)" : "", call ? ", penwidth=2" : "");
}

void emit_dot_shared(FILE *out, const struct model *model)
{
    for (size_t i = 0; i < model->shared_count; i++)
        emit_region(out, &model->shared[i]);
    for (size_t i = 0; i < model->channel_count; i++) {
        if (model->channels[i].link != NULL)
            emit_link(out, &model->channels[i]);
    }
}
