/* SPDX-License-Identifier: BSD-2-Clause */
/* The second step of the .system reader (reader.h): the tree becomes the model, each value checked
 * by itself against Microkit's manual, chapter "System Description File". What is unknown or
 * missing was reported by xml_validate(); here absent attributes keep their default. */
#include "platform/linux/description/values.h"

#include <string.h>

enum {
    BUDGET_DEFAULT_US = 1000,
    STACK_DEFAULT = 0x2000,
    STACK_MIN = 0x1000,
    STACK_MAX = 16 << 20,
    PRIORITY_MAX = 254,
    CHILD_ID_MAX = 62,
    CPU_MAX = 255,
};

/* More fits no address space that Microkit gives (system_check.c). */
static const uint64_t REGION_MAX = UINT64_C(1) << 40;

/* What Microkit knows and Linux has no counterpart of. An empty attribute: the element itself. */
static const struct {
    const char *element, *attribute, *remedy;
} NOT_ON_LINUX[] = {
    {"virtual_machine", "", "virtual machines need seL4" REMEDY "take it out to run on Linux"},
    {"ioport", "", "I/O ports need seL4 on x86" REMEDY "use memory-mapped registers"},
    {"io_address_space", "", "on Linux the board's device models check DMA" REMEDY "take it out"},
    {"memory_region", "prefill_bootinfo",
     "Linux gives no boot information" REMEDY "use prefill_path"},
    {"irq", "pin", "Linux has no I/O APIC interrupts for PDs" REMEDY "give the number with irq="},
    {"irq", "vector", "Linux has no interrupt vectors for PDs" REMEDY "take it out"},
    {"irq", "ioapic",
     "Linux has no I/O APIC interrupts for PDs" REMEDY "give the number with irq="},
    {"irq", "polarity", "Linux has no I/O APIC interrupts for PDs" REMEDY "take it out"},
    {"irq", "pcidev", "Linux has no PCI interrupts for PDs" REMEDY "give the number with irq="},
    {"irq", "handle", "Linux has no PCI interrupts for PDs" REMEDY "take it out"},
};

static void refuse_foreign(struct reader *reader, xmlNode *node)
{
    const char *name = (const char *)node->name;
    for (size_t i = 0; !reader->not_for_linux && i < sizeof(NOT_ON_LINUX) / sizeof(NOT_ON_LINUX[0]);
         i++) {
        const char *attribute = NOT_ON_LINUX[i].attribute;
        if (strcmp(NOT_ON_LINUX[i].element, name) != 0)
            continue;
        if (attribute[0] == '\0')
            reader_error(reader, xml_line(node), RULE_NOT_ON_LINUX, "<%s>: %s", name,
                         NOT_ON_LINUX[i].remedy);
        else if (xmlHasNsProp(node, BAD_CAST attribute, NULL) != NULL)
            reader_error(reader, xml_line(node), RULE_NOT_ON_LINUX, "<%s> %s: %s", name, attribute,
                         NOT_ON_LINUX[i].remedy);
    }
}

static void parse_region_size(struct reader *reader, xmlNode *node, struct system_region *region)
{
    bool prefilled = region->prefill_size > 0;
    bool named = xmlHasNsProp(node, BAD_CAST "size", NULL) != NULL;
    if (number_of(reader, node, "size", REGION_MAX, &region->size)) {
        if (region->size == 0 || region->size % region->page_size != 0)
            reader_error(
                reader, region->line, RULE_MISALIGNED,
                "region \"%s\": size 0x%llx is not a multiple of its page size 0x%llx" REMEDY
                "round it up",
                region->name, (unsigned long long)region->size,
                (unsigned long long)region->page_size);
        else if (prefilled && region->prefill_size > region->size)
            reader_error(reader, region->line, RULE_OUT_OF_RANGE,
                         "region \"%s\": size 0x%llx is less than the 0x%llx bytes of \"%s\"" REMEDY
                         "take size= out, it follows from the file",
                         region->name, (unsigned long long)region->size,
                         (unsigned long long)region->prefill_size, region->prefill_path);
    } else if (prefilled) {
        uint64_t pages = (region->prefill_size - 1) / region->page_size + 1;
        region->size = pages * region->page_size;
    } else if (!named && xmlHasNsProp(node, BAD_CAST "prefill_path", NULL) == NULL) {
        reader_error(reader, region->line, RULE_MISSING_KEY,
                     "region \"%s\" has neither size nor prefill_path" REMEDY "add one",
                     region->name);
    }
}

