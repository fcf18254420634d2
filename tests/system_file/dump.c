/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints what the readers of .system and board files make of a file, one line per object, for
 * test_system_file.py:  dump system FILE [DIRECTORY...] | dump board FILE
 * Exit status 1 if the file was refused. */
#include "platform/linux/system.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void print_pd(const struct system_description *system, const struct system_pd *pd)
{
    printf("pd %s image=%s parent=%s id=%u priority=%u budget=%" PRIu64 " period=%" PRIu64
           " passive=%d cpu=%u stack=0x%" PRIx64,
           pd->name, pd->image, pd->parent < 0 ? "-" : system->pds[pd->parent].name, pd->id,
           pd->priority, pd->budget_us, pd->period_us, pd->passive, pd->cpu, pd->stack_size);
    if (!pd->fpu)
        printf(" fpu=0");
    if (pd->domain[0] != '\0')
        printf(" domain=%s", pd->domain);
    if (pd->capability_count > 0)
        printf(" capabilities=%zu", pd->capability_count);
    if (pd->symbols[0] != '\0')
        printf(" symbols=%s", pd->symbols);
    printf("\n");
    for (size_t i = 0; i < pd->map_count; i++) {
        const struct system_map *map = &pd->maps[i];
        printf("  map %s 0x%" PRIx64 " %s%s%s cached=%d\n", system->regions[map->region].name,
               map->vaddr, map->read ? "r" : "-", map->write ? "w" : "-", map->execute ? "x" : "-",
               map->cached);
    }
    for (size_t i = 0; i < pd->irq_count; i++)
        printf("  irq %" PRIu64 " id=%u %s\n", pd->irqs[i].irq, pd->irqs[i].id,
               pd->irqs[i].edge ? "edge" : "level");
    for (size_t i = 0; i < pd->setvar_count; i++)
        printf("  setvar %s=0x%" PRIx64 "\n", pd->setvars[i].symbol, pd->setvars[i].value);
}

static void print_system(const struct system_description *system)
{
    for (size_t i = 0; i < system->region_count; i++) {
        const struct system_region *region = &system->regions[i];
        printf("region %s size=0x%" PRIx64 " page=0x%" PRIx64 " phys=", region->name, region->size,
               region->page_size);
        if (region->has_phys_addr)
            printf("0x%" PRIx64, region->phys_addr);
        else
            printf("-");
        printf(" prefill=%s:%" PRIu64 " line=%u\n", region->prefill_path, region->prefill_size,
               region->line);
    }
    for (size_t i = 0; i < system->pd_count; i++)
        print_pd(system, &system->pds[i]);
    for (size_t i = 0; i < system->channel_count; i++) {
        const struct system_end *end = system->channels[i].end;
        printf("channel %s:%u pp=%d notify=%d - %s:%u pp=%d notify=%d\n",
               system->pds[end[0].pd].name, end[0].id, end[0].pp, end[0].notify,
               system->pds[end[1].pd].name, end[1].id, end[1].pp, end[1].notify);
    }
}

static void print_board(const struct board *board)
{
    printf("board %s arch=%s dma=0x%" PRIx64 "+0x%" PRIx64 "\n", board->name, board->arch,
           board->dma_address, board->dma_size);
    for (size_t i = 0; i < board->device_count; i++) {
        const struct board_device *device = &board->devices[i];
        printf("device %s class=%s compatible=%s backend=%s reg=0x%" PRIx64 "+0x%" PRIx64
               " irq=%" PRIu64 " %s dma=",
               device->name, device->class_name, device->compatible, device->backend,
               device->reg_address, device->reg_size, device->irq,
               device->irq_edge ? "edge" : "level");
        for (size_t j = 0; j < device->dma_count; j++)
            printf("%s%s", j == 0 ? "" : ",", device->dma[j]);
        printf(" line=%u\n", device->line);
    }
}

int main(int argc, char **argv)
{
    if (argc >= 3 && strcmp(argv[1], "system") == 0) {
        struct system_description *system =
            system_read(argv[2], (const char *const *)&argv[3], (size_t)(argc - 3));
        if (system == NULL)
            return 1;
        print_system(system);
        system_free(system);
        return 0;
    }
    static struct board board;
    if (argc == 3 && strcmp(argv[1], "board") == 0) {
        if (!board_read(argv[2], &board))
            return 1;
        print_board(&board);
        return 0;
    }
    fprintf(stderr, "usage: dump system FILE [DIRECTORY...] | dump board FILE\n");
    return 2;
}
