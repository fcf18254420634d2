/* SPDX-License-Identifier: BSD-2-Clause */
/* The third step of the .system reader (reader.h): what must hold of the model as a whole, by
 * Microkit's manual and tool, and what follows from it: page sizes, physical addresses, and with
 * them the last setvars. */
#include "platform/linux/description/reader.h"

#include <string.h>

enum { ID_COUNT = SYSTEM_CHANNEL_ID_MAX + 1 };

/* A PD's maps end below its stack, a guard page and the IPC buffer, which Microkit puts at the end
 * of aarch64's smallest address space, 2^40. Systems that fit there fit everywhere. */
static const uint64_t ADDRESS_SPACE = UINT64_C(1) << 40;
static const uint64_t ADDRESS_SPACE_RESERVED = 0x2000;

/* Physical addresses of regions that have none in the file but whose address is asked for; above
 * the devices and memory of every board. */
static const uint64_t PHYS_WINDOW = UINT64_C(0x100000000);

struct range {
    uint64_t start, end; /* end not included */
};

static bool overlap(struct range a, struct range b)
{
    return a.start < b.end && b.start < a.end;
}

static struct range phys_range(const struct system_region *region)
{
    return (struct range){region->phys_addr, region->phys_addr + region->size};
}

static struct range map_range(const struct system_description *system, const struct system_map *map)
{
    return (struct range){map->vaddr, map->vaddr + system->regions[map->region].size};
}

static void check_names(struct reader *reader)
{
    const struct system_description *system = reader->system;
    for (size_t i = 0; i < system->pd_count; i++) {
        const struct system_pd *pd = &system->pds[i];
        int first = find_pd(system, pd->name);
        if (first >= 0 && (size_t)first != i)
            reader_error(reader, pd->line, RULE_DUPLICATE_NAME,
                         "a PD is called \"%s\" already in line %u" REMEDY "rename one", pd->name,
                         reader_line(reader, system->pds[first].line));
        if (strcmp(pd->name, "monitor") == 0)
            reader_error(reader, pd->line, RULE_BAD_NAME,
                         "a PD is called \"monitor\", Microkit's own name" REMEDY "rename it");
    }
    for (size_t i = 0; i < system->region_count; i++) {
        const struct system_region *region = &system->regions[i];
        int first = find_region(system, region->name);
        if (first >= 0 && (size_t)first != i)
            reader_error(reader, region->line, RULE_DUPLICATE_NAME,
                         "a region is called \"%s\" already in line %u" REMEDY "rename one",
                         region->name, reader_line(reader, system->regions[first].line));
    }
}

static void check_map(struct reader *reader, const struct system_pd *pd, size_t index)
{
    const struct system_description *system = reader->system;
    const struct system_map *map = &pd->maps[index];
    const struct system_region *region = &system->regions[map->region];
    uint64_t limit = ADDRESS_SPACE - ADDRESS_SPACE_RESERVED -
                     (pd->stack_size < ADDRESS_SPACE / 2 ? pd->stack_size : 0);
    if (map->vaddr == 0)
        reader_error(reader, map->line, RULE_ADDRESS_ZERO,
                     "PD \"%s\" maps \"%s\" at 0, where null pointers would not fault" REMEDY
                     "move it",
                     pd->name, region->name);
    if (map->vaddr % region->page_size != 0)
        reader_error(
            reader, map->line, RULE_MISALIGNED,
            "PD \"%s\" maps \"%s\" at 0x%llx, not a multiple of its page size 0x%llx" REMEDY
            "align it",
            pd->name, region->name, (unsigned long long)map->vaddr,
            (unsigned long long)region->page_size);
    if (region->size > limit || map->vaddr > limit - region->size) {
        reader_error(reader, map->line, RULE_OUTSIDE_WINDOW,
                     "PD \"%s\" maps \"%s\" (0x%llx bytes) at 0x%llx, beyond 0x%llx" REMEDY
                     "move it down",
                     pd->name, region->name, (unsigned long long)region->size,
                     (unsigned long long)map->vaddr, (unsigned long long)limit);
        return;
    }
    struct range range = map_range(system, map);
    for (size_t i = 0; i < index; i++) {
        struct range other = map_range(system, &pd->maps[i]);
        if (!overlap(range, other))
            continue;
        reader_error(reader, map->line, RULE_OVERLAP,
                     "PD \"%s\" maps \"%s\" at 0x%llx to 0x%llx, over \"%s\" (line %u) at 0x%llx "
                     "to 0x%llx" REMEDY "move one",
                     pd->name, region->name, (unsigned long long)range.start,
                     (unsigned long long)range.end, system->regions[pd->maps[i].region].name,
                     reader_line(reader, pd->maps[i].line), (unsigned long long)other.start,
                     (unsigned long long)other.end);
        return;
    }
}