static void parse_region(struct reader *reader, xmlNode *node)
{
    struct system_description *system = reader->system;
    if (system->region_count == SYSTEM_REGIONS_MAX) {
        reader_error(reader, xml_line(node), RULE_FILE_LIMIT,
                     "more than %d memory regions" REMEDY "merge some", SYSTEM_REGIONS_MAX);
        return;
    }
    size_t index = system->region_count++;
    struct system_region *region = &system->regions[index];
    region->line = xml_line(node);
    region->page_size = PAGE_SMALL;
    text_of(reader, node, "name", region->name, sizeof(region->name));
    uint64_t page_size = PAGE_SMALL;
    if (number_of(reader, node, "page_size", UINT64_MAX, &page_size)) {
        reader->page_size_given[index] = true;
        if (page_size == PAGE_SMALL || page_size == PAGE_LARGE)
            region->page_size = page_size;
        else
            reader_error(reader, region->line, RULE_OUT_OF_RANGE,
                         "region \"%s\": page_size 0x%llx" ALLOWED "0x1000 or 0x200000" REMEDY
                         "write one of them",
                         region->name, (unsigned long long)page_size);
    }
    struct stat info;
    if (file_of(reader, node, "prefill_path", region->prefill_path, &info)) {
        region->prefill_size = (uint64_t)info.st_size;
        if (info.st_size == 0)
            reader_error(reader, region->line, RULE_MISSING_FILE,
                         "region \"%s\": file \"%s\" is empty" REMEDY "fill it", region->name,
                         region->prefill_path);
    }
    parse_region_size(reader, node, region);
    if (region->size == 0) /* a prefill file that is not there yet */
        region->size = region->page_size;
    region->has_phys_addr = number_of(reader, node, "phys_addr", UINT64_MAX, &region->phys_addr);
    if (region->phys_addr % region->page_size != 0)
        reader_error(
            reader, region->line, RULE_MISALIGNED,
            "region \"%s\": phys_addr 0x%llx is not a multiple of its page size 0x%llx" REMEDY
            "align it",
            region->name, (unsigned long long)region->phys_addr,
            (unsigned long long)region->page_size);
}

/* A setvar of any kind: the symbol is in `attribute` of the node. */
static void add_setvar(struct reader *reader, size_t pd_index, xmlNode *node, const char *attribute,
                       uint64_t value, int paddr_region)
{
    struct system_pd *pd = &reader->system->pds[pd_index];
    char symbol[SYSTEM_NAME_MAX];
    if (!text_of(reader, node, attribute, symbol, sizeof(symbol)))
        return;
    for (size_t i = 0; i < pd->setvar_count; i++) {
        if (strcmp(pd->setvars[i].symbol, symbol) == 0) {
            reader_error(reader, xml_line(node), RULE_DUPLICATE_SYMBOL,
                         "PD \"%s\": symbol \"%s\" is already set in line %u" REMEDY "remove one",
                         pd->name, symbol, pd->setvars[i].line);
            return;
        }
    }
    if (pd->setvar_count == SYSTEM_SETVARS_MAX) {
        reader_error(reader, xml_line(node), RULE_FILE_LIMIT,
                     "PD \"%s\" has more than %d setvars" REMEDY "remove some", pd->name,
                     SYSTEM_SETVARS_MAX);
        return;
    }
    reader->paddr_region[pd_index][pd->setvar_count] = paddr_region;
    struct system_setvar *setvar = &pd->setvars[pd->setvar_count++];
    memcpy(setvar->symbol, symbol, sizeof(symbol));
    setvar->value = value;
    setvar->line = xml_line(node);
}

/* The region that the attribute names, or NO_REGION. */
static int region_of(struct reader *reader, xmlNode *node, const char *attribute)
{
    char name[SYSTEM_NAME_MAX];
    if (!text_of(reader, node, attribute, name, sizeof(name)))
        return NO_REGION;
    int region = find_region(reader->system, name);
    if (region < 0)
        reader_error(reader, xml_line(node), RULE_UNKNOWN_REGION,
                     "<%s> %s: no memory region is called \"%s\"" REMEDY
                     "correct it, or add the region",
                     (const char *)node->name, attribute, name);
    return region;
}

