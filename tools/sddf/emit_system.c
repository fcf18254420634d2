/* SPDX-License-Identifier: BSD-2-Clause */
/* The model as a Microkit System Description File (Microkit 2.3, manual.md, "System Description
 * File"). Names need no escapes: describe.c lets nothing else through. Run by the host tool. */
#include "tools/sddf/emit.h"

#include <inttypes.h>

static void emit_region(FILE *out, const struct model *model, const struct model_region *region)
{
    fprintf(out, "    <memory_region name=\"%s\"", region->name);
    if (region->use == USE_CONFIG) { /* Microkit takes the size from the file */
        for (size_t i = 0; i < model->pd_count; i++) {
            if (model->pds[i].config == region)
                fprintf(out, " prefill_path=\"%s.bin\"", model->pds[i].name);
        }
    } else {
        fprintf(out, " size=\"0x%" PRIx64 "\" page_size=\"0x%" PRIx64 "\"", region->size,
                region->page_size);
    }
    if (region->has_phys_addr)
        fprintf(out, " phys_addr=\"0x%" PRIx64 "\"", region->phys_addr);
    fputs(" />\n", out);
}

static void emit_map(FILE *out, const struct model_map *map, const char *indent)
{
    fprintf(out, "%s    <map mr=\"%s\" vaddr=\"0x%" PRIx64 "\" perms=\"%s\"", indent,
            map->region->name, map->region->vaddr, model_map_perms(map));
    if (map->uncached)
        fputs(" cached=\"false\"", out);
    if (map->wish != NULL && map->wish->symbol[0] != '\0')
        fprintf(out, " setvar_vaddr=\"%s\"", map->wish->symbol);
    if (map->wish != NULL && map->wish->size_symbol[0] != '\0')
        fprintf(out, " setvar_size=\"%s\"", map->wish->size_symbol);
    if (map->region->use == USE_CONFIG)
        fputs(" setvar_vaddr=\"sddf_config\" setvar_prefill_size=\"sddf_config_size\"", out);
    fputs(" />\n", out);
}

static void emit_sched(FILE *out, const struct model_sched *sched)
{
    if (sched->budget_us != 0)
        fprintf(out, " budget=\"%" PRIu64 "\"", sched->budget_us);
    if (sched->period_us != 0)
        fprintf(out, " period=\"%" PRIu64 "\"", sched->period_us);
    if (sched->cpu != 0)
        fprintf(out, " cpu=\"%u\"", sched->cpu);
    if (sched->passive)
        fputs(" passive=\"true\"", out);
    if (sched->stack_size != 0)
        fprintf(out, " stack_size=\"0x%" PRIx64 "\"", sched->stack_size);
    if (sched->no_fpu)
        fputs(" fpu=\"false\"", out);
}

/* A protection domain, all but its end: its children stand within it. */
static void emit_pd(FILE *out, const struct model_pd *pd, const char *indent)
{
    fprintf(out, "%s<protection_domain name=\"%s\" priority=\"%u\"", indent, pd->name,
            pd->sched.priority);
    if (pd->parent != NULL)
        fprintf(out, " id=\"%u\"", pd->child_id);
    emit_sched(out, &pd->sched);
    fprintf(out, ">\n%s    <program_image path=\"%s\" />\n", indent, pd->image);
    for (size_t i = 0; i < pd->map_count; i++)
        emit_map(out, &pd->maps[i], indent);
    if (pd->irq.used)
        fprintf(out, "%s    <irq irq=\"%" PRIu64 "\" id=\"%u\" trigger=\"%s\" />\n", indent,
                pd->irq.number, pd->irq.id, pd->irq.edge ? "edge" : "level");
    for (size_t i = 0; i < pd->map_count; i++) {
        const struct model_map_wish *wish = pd->maps[i].wish;
        if (wish != NULL && wish->io_symbol[0] != '\0')
            fprintf(out, "%s    <setvar symbol=\"%s\" region_paddr=\"%s\" />\n", indent,
                    wish->io_symbol, pd->maps[i].region->name);
    }
}

/* Those of the same parent, each with its children: at most two levels, as the model has them. */
static void emit_pds(FILE *out, const struct model *model)
{
    for (size_t i = 0; i < model->pd_count; i++) {
        const struct model_pd *pd = &model->pds[i];
        if (pd->parent != NULL)
            continue;
        fputs("\n", out);
        emit_pd(out, pd, "    ");
        for (size_t c = 0; c < model->pd_count; c++) {
            if (model->pds[c].parent != pd)
                continue;
            fputs("\n", out);
            emit_pd(out, &model->pds[c], "        ");
            fputs("        </protection_domain>\n", out);
        }
        fputs("    </protection_domain>\n", out);
    }
}

static void emit_end(FILE *out, const struct model_channel *channel, unsigned end)
{
    fprintf(out, "        <end pd=\"%s\" id=\"%u\"", channel->pd[end]->name, channel->id[end]);
    if (channel->call && end == 1)
        fputs(" pp=\"true\"", out);
    if (channel->link != NULL) {
        const struct model_end_wish *wish = &channel->link->end[end];
        if (wish->call)
            fputs(" pp=\"true\"", out);
        if (!wish->notify)
            fputs(" notify=\"false\"", out);
        if (wish->symbol[0] != '\0')
            fprintf(out, " setvar_id=\"%s\"", wish->symbol);
    }
    fputs(" />\n", out);
}

void emit_system(FILE *out, const struct model *model)
{
    fprintf(out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<!-- Written by \"sddf gen\" from the description of the system %s; change that. -->\n"
            "<system>\n",
            model->name);
    for (size_t i = 0; i < model->region_count; i++)
        emit_region(out, model, &model->regions[i]);
    emit_pds(out, model);
    for (size_t i = 0; i < model->channel_count; i++) {
        const struct model_channel *channel = &model->channels[i];
        fprintf(out, "%s    <channel>\n", i == 0 ? "\n" : "");
        for (unsigned end = 0; end < 2; end++)
            emit_end(out, channel, end);
        fputs("    </channel>\n", out);
    }
    fputs("</system>\n", out);
}