/* The line where each id of each PD is in use; 0 = free. */
struct ids {
    unsigned line[SYSTEM_PDS_MAX][ID_COUNT];
};

static void take_id(struct reader *reader, struct ids *ids, size_t pd, unsigned id, unsigned line,
                    const char *what)
{
    unsigned *taken = &ids->line[pd][id];
    if (*taken != 0)
        reader_error(reader, line, RULE_DUPLICATE_ID,
                     "PD \"%s\": id %u of this %s is taken in line %u" REMEDY
                     "channels and IRQs share 0 to %d",
                     reader->system->pds[pd].name, id, what, reader_line(reader, *taken),
                     SYSTEM_CHANNEL_ID_MAX);
    else
        *taken = line;
}

static void check_irqs(struct reader *reader, struct ids *ids)
{
    const struct system_description *system = reader->system;
    for (size_t p = 0; p < system->pd_count; p++) {
        const struct system_pd *pd = &system->pds[p];
        for (size_t i = 0; i < pd->irq_count; i++) {
            const struct system_irq *irq = &pd->irqs[i];
            take_id(reader, ids, p, irq->id, irq->line, "IRQ");
            for (size_t q = 0; q <= p; q++) {
                const struct system_pd *other = &system->pds[q];
                size_t before = q == p ? i : other->irq_count;
                for (size_t j = 0; j < before; j++) {
                    if (other->irqs[j].irq == irq->irq)
                        reader_error(
                            reader, irq->line, RULE_DUPLICATE_INTERRUPT,
                            "PD \"%s\": interrupt %llu belongs to PD \"%s\" in line %u" REMEDY
                            "one PD takes it",
                            pd->name, (unsigned long long)irq->irq, other->name,
                            reader_line(reader, other->irqs[j].line));
                }
            }
        }
    }
}

static void check_channel(struct reader *reader, struct ids *ids,
                          const struct system_channel *channel)
{
    const struct system_pd *pds = reader->system->pds;
    bool both = channel->end[0].pp && channel->end[1].pp;
    for (unsigned e = 0; e < 2; e++) {
        const struct system_end *end = &channel->end[e];
        const struct system_pd *pd = &pds[end->pd];
        const struct system_pd *peer = &pds[channel->end[1 - e].pd];
        take_id(reader, ids, end->pd, end->id, channel->line, "channel");
        if (end->pp && !both && pd != peer && pd->priority >= peer->priority)
            reader_error(reader, channel->line, RULE_PPC_PRIORITY,
                         "PD \"%s\" (priority %u) calls \"%s\" (priority %u)" ALLOWED
                         "a callee of higher priority" REMEDY "raise it",
                         pd->name, pd->priority, peer->name, peer->priority);
    }
    if (both)
        reader_error(reader, channel->line, RULE_PPC_CYCLE,
                     "both ends have pp" ALLOWED "one caller" REMEDY "drop one");
    if (channel->end[0].pd == channel->end[1].pd)
        reader_error(reader, channel->line, RULE_CHANNEL_ENDS,
                     "both ends are in PD \"%s\"" ALLOWED "two PDs" REMEDY "correct one",
                     pds[channel->end[0].pd].name);
}

