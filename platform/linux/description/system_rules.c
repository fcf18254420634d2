/* SPDX-License-Identifier: BSD-2-Clause */
/* The last step of the .system reader when `sddf check` asks (reader.h): what a system that can be
 * built may still suffer from on seL4: stalls, calls that never return, pages and capability slots
 * that run out. docs/rules says why each matters. Each rule is a function of the model alone. */
#include "platform/linux/description/reader.h"

#include <string.h>

/* The initialiser's capability slots (measured with Microkit 2.3, docs/rules). */
enum { CAPABILITY_SLOTS = 131072 };

/* What one thing takes of them. */
enum {
    SLOTS_OF_PD = 16, /* TCB, CNode, VSpace, tables, scheduling context, notification, reply ... */
    SLOTS_OF_IMAGE = 64,
    SLOTS_OF_CHANNEL = 2,
    SLOTS_OF_IRQ = 3,
};

static bool limited(const struct system_pd *pd)
{
    return pd->budget_us < pd->period_us;
}

static void check_caller(struct reader *reader, const struct system_pd *pd,
                         const struct system_pd *caller)
{
    if (limited(caller))
        reader_error(
            reader, caller->line, RULE_PASSIVE_BUDGET,
            "PD \"%s\" calls the passive \"%s\" with a budget of %llu us in %llu us" ALLOWED
            "a budget as long as the period: it stalls in the call" REMEDY
            "take budget and period out, or make \"%s\" active",
            caller->name, pd->name, (unsigned long long)caller->budget_us,
            (unsigned long long)caller->period_us, pd->name);
}

/* Checks those who may call the PD; returns how many they are. */
static unsigned check_callers(struct reader *reader, unsigned pd)
{
    const struct system_description *system = reader->system;
    unsigned count = 0;
    for (size_t c = 0; c < system->channel_count; c++) {
        const struct system_end *end = system->channels[c].end;
        for (unsigned e = 0; e < 2; e++) {
            if (end[e].pd != pd || !end[1 - e].pp)
                continue;
            count++;
            check_caller(reader, &system->pds[pd], &system->pds[end[1 - e].pd]);
        }
    }
    return count;
}

/* A passive PD runs on its callers' time: without one it never runs again after init. */
static void check_passive(struct reader *reader)
{
    const struct system_description *system = reader->system;
    for (unsigned p = 0; p < system->pd_count; p++) {
        const struct system_pd *pd = &system->pds[p];
        if (!pd->passive)
            continue;
        unsigned callers = check_callers(reader, p);
        if (callers == 0 && pd->irq_count == 0)
            reader_error(reader, pd->line, RULE_PASSIVE_UNCALLED,
                         "PD \"%s\" is passive and nobody calls it" ALLOWED "one caller" REMEDY
                         "let one PD call it, or take passive out",
                         pd->name);
        if (callers > 1 && !pd->serves_several)
            reader_error(reader, pd->line, RULE_PASSIVE_CALLERS,
                         "PD \"%s\" is passive and %u PDs call it" ALLOWED
                         "one, or all trusted and with full budgets: a caller that is stopped in a "
                         "call stops the others" REMEDY "put a server between, or make it active",
                         pd->name, callers);
        if (limited(pd))
            reader_error(reader, pd->line, RULE_PASSIVE_BUDGET,
                         "PD \"%s\" is passive with a budget of %llu us in %llu us" ALLOWED
                         "a budget as long as the period: its callers wait while it has none" REMEDY
                         "take budget and period out",
                         pd->name, (unsigned long long)pd->budget_us,
                         (unsigned long long)pd->period_us);
    }
}