static void parse_perms(struct reader *reader, xmlNode *node, struct system_map *map)
{
    char perms[SYSTEM_NAME_MAX];
    map->read = true;
    map->write = true;
    if (!text_of(reader, node, "perms", perms, sizeof(perms)))
        return;
    map->read = strchr(perms, 'r') != NULL;
    map->write = strchr(perms, 'w') != NULL;
    map->execute = strchr(perms, 'x') != NULL;
    if (perms[strspn(perms, "rwx")] != '\0')
        reader_error(reader, map->line, RULE_PERMISSIONS,
                     "<map> perms is \"%s\"" ALLOWED "letters of \"rwx\"" REMEDY "write them",
                     perms);
    else if (map->write && !map->read)
        reader_error(reader, map->line, RULE_PERMISSIONS,
                     "<map> perms is \"%s\"" REMEDY
                     "seL4 has no mapping to write without reading, use \"r%s\"",
                     perms, perms);
}

static void parse_map(struct reader *reader, size_t pd_index, xmlNode *node)
{
    struct system_pd *pd = &reader->system->pds[pd_index];
    if (pd->map_count == SYSTEM_MAPS_MAX) {
        reader_error(reader, xml_line(node), RULE_FILE_LIMIT,
                     "PD \"%s\" has more than %d maps" REMEDY "merge regions", pd->name,
                     SYSTEM_MAPS_MAX);
        return;
    }
    struct system_map map = {.line = xml_line(node), .cached = true};
    parse_perms(reader, node, &map);
    flag_of(reader, node, "cached", &map.cached);
    int region = region_of(reader, node, "mr");
    bool placed = number_of(reader, node, "vaddr", UINT64_MAX, &map.vaddr);
    uint64_t size = 0;
    uint64_t prefill_size = 0;
    if (region >= 0) {
        const struct system_region *found = &reader->system->regions[region];
        size = found->size;
        prefill_size = found->prefill_size;
        if (xmlHasNsProp(node, BAD_CAST "setvar_prefill_size", NULL) != NULL &&
            found->prefill_path[0] == '\0')
            reader_error(reader, map.line, RULE_MISSING_KEY,
                         "<map> setvar_prefill_size: region \"%s\" has no prefill_path" REMEDY
                         "use setvar_size",
                         found->name);
    }
    add_setvar(reader, pd_index, node, "setvar_vaddr", map.vaddr, NO_REGION);
    add_setvar(reader, pd_index, node, "setvar_size", size, NO_REGION);
    add_setvar(reader, pd_index, node, "setvar_prefill_size", prefill_size, NO_REGION);
    if (region < 0 || !placed)
        return;
    map.region = (unsigned)region;
    pd->maps[pd->map_count++] = map;
}

static void parse_irq(struct reader *reader, size_t pd_index, xmlNode *node)
{
    struct system_pd *pd = &reader->system->pds[pd_index];
    struct system_irq irq = {.line = xml_line(node)};
    bool foreign = xmlHasNsProp(node, BAD_CAST "pin", NULL) != NULL ||
                   xmlHasNsProp(node, BAD_CAST "pcidev", NULL) != NULL;
    if (xmlHasNsProp(node, BAD_CAST "irq", NULL) == NULL && !foreign)
        reader_error(reader, irq.line, RULE_MISSING_KEY,
                     "<irq> lacks attribute \"irq\"" REMEDY "add the interrupt's number");
    word_of(reader, node, "trigger", "level", "edge", &irq.edge);
    bool good = id_of(reader, node, "id", &irq.id);
    good = decimal_of(reader, node, "irq", UINT32_MAX, &irq.irq) && good;
    if (!good)
        return;
    add_setvar(reader, pd_index, node, "setvar_id", irq.id, NO_REGION);
    if (pd->irq_count == sizeof(pd->irqs) / sizeof(pd->irqs[0]))
        reader_error(reader, irq.line, RULE_TOO_MANY_CHANNELS,
                     "PD \"%s\" has more than %zu IRQs" REMEDY "give some to another PD", pd->name,
                     pd->irq_count);
    else
        pd->irqs[pd->irq_count++] = irq;
}

static void parse_image(struct reader *reader, struct system_pd *pd, xmlNode *node,
                        unsigned *images)
{
    struct stat info;
    if (++*images > 1)
        reader_error(reader, xml_line(node), RULE_DUPLICATE_KEY,
                     "PD \"%s\" has a second <program_image>" ALLOWED "one" REMEDY "remove it",
                     pd->name);
    else {
        file_of(reader, node, "path", pd->image, &info);
        file_of(reader, node, "path_for_symbols", pd->symbols, &info);
    }
}