static void check_physical(struct reader *reader)
{
    const struct system_description *system = reader->system;
    for (size_t i = 0; i < system->region_count; i++) {
        const struct system_region *region = &system->regions[i];
        if (!region->has_phys_addr)
            continue;
        if (region->phys_addr > UINT64_MAX - region->size) {
            reader_error(reader, region->line, RULE_OUTSIDE_WINDOW,
                         "region \"%s\": phys_addr 0x%llx and size 0x%llx exceed 64 bits" REMEDY
                         "move it down",
                         region->name, (unsigned long long)region->phys_addr,
                         (unsigned long long)region->size);
            continue;
        }
        for (size_t j = 0; j < i; j++) {
            const struct system_region *other = &system->regions[j];
            struct range mine = phys_range(region);
            struct range theirs = phys_range(other);
            if (!other->has_phys_addr || theirs.end < theirs.start || !overlap(mine, theirs))
                continue;
            reader_error(reader, region->line, RULE_OVERLAP,
                         "region \"%s\" at 0x%llx to 0x%llx overlaps \"%s\" (line %u) at 0x%llx to "
                         "0x%llx in physical memory" REMEDY "move one",
                         region->name, (unsigned long long)mine.start, (unsigned long long)mine.end,
                         other->name, reader_line(reader, other->line),
                         (unsigned long long)theirs.start, (unsigned long long)theirs.end);
            break;
        }
    }
}

/* As Microkit: large pages where size, addresses of all maps and physical address are multiples,
 * unless the file says which. Warns of regions that nobody maps. */
static void choose_page_sizes(struct reader *reader)
{
    struct system_description *system = reader->system;
    bool mapped[SYSTEM_REGIONS_MAX] = {false};
    bool small[SYSTEM_REGIONS_MAX] = {false};
    for (size_t p = 0; p < system->pd_count; p++) {
        for (size_t m = 0; m < system->pds[p].map_count; m++) {
            const struct system_map *map = &system->pds[p].maps[m];
            mapped[map->region] = true;
            small[map->region] = small[map->region] || map->vaddr % PAGE_LARGE != 0;
        }
    }
    for (size_t i = 0; i < system->region_count; i++) {
        struct system_region *region = &system->regions[i];
        bool aligned = region->size % PAGE_LARGE == 0 && region->phys_addr % PAGE_LARGE == 0;
        if (!reader->page_size_given[i] && aligned && !small[i])
            region->page_size = PAGE_LARGE;
        if (!mapped[i])
            reader_error(reader, region->line, RULE_UNMAPPED_REGION,
                         "region \"%s\" is mapped by no PD" REMEDY "map it, or remove it",
                         region->name);
    }
}

/* The lowest free place at or above `from`. Bounded: each step leaves one region behind. */
static uint64_t place(const struct system_description *system, const struct system_region *region,
                      uint64_t from)
{
    uint64_t mask = region->page_size - 1;
    uint64_t address = (from + mask) & ~mask;
    for (size_t steps = 0; steps <= system->region_count; steps++) {
        struct range wanted = {address, address + region->size};
        uint64_t next = address;
        for (size_t i = 0; i < system->region_count; i++) {
            const struct system_region *other = &system->regions[i];
            if (other->has_phys_addr && overlap(wanted, phys_range(other)))
                next = phys_range(other).end;
        }
        if (next == address)
            break;
        address = (next + mask) & ~mask;
    }
    return address;
}

static void resolve_physical(struct reader *reader)
{
    struct system_description *system = reader->system;
    uint64_t next = PHYS_WINDOW;
    for (size_t p = 0; p < system->pd_count; p++) {
        struct system_pd *pd = &system->pds[p];
        for (size_t i = 0; i < pd->setvar_count; i++) {
            int wanted = reader->paddr_region[p][i];
            if (wanted == NO_REGION)
                continue;
            struct system_region *region = &system->regions[wanted];
            if (!region->has_phys_addr) {
                region->phys_addr = place(system, region, next);
                region->has_phys_addr = true;
                region->chosen_phys_addr = true;
                next = region->phys_addr + region->size;
            }
            pd->setvars[i].value = region->phys_addr;
        }
    }
}

void check_system(struct reader *reader)
{
    struct system_description *system = reader->system;
    check_names(reader);
    for (size_t p = 0; p < system->pd_count; p++) {
        for (size_t m = 0; m < system->pds[p].map_count; m++)
            check_map(reader, &system->pds[p], m);
    }
    struct ids ids = {0};
    check_irqs(reader, &ids);
    for (size_t c = 0; c < system->channel_count; c++)
        check_channel(reader, &ids, &system->channels[c]);
    check_physical(reader);
    if (reader->errors > 0)
        return;
    choose_page_sizes(reader);
    resolve_physical(reader);
}
