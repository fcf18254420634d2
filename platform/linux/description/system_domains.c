/* SPDX-License-Identifier: BSD-2-Clause */
/* Domains and capability spaces of a .system file, by the rules of Microkit 2.3 (tool, sdf.rs).
 * Linux keeps no domain schedule and gives no capability, so what is right is only remembered for
 * a line that says so; what Microkit would refuse is refused here as well. */
#include "platform/linux/description/values.h"

#include <string.h>

/* Slot 0 is Microkit's own; CAP_MAP_MAX_SLOT. */
enum { SLOT_MAX = 127, DOMAIN_ID_MAX = SYSTEM_DOMAINS_MAX - 1 };

struct domains {
    xmlNode *element;
    struct {
        char name[SYSTEM_NAME_MAX];
        bool has_id;
        uint64_t id;
        unsigned line;
    } list[SYSTEM_DOMAINS_MAX];
    size_t count;
};

static bool has_domain(const struct domains *domains, const char *name)
{
    for (size_t i = 0; i < domains->count; i++) {
        if (strcmp(domains->list[i].name, name) == 0)
            return true;
    }
    return false;
}

static void parse_domain(struct reader *reader, xmlNode *node, struct domains *domains)
{
    if (domains->count == SYSTEM_DOMAINS_MAX) {
        reader_error(reader, xml_line(node), RULE_FILE_LIMIT,
                     "more than %d domains, the most that Microkit's kernels have" REMEDY
                     "remove some",
                     SYSTEM_DOMAINS_MAX);
        return;
    }
    size_t index = domains->count;
    char *name = domains->list[index].name;
    domains->list[index].line = xml_line(node);
    domains->list[index].has_id =
        number_of(reader, node, "id", DOMAIN_ID_MAX, &domains->list[index].id);
    if (!text_of(reader, node, "name", name, SYSTEM_NAME_MAX))
        return;
    for (size_t i = 0; i < index; i++) {
        bool same_id = domains->list[i].has_id && domains->list[index].has_id &&
                       domains->list[i].id == domains->list[index].id;
        if (strcmp(domains->list[i].name, name) == 0)
            reader_error(reader, xml_line(node), RULE_DUPLICATE_NAME,
                         "a domain is called \"%s\" already in line %u" REMEDY "rename one", name,
                         domains->list[i].line);
        else if (same_id)
            reader_error(reader, xml_line(node), RULE_DUPLICATE_ID,
                         "domain \"%s\": id %llu is taken by \"%s\" in line %u" REMEDY
                         "choose another",
                         name, (unsigned long long)domains->list[i].id, domains->list[i].name,
                         domains->list[i].line);
    }
    domains->count++;
}

/* "NUMBER us" or "NUMBER ticks". */
static void check_duration(struct reader *reader, xmlNode *node)
{
    char text[SYSTEM_NAME_MAX];
    if (!text_of(reader, node, "duration", text, sizeof(text)))
        return;
    char *space = strchr(text, ' ');
    const char *unit = space == NULL ? "" : space + 1;
    bool known = strcmp(unit, "us") == 0 || strcmp(unit, "ticks") == 0;
    size_t digits = strspn(text, "0123456789_");
    bool number =
        space != NULL && digits == (size_t)(space - text) && strcspn(text, "123456789") < digits;
    if (!known || !number)
        reader_error(reader, xml_line(node), RULE_UNIT,
                     "<schedule_entry> duration is \"%s\"" ALLOWED
                     "a number above 0 and a unit, \"1000 us\" or \"1000 ticks\"" REMEDY
                     "write one",
                     text);
}

static void parse_entry(struct reader *reader, xmlNode *node, const struct domains *domains)
{
    char name[SYSTEM_NAME_MAX];
    if (text_of(reader, node, "domain", name, sizeof(name)) && !has_domain(domains, name))
        reader_error(reader, xml_line(node), RULE_UNKNOWN_COMPONENT,
                     "<schedule_entry> domain: no domain is called \"%s\"" REMEDY
                     "correct it, or add the domain",
                     name);
    check_duration(reader, node);
}

static void parse_schedule(struct reader *reader, xmlNode *node, const struct domains *domains)
{
    uint64_t start = 0;
    uint64_t shift = 0;
    size_t entries = 0;
    number_of(reader, node, "start_index", UINT32_MAX, &start);
    number_of(reader, node, "index_shift", UINT32_MAX, &shift);
    for (xmlNode *child = xml_first(node); child != NULL; child = xml_next(child)) {
        entries += xml_is(child, "schedule_entry") || xml_is(child, "schedule_end_marker");
        if (xml_is(child, "schedule_entry"))
            parse_entry(reader, child, domains);
    }
    if (start >= entries)
        reader_error(reader, xml_line(node), RULE_OUT_OF_RANGE,
                     "<domain_schedule> starts at entry %llu but has %zu" REMEDY
                     "correct start_index, or add entries",
                     (unsigned long long)start, entries);
    if (shift + entries > SYSTEM_DOMAIN_SCHEDULE_MAX)
        reader_error(reader, xml_line(node), RULE_OUT_OF_RANGE,
                     "<domain_schedule> has %zu entries from index %llu, beyond %d, the last that "
                     "Microkit's kernels have" REMEDY "remove some",
                     entries, (unsigned long long)shift, SYSTEM_DOMAIN_SCHEDULE_MAX);
}