/* What stands in a <protection_domain>, but for its children, who have their own turn. */
static void parse_content(struct reader *reader, size_t pd_index, xmlNode *node)
{
    struct system_pd *pd = &reader->system->pds[pd_index];
    unsigned images = 0;
    for (xmlNode *child = xml_first(node); child != NULL; child = xml_next(child)) {
        refuse_foreign(reader, child);
        if (xml_is(child, "program_image"))
            parse_image(reader, pd, child, &images);
        else if (xml_is(child, "map"))
            parse_map(reader, pd_index, child);
        else if (xml_is(child, "irq"))
            parse_irq(reader, pd_index, child);
        else if (xml_is(child, "setvar"))
            add_setvar(reader, pd_index, child, "symbol", 0,
                       region_of(reader, child, "region_paddr"));
    }
    if (images == 0)
        reader_error(reader, pd->line, RULE_MISSING_KEY,
                     "PD \"%s\" has no <program_image>" REMEDY "add <program_image path=\"...\"/>",
                     pd->name);
}

static void parse_scheduling(struct reader *reader, xmlNode *node, struct system_pd *pd)
{
    uint64_t priority = 0;
    uint64_t cpu = 0;
    bool smc = false;
    pd->fpu = true;
    number_of(reader, node, "priority", PRIORITY_MAX, &priority);
    number_of(reader, node, "cpu", CPU_MAX, &cpu);
    flag_of(reader, node, "fpu", &pd->fpu);
    flag_of(reader, node, "smc", &smc);
    flag_of(reader, node, "passive", &pd->passive);
    pd->priority = (unsigned)priority;
    pd->cpu = (unsigned)cpu;
    if (smc && !reader->not_for_linux)
        reader_error(reader, pd->line, RULE_NOT_ON_LINUX,
                     "PD \"%s\": smc calls need seL4 on Arm" REMEDY "take it out", pd->name);
    pd->budget_us = BUDGET_DEFAULT_US;
    number_of(reader, node, "budget", UINT64_MAX, &pd->budget_us);
    pd->period_us = pd->budget_us;
    number_of(reader, node, "period", UINT64_MAX, &pd->period_us);
    if (pd->budget_us == 0)
        reader_error(reader, pd->line, RULE_OUT_OF_RANGE,
                     "PD \"%s\": budget is 0" ALLOWED "microseconds of 1 and up" REMEDY "raise it",
                     pd->name);
    if (pd->budget_us > pd->period_us)
        reader_error(reader, pd->line, RULE_BUDGET_ABOVE_PERIOD,
                     "PD \"%s\": budget %llu us is more than period %llu us" REMEDY "lower it",
                     pd->name, (unsigned long long)pd->budget_us,
                     (unsigned long long)pd->period_us);
}

static void parse_parent(struct reader *reader, xmlNode *node, size_t pd_index)
{
    struct system_pd *pd = &reader->system->pds[pd_index];
    bool nested = xml_is(node->parent, "protection_domain");
    bool has_id = xmlHasNsProp(node, BAD_CAST "id", NULL) != NULL;
    pd->parent = nested ? (int)(intptr_t)node->parent->_private - 1 : -1;
    uint64_t id = 0;
    if (!nested) {
        if (has_id || xmlHasNsProp(node, BAD_CAST "setvar_id", NULL) != NULL)
            reader_error(reader, pd->line, RULE_CHILD_ID,
                         "PD \"%s\" has %s but no parent" REMEDY
                         "take it out, or nest the PD in another",
                         pd->name, has_id ? "an id" : "a setvar_id");
        return;
    }
    if (!has_id)
        reader_error(reader, pd->line, RULE_CHILD_ID,
                     "PD \"%s\" lacks attribute \"id\"" REMEDY "children have one of 0 to %d",
                     pd->name, CHILD_ID_MAX);
    if (number_of(reader, node, "id", CHILD_ID_MAX, &id) && pd->parent >= 0)
        add_setvar(reader, (size_t)pd->parent, node, "setvar_id", id, NO_REGION);
    pd->id = (unsigned)id;
    for (size_t i = 0; i < pd_index && has_id; i++) {
        const struct system_pd *other = &reader->system->pds[i];
        if (other->parent == pd->parent && other->id == pd->id)
            reader_error(reader, pd->line, RULE_CHILD_ID,
                         "PD \"%s\": child id %u is taken by \"%s\" in line %u" REMEDY
                         "choose another",
                         pd->name, pd->id, other->name, other->line);
    }
}