/* Who waits for a call to itself waits for ever. Reported once, at the first PD of each cycle. */
static void check_cycles(struct reader *reader)
{
    static bool calls[SYSTEM_PDS_MAX][SYSTEM_PDS_MAX];
    const struct system_description *system = reader->system;
    size_t count = system->pd_count;
    memset(calls, 0, sizeof(calls));
    for (size_t c = 0; c < system->channel_count; c++) {
        const struct system_end *end = system->channels[c].end;
        for (unsigned e = 0; e < 2; e++)
            calls[end[e].pd][end[1 - e].pd] |= end[e].pp && end[0].pd != end[1].pd;
    }
    for (size_t through = 0; through < count; through++) {
        for (size_t from = 0; from < count; from++) {
            for (size_t to = 0; to < count && calls[from][through]; to++)
                calls[from][to] |= calls[through][to];
        }
    }
    for (size_t p = 0; p < count; p++) {
        bool first = calls[p][p];
        size_t other = p;
        for (size_t q = 0; q < count && first; q++) {
            bool together = calls[p][q] && calls[q][p];
            first = !(together && q < p);
            if (together && other == p)
                other = q;
        }
        if (first)
            reader_error(reader, system->pds[p].line, RULE_PPC_CYCLE,
                         "PD \"%s\" calls \"%s\", whose calls come back to it" ALLOWED
                         "calls in one direction" REMEDY "let one of them notify instead",
                         system->pds[p].name, system->pds[other].name);
    }
}

/* A parent hears of a fault when it runs; a child above it that does not wait keeps it from that.
 */
static void check_parents(struct reader *reader)
{
    const struct system_description *system = reader->system;
    for (size_t p = 0; p < system->pd_count; p++) {
        const struct system_pd *pd = &system->pds[p];
        const struct system_pd *parent = pd->parent < 0 ? NULL : &system->pds[pd->parent];
        if (parent != NULL && parent->priority <= pd->priority)
            reader_error(reader, pd->line, RULE_PARENT_PRIORITY,
                         "PD \"%s\" has priority %u, its parent \"%s\" %u" ALLOWED
                         "a parent above its children" REMEDY "raise the parent or lower the child",
                         pd->name, pd->priority, parent->name, parent->priority);
    }
}

/* A core can keep the promise of all its budgets only if they fit into its time. */
static void check_cpus(struct reader *reader)
{
    const struct system_description *system = reader->system;
    uint64_t promised[256] = {0}; /* by core, in millionths */
    for (size_t p = 0; p < system->pd_count; p++) {
        const struct system_pd *pd = &system->pds[p];
        uint64_t *core = &promised[pd->cpu % 256];
        uint64_t before = *core;
        if (!limited(pd) || pd->period_us == 0)
            continue;
        *core += pd->budget_us > UINT64_MAX / 1000000 ? 1000000
                                                      : pd->budget_us * 1000000 / pd->period_us;
        if (before <= 1000000 && *core > 1000000)
            reader_error(reader, pd->line, RULE_CPU_OVERCOMMITTED,
                         "the limited budgets on core %u make %llu.%02llu with PD \"%s\"" ALLOWED
                         "at most 1 in all" REMEDY
                         "lower budgets, lengthen periods, or move PDs to another core",
                         pd->cpu, (unsigned long long)(*core / 1000000),
                         (unsigned long long)(*core / 10000 % 100), pd->name);
    }
}

/* The same memory cached for one and not for another: on Arm they see different contents. */
static void check_caching(struct reader *reader)
{
    static const struct system_map *first[SYSTEM_REGIONS_MAX];
    const struct system_description *system = reader->system;
    memset(first, 0, sizeof(first));
    for (size_t p = 0; p < system->pd_count; p++) {
        for (size_t m = 0; m < system->pds[p].map_count; m++) {
            const struct system_map *map = &system->pds[p].maps[m];
            if (first[map->region] == NULL)
                first[map->region] = map;
            else if (first[map->region]->cached != map->cached)
                reader_error(reader, map->line, RULE_MIXED_CACHING,
                             "PD \"%s\" maps region \"%s\" %s, line %u %s" ALLOWED
                             "one way for all" REMEDY "make them the same",
                             system->pds[p].name, system->regions[map->region].name,
                             map->cached ? "cached" : "uncached",
                             reader_line(reader, first[map->region]->line),
                             map->cached ? "uncached" : "cached");
        }
    }
}

