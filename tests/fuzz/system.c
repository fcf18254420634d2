/* SPDX-License-Identifier: BSD-2-Clause */
/* The reader of .system files. What it accepts keeps the bounds that the rest of the platform
 * builds on. Images are looked for in /etc, where Debian has "passwd" and "group". */
#include "platform/linux/system.h"
#include "reader.h"

static void check_pd(const struct system_description *system, const struct system_pd *pd)
{
    must(pd->parent < (int)system->pd_count && pd->priority < 255, "a protection domain's bounds");
    for (size_t i = 0; i < pd->map_count; i++) {
        const struct system_map *map = &pd->maps[i];
        must(map->region < system->region_count, "a map of no region");
        must(map->vaddr != 0 && map->vaddr % system->regions[map->region].page_size == 0,
             "a map that is not aligned");
        uint64_t end = map->vaddr + system->regions[map->region].size;
        must(end > map->vaddr, "a map that wraps");
        for (size_t j = 0; j < i; j++) {
            const struct system_map *other = &pd->maps[j];
            must(end <= other->vaddr ||
                     other->vaddr + system->regions[other->region].size <= map->vaddr,
                 "two maps share addresses");
        }
    }
}

static void check(const struct system_description *system)
{
    must(system->pd_count != 0 && system->pd_count <= SYSTEM_PDS_MAX, "too many domains, or none");
    for (size_t i = 0; i < system->region_count; i++) {
        const struct system_region *region = &system->regions[i];
        must(region->size != 0 && region->size % region->page_size == 0, "a region of no pages");
    }
    for (size_t i = 0; i < system->pd_count; i++) {
        check_pd(system, &system->pds[i]);
    }
    for (size_t i = 0; i < system->channel_count; i++) {
        for (size_t end = 0; end < 2; end++) {
            must(system->channels[i].end[end].pd < system->pd_count &&
                     system->channels[i].end[end].id < 62,
                 "a channel's end is nowhere");
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *const search[] = {"/etc"};
    struct system_description *system = system_read(file_of(bytes, size), search, 1);
    if (system != NULL) {
        check(system);
        system_free(system);
    }
    return 0;
}