static void parse_element(struct reader *reader, xmlNode *node, struct domains *domains)
{
    xmlNode *schedule = NULL;
    size_t schedules = 0;
    for (xmlNode *child = xml_first(node); child != NULL; child = xml_next(child)) {
        if (xml_is(child, "domain"))
            parse_domain(reader, child, domains);
        if (xml_is(child, "domain_schedule")) {
            schedule = child;
            schedules++;
        }
    }
    if (domains->count == 0)
        reader_error(reader, xml_line(node), RULE_MISSING_KEY,
                     "<domains> has no <domain>" REMEDY "add one");
    if (schedules == 1)
        parse_schedule(reader, schedule, domains);
    else
        reader_error(reader, xml_line(node), RULE_MISSING_KEY,
                     "<domains> has %zu <domain_schedule>s" ALLOWED "1" REMEDY "write one",
                     schedules);
}

/* Microkit reads from the top: a PD belongs to a domain when <domains> stands above it. */
static void check_pd(struct reader *reader, xmlNode *node, const struct domains *domains,
                     bool below)
{
    struct system_pd *pd = &reader->system->pds[(intptr_t)node->_private - 1];
    bool named = text_of(reader, node, "domain", pd->domain, sizeof(pd->domain));
    if (!named && below && xmlHasNsProp(node, BAD_CAST "domain", NULL) == NULL)
        reader_error(reader, pd->line, RULE_MISSING_KEY,
                     "PD \"%s\" has no domain, but the system has a domain schedule" REMEDY
                     "add domain=",
                     pd->name);
    if (named && !below)
        reader_error(reader, pd->line, RULE_MISPLACED_ELEMENT,
                     "PD \"%s\" has domain \"%s\", but no <domains> stands above it" REMEDY
                     "add it there",
                     pd->name, pd->domain);
    else if (named && !has_domain(domains, pd->domain))
        reader_error(reader, pd->line, RULE_UNKNOWN_COMPONENT,
                     "PD \"%s\": no domain is called \"%s\"" REMEDY "correct it, or add the domain",
                     pd->name, pd->domain);
    if (domains->element != NULL && pd->cpu != 0)
        reader_error(
            reader, pd->line, RULE_OUT_OF_RANGE,
            "PD \"%s\" is on core %u, but seL4 has domain schedules on one core only" REMEDY
            "take cpu= or <domains> out",
            pd->name, pd->cpu);
}

void parse_domains(struct reader *reader, xmlNode *root)
{
    struct domains domains = {0};
    for (xmlNode *node = xml_first(root); node != NULL; node = xml_next(node)) {
        if (!xml_is(node, "domains"))
            continue;
        if (domains.element != NULL) {
            reader_error(reader, xml_line(node), RULE_DUPLICATE_KEY,
                         "a second <domains>" ALLOWED "one" REMEDY "merge them");
            continue;
        }
        domains.element = node;
        parse_element(reader, node, &domains);
    }
    bool below = false;
    for (xmlNode *node = xml_first(root); node != NULL;) {
        bool is_pd = xml_is(node, "protection_domain");
        below = below || node == domains.element;
        if (is_pd && node->_private != NULL)
            check_pd(reader, node, &domains, below);
        node = xml_walk(root, node, !is_pd);
    }
}

static void parse_capability(struct reader *reader, xmlNode *node, struct system_pd *pd,
                             unsigned taken[SLOT_MAX + 1])
{
    char name[SYSTEM_NAME_MAX];
    uint64_t slot = 0;
    const char *element = (const char *)node->name;
    if (text_of(reader, node, "pd", name, sizeof(name)) && find_pd(reader->system, name) < 0)
        reader_error(reader, xml_line(node), RULE_UNKNOWN_COMPONENT,
                     "<%s> pd: no PD is called \"%s\"" REMEDY "correct it", element, name);
    if (!number_of(reader, node, "slot", SLOT_MAX, &slot))
        return;
    if (slot == 0)
        reader_error(reader, xml_line(node), RULE_OUT_OF_RANGE,
                     "<%s> slot is 0, which is Microkit's" REMEDY "use 1 to %d", element, SLOT_MAX);
    else if (taken[slot] != 0)
        reader_error(reader, xml_line(node), RULE_DUPLICATE_ID,
                     "PD \"%s\": slot %llu is taken in line %u" REMEDY "choose another", pd->name,
                     (unsigned long long)slot, taken[slot]);
    else
        taken[slot] = xml_line(node);
    pd->capability_count++;
}

static void parse_cspace(struct reader *reader, xmlNode *node, struct system_pd *pd)
{
    unsigned taken[SLOT_MAX + 1] = {0};
    for (xmlNode *child = xml_first(node); child != NULL; child = xml_next(child)) {
        if (xml_is(child, "cap_tcb") || xml_is(child, "cap_sc") || xml_is(child, "cap_vspace"))
            parse_capability(reader, child, pd, taken);
    }
}

void parse_capabilities(struct reader *reader, xmlNode *root)
{
    const xmlNode *last = NULL;
    for (xmlNode *node = xml_first(root); node != NULL; node = xml_walk(root, node, false)) {
        if (!xml_is(node, "cspace") || node->parent->_private == NULL)
            continue;
        struct system_pd *pd = &reader->system->pds[(intptr_t)node->parent->_private - 1];
        if (node->parent == last)
            reader_error(reader, xml_line(node), RULE_DUPLICATE_KEY,
                         "PD \"%s\" has a second <cspace>" ALLOWED "one" REMEDY "merge them",
                         pd->name);
        else
            parse_cspace(reader, node, pd);
        last = node->parent;
    }
}