static void parse_pd(struct reader *reader, xmlNode *node)
{
    struct system_description *system = reader->system;
    size_t index = system->pd_count++;
    struct system_pd *pd = &system->pds[index];
    node->_private = (void *)(intptr_t)(index + 1); /* found there by its children */
    pd->line = xml_line(node);
    text_of(reader, node, "name", pd->name, sizeof(pd->name));
    parse_parent(reader, node, index);
    parse_scheduling(reader, node, pd);
    pd->stack_size = STACK_DEFAULT;
    number_of(reader, node, "stack_size", UINT64_MAX, &pd->stack_size);
    if (pd->stack_size < STACK_MIN || pd->stack_size > STACK_MAX ||
        pd->stack_size % PAGE_SMALL != 0)
        reader_error(reader, pd->line, RULE_OUT_OF_RANGE,
                     "PD \"%s\": stack_size 0x%llx" ALLOWED
                     "a multiple of 0x1000 of 0x%x to 0x%x" REMEDY "correct it",
                     pd->name, (unsigned long long)pd->stack_size, STACK_MIN, STACK_MAX);
    parse_content(reader, index, node);
}

/* All PDs in the order of the file, so that parents come first. */
static void parse_pds(struct reader *reader, xmlNode *root)
{
    for (xmlNode *node = xml_first(root); node != NULL;) {
        bool is_pd = xml_is(node, "protection_domain");
        if (is_pd && reader->system->pd_count == SYSTEM_PDS_MAX) {
            reader_error(reader, xml_line(node), RULE_TOO_MANY_PDS,
                         "more than %d PDs, the most seL4's Microkit takes" REMEDY "remove some",
                         SYSTEM_PDS_MAX);
            return;
        }
        if (is_pd)
            parse_pd(reader, node);
        node = xml_walk(root, node, !is_pd);
    }
}

static bool parse_end(struct reader *reader, xmlNode *node, struct system_end *end)
{
    char name[SYSTEM_NAME_MAX];
    end->notify = true;
    flag_of(reader, node, "notify", &end->notify);
    flag_of(reader, node, "pp", &end->pp);
    bool good = id_of(reader, node, "id", &end->id);
    if (!text_of(reader, node, "pd", name, sizeof(name)))
        return false;
    int pd = find_pd(reader->system, name);
    if (pd < 0) {
        reader_error(reader, xml_line(node), RULE_UNKNOWN_COMPONENT,
                     "<end> pd: no PD is called \"%s\"" REMEDY "correct it", name);
        return false;
    }
    end->pd = (unsigned)pd;
    if (good)
        add_setvar(reader, end->pd, node, "setvar_id", end->id, NO_REGION);
    return good;
}

static void parse_channel(struct reader *reader, xmlNode *node)
{
    struct system_description *system = reader->system;
    struct system_channel channel = {.line = xml_line(node)};
    size_t ends = 0;
    bool good = true;
    for (xmlNode *child = xml_first(node); child != NULL; child = xml_next(child)) {
        if (!xml_is(child, "end"))
            continue;
        if (ends < 2)
            good = parse_end(reader, child, &channel.end[ends]) && good;
        ends++;
    }
    if (ends != 2)
        reader_error(reader, channel.line, RULE_CHANNEL_ENDS,
                     "<channel> has %zu <end>s" ALLOWED "2" REMEDY "name two PDs", ends);
    else if (system->channel_count == SYSTEM_CHANNELS_MAX)
        reader_error(reader, channel.line, RULE_FILE_LIMIT,
                     "more than %d channels" REMEDY "remove some", SYSTEM_CHANNELS_MAX);
    else if (good)
        system->channels[system->channel_count++] = channel;
}

void parse_system(struct reader *reader, xmlNode *root)
{
    for (xmlNode *node = xml_first(root); node != NULL; node = xml_next(node)) {
        refuse_foreign(reader, node);
        if (xml_is(node, "memory_region"))
            parse_region(reader, node);
    }
    parse_pds(reader, root);
    parse_domains(reader, root);
    parse_capabilities(reader, root);
    for (xmlNode *node = xml_first(root); node != NULL; node = xml_next(node)) {
        if (xml_is(node, "channel"))
            parse_channel(reader, node);
    }
    if (reader->system->pd_count == 0)
        reader_error(reader, xml_line(root), RULE_MISSING_KEY,
                     "<system> has no <protection_domain>" REMEDY "add one");
}