/* Objects, and page mappings: each takes a slot of the initialiser's, which does not say when it
 * runs out. */
uint64_t system_capabilities(const struct system_description *system)
{
    uint64_t slots = 2 * (uint64_t)system->channel_count * SLOTS_OF_CHANNEL;
    for (size_t i = 0; i < system->region_count; i++)
        slots += system->regions[i].size / system->regions[i].page_size;
    for (size_t p = 0; p < system->pd_count; p++) {
        const struct system_pd *pd = &system->pds[p];
        slots += SLOTS_OF_PD + SLOTS_OF_IMAGE + pd->irq_count * SLOTS_OF_IRQ +
                 2 * (pd->stack_size / PAGE_SMALL);
        for (size_t m = 0; m < pd->map_count; m++) {
            const struct system_region *region = &system->regions[pd->maps[m].region];
            slots += region->size / region->page_size + region->size / PAGE_LARGE + 1;
        }
    }
    return slots;
}

static void check_capabilities(struct reader *reader)
{
    const struct system_description *system = reader->system;
    const struct system_region *largest = NULL;
    uint64_t pages = 0;
    uint64_t slots = system_capabilities(system);
    for (size_t i = 0; i < system->region_count; i++) {
        const struct system_region *region = &system->regions[i];
        if (largest == NULL || region->size / region->page_size > pages) {
            largest = region;
            pages = region->size / region->page_size;
        }
    }
    if (slots > CAPABILITY_SLOTS && largest != NULL)
        reader_error(reader, largest->line, RULE_TOO_MANY_CAPABILITIES,
                     "the system needs about %llu capability slots, region \"%s\" alone %llu for "
                     "its pages" ALLOWED "at most %d, what the initialiser has" REMEDY
                     "use pages of 2 MiB, or less memory",
                     (unsigned long long)slots, largest->name, (unsigned long long)pages,
                     CAPABILITY_SLOTS);
}

/* Large regions on small pages: 512 times the page mappings, and misses in the TLB. */
static void check_pages(struct reader *reader)
{
    const struct system_description *system = reader->system;
    for (size_t i = 0; i < system->region_count; i++) {
        const struct system_region *region = &system->regions[i];
        if (region->size >= PAGE_LARGE && region->page_size == PAGE_SMALL)
            reader_error(reader, region->line, RULE_SMALL_PAGES,
                         "region \"%s\" of 0x%llx bytes gets pages of 4 KiB" ALLOWED
                         "pages of 2 MiB: size and all addresses multiples of it" REMEDY
                         "round them up",
                         region->name, (unsigned long long)region->size);
    }
}

/* A device reaches memory by physical addresses: regions that its board lists need one. */
static void check_dma(struct reader *reader)
{
    const struct system_description *system = reader->system;
    const struct board *board = reader->board;
    for (size_t d = 0; board != NULL && d < board->device_count; d++) {
        for (size_t i = 0; i < board->devices[d].dma_count; i++) {
            int found = find_region(system, board->devices[d].dma[i]);
            if (found >= 0 && !system->regions[found].has_phys_addr)
                reader_error(reader, system->regions[found].line, RULE_DMA_WITHOUT_IO_ADDRESS,
                             "region \"%s\" has no phys_addr, but device %s reaches it by DMA "
                             "(%s:%u)" REMEDY "give it one in the board's window",
                             system->regions[found].name, board->devices[d].name, board->file,
                             board->devices[d].line);
        }
    }
}

void check_rules(struct reader *reader)
{
    check_passive(reader);
    check_cycles(reader);
    check_parents(reader);
    check_cpus(reader);
    check_caching(reader);
    check_capabilities(reader);
    check_pages(reader);
    check_dma(reader);
}
