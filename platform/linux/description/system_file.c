/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads a .system file (Microkit 2.3) for the host tools: system.h gives the contract, reader.h the
 * parts. Owns the model it returns; trusts nothing in the file. */
#include "platform/linux/description/reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void reader_error(struct reader *reader, unsigned line, enum rule rule, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (reader->nodes != NULL)
        yaml_verror(reader->nodes[line - 1], rule, format, arguments);
    else
        findings_add(reader->findings, rule,
                     (struct finding_place){.file = reader->path, .line = line, .object = ""},
                     format, arguments);
    va_end(arguments);
    if (rule_level(rule) == ERROR)
        reader->errors++;
}

unsigned reader_line(const struct reader *reader, unsigned line)
{
    return reader->nodes == NULL ? line : reader->nodes[line - 1]->key_line;
}

int find_region(const struct system_description *system, const char *name)
{
    for (size_t i = 0; i < system->region_count && name[0] != '\0'; i++) {
        if (strcmp(system->regions[i].name, name) == 0)
            return (int)i;
    }
    return -1;
}

int find_pd(const struct system_description *system, const char *name)
{
    for (size_t i = 0; i < system->pd_count && name[0] != '\0'; i++) {
        if (strcmp(system->pds[i].name, name) == 0)
            return (int)i;
    }
    return -1;
}

struct system_description *system_new(const char *path)
{
    struct system_description *system = calloc(1, sizeof(*system));
    if (system == NULL)
        return NULL;
    snprintf(system->file, sizeof(system->file), "%s", path);
    system->regions = calloc(SYSTEM_REGIONS_MAX, sizeof(*system->regions));
    system->pds = calloc(SYSTEM_PDS_MAX, sizeof(*system->pds));
    system->channels = calloc(SYSTEM_CHANNELS_MAX, sizeof(*system->channels));
    if (system->regions != NULL && system->pds != NULL && system->channels != NULL)
        return system;
    system_free(system);
    return NULL;
}

static void read_document(struct reader *reader, xmlDoc *document)
{
    if (document == NULL)
        return;
    bool valid = xml_validate(reader, document);
    xmlNode *root = xmlDocGetRootElement(document);
    if (xml_is(root, "system")) {
        parse_system(reader, root);
        check_system(reader);
        if (reader->thorough && reader->errors == 0)
            check_rules(reader);
    }
    if (!valid && reader->errors == 0)
        reader_error(reader, reader->grammar_line, RULE_SYNTAX, "does not fit the grammar: %s",
                     reader->grammar_error);
    xmlFreeDoc(document);
}

struct system_description *system_read_from(const struct system_source *source,
                                            struct findings *findings)
{
    struct reader *reader = calloc(1, sizeof(*reader));
    struct system_description *system = system_new(source->name);
    if (reader == NULL || system == NULL) {
        findings_add_file(findings, RULE_CANNOT_READ, source->name, "not read: out of memory");
        free(reader);
        system_free(system);
        return NULL;
    }
    reader->path = source->name;
    reader->package = source->package;
    reader->findings = findings;
    reader->system = system;
    reader->search = source->search;
    reader->search_count = source->search_count;
    reader->files_may_miss = source->files_may_miss;
    reader->board = source->board;
    reader->thorough = source->thorough;
    reader->not_for_linux = source->not_for_linux;
    read_document(reader, source->text == NULL ? xml_load(reader)
                                               : xml_parse(reader, source->text, source->size));
    bool good = reader->errors == 0;
    free(reader);
    if (good)
        return system;
    system_free(system);
    return NULL;
}

static struct system_description *read_and_print(const struct system_source *source)
{
    struct findings findings = {0};
    struct system_description *system = system_read_from(source, &findings);
    findings_print(&findings, stderr);
    findings_free(&findings);
    return system;
}

struct system_description *system_read(const char *path, const char *const *search,
                                       size_t search_count)
{
    struct system_source source = {.name = path, .search = search, .search_count = search_count};
    return read_and_print(&source);
}

struct system_description *system_read_package(const struct system_package *package)
{
    struct system_source source = {.name = package->shown, .package = package};
    return read_and_print(&source);
}

void system_free(struct system_description *system)
{
    if (system == NULL)
        return;
    free(system->files);
    free(system->regions);
    free(system->pds);
    free(system->channels);
    free(system);
}
