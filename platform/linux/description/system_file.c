/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads a .system file (Microkit 2.3) for the host tools: system.h gives the contract, reader.h the
 * parts. Owns the model it returns; trusts nothing in the file. */
#include "platform/linux/description/reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ERRORS_PRINTED_MAX = 100, MESSAGE_MAX = 1024 };

static void print_message(const char *path, unsigned line, const char *kind, const char *format,
                          va_list arguments) __attribute__((format(printf, 4, 0)));

/* Control characters of a hostile file must not reach the terminal. */
static void print_message(const char *path, unsigned line, const char *kind, const char *format,
                          va_list arguments)
{
    char message[MESSAGE_MAX];
    vsnprintf(message, sizeof(message), format, arguments);
    for (unsigned char *c = (unsigned char *)message; *c != 0; c++) {
        bool c1 = c[0] == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0;
        if (*c < 0x20 || *c == 0x7f || c1)
            *c = '?';
    }
    if (line == 0)
        fprintf(stderr, "%s: %s%s\n", path, kind, message);
    else
        fprintf(stderr, "%s:%u: %s%s\n", path, line, kind, message);
}

void reader_error(struct reader *reader, unsigned line, const char *format, ...)
{
    reader->errors++;
    if (reader->errors > ERRORS_PRINTED_MAX)
        return;
    va_list arguments;
    va_start(arguments, format);
    print_message(reader->path, line, "", format, arguments);
    va_end(arguments);
}

void reader_warning(const struct reader *reader, unsigned line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_message(reader->path, line, "warning: ", format, arguments);
    va_end(arguments);
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

static struct system_description *new_system(const char *path)
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

static void read_into(struct reader *reader)
{
    xmlDoc *document = xml_load(reader);
    if (document == NULL)
        return;
    bool valid = xml_validate(reader, document);
    xmlNode *root = xmlDocGetRootElement(document);
    if (xml_is(root, "system")) {
        parse_system(reader, root);
        check_system(reader);
    }
    if (!valid && reader->errors == 0)
        reader_error(reader, reader->grammar_line, "does not fit the grammar: %s",
                     reader->grammar_error);
    if (reader->errors > ERRORS_PRINTED_MAX)
        fprintf(stderr, "%s: %u more errors\n", reader->path, reader->errors - ERRORS_PRINTED_MAX);
    xmlFreeDoc(document);
}

static struct system_description *read_system(const char *path, const char *const *search,
                                              size_t search_count,
                                              const struct system_package *package)
{
    struct reader *reader = calloc(1, sizeof(*reader));
    struct system_description *system = new_system(path);
    if (reader == NULL || system == NULL) {
        fprintf(stderr, "%s: not read: out of memory\n", path);
        free(reader);
        system_free(system);
        return NULL;
    }
    reader->path = path;
    reader->package = package;
    reader->system = system;
    reader->search = search;
    reader->search_count = search_count;
    read_into(reader);
    bool good = reader->errors == 0;
    free(reader);
    if (good)
        return system;
    system_free(system);
    return NULL;
}

struct system_description *system_read(const char *path, const char *const *search,
                                       size_t search_count)
{
    return read_system(path, search, search_count, NULL);
}

struct system_description *system_read_package(const struct system_package *package)
{
    return read_system(package->shown, NULL, 0, package);
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
