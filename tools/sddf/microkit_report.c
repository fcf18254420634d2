/* SPDX-License-Identifier: BSD-2-Clause */
/* The report of `sddf microkit`: what the system is, after every check. For people only. */
#include "tools/sddf/microkit.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static void report_maps(FILE *out, const struct system_description *system,
                        const struct system_pd *pd)
{
    for (size_t i = 0; i < pd->map_count; i++) {
        const struct system_map *map = &pd->maps[i];
        const struct system_region *region = &system->regions[map->region];
        fprintf(out, "    region %-24s %#12" PRIx64 " to %#12" PRIx64 " %s%s%s\n", region->name,
                map->vaddr, map->vaddr + region->size - 1, map->read ? "r" : "-",
                map->write ? "w" : "-", map->execute ? "x" : "-");
    }
}

static void report_channels(FILE *out, const struct system_description *system, unsigned pd)
{
    for (size_t i = 0; i < system->channel_count; i++) {
        for (unsigned side = 0; side < 2; side++) {
            const struct system_end *own = &system->channels[i].end[side];
            const struct system_end *peer = &system->channels[i].end[1 - side];
            if (own->pd == pd)
                fprintf(out, "    channel %2u to %s (its %u)%s%s\n", own->id,
                        system->pds[peer->pd].name, peer->id, own->notify ? ", notifies" : "",
                        own->pp ? ", calls" : "");
        }
    }
}

static void report_pd(FILE *out, const struct run *run, unsigned index)
{
    const struct system_description *system = run->system;
    const struct system_pd *pd = &system->pds[index];
    const struct image *image = &run->pds[index].image;
    fprintf(out, "\nprotection domain %s\n", pd->name);
    if (pd->parent >= 0)
        fprintf(out, "    child %u of %s\n", pd->id, system->pds[pd->parent].name);
    fprintf(out, "    image %s: %s, %" PRIu64 " bytes, ends at %#" PRIx64 "\n", pd->image,
            image->program ? "a program" : "a shared object", image->size, image->memory_size);
    fprintf(
        out, "    priority %u, budget %" PRIu64 " of %" PRIu64 " us%s, stack %" PRIu64 " bytes\n",
        pd->priority, pd->budget_us, pd->period_us, pd->passive ? ", passive" : "", pd->stack_size);
    report_maps(out, system, pd);
    report_channels(out, system, index);
    for (size_t i = 0; i < pd->irq_count; i++)
        fprintf(out, "    interrupt %" PRIu64 " as %u\n", pd->irqs[i].irq, pd->irqs[i].id);
    for (size_t i = 0; i < pd->setvar_count; i++)
        fprintf(out, "    setvar %s = %#" PRIx64 "\n", pd->setvars[i].symbol, pd->setvars[i].value);
}

bool microkit_report(const char *path, const struct run *run)
{
    FILE *out = fopen(path, "we");
    if (out == NULL) {
        fprintf(stderr, "microkit: error: %s: cannot be written: %s\n", path, strerror(errno));
        return false;
    }
    fprintf(out, "%s on board %s\n", run->system->file, run->board.name);
    for (size_t i = 0; i < run->system->region_count; i++) {
        const struct system_region *region = &run->system->regions[i];
        fprintf(out, "region %s: %" PRIu64 " bytes, pages of %" PRIu64, region->name, region->size,
                region->page_size);
        if (region->has_phys_addr)
            fprintf(out, ", physical address %#" PRIx64, region->phys_addr);
        fprintf(out, "%s%s\n", region->prefill_path[0] != '\0' ? ", filled from " : "",
                region->prefill_path);
    }
    for (unsigned i = 0; i < run->system->pd_count; i++)
        report_pd(out, run, i);
    if (fclose(out) != 0) {
        fprintf(stderr, "microkit: error: %s: cannot be written: %s\n", path, strerror(errno));
        return false;
    }
    return true;
}
