/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the parts of the .system reader, in the order in which they work:
 *   system_file.c   opens, runs the others, frees
 *   system_xml.c    text to a tree that fits the grammar (system.rng), or why it does not
 *   system_files.c  the files that it names
 *   system_parse.c  tree to model, each value by itself
 *   system_domains.c  domains and capability spaces, which are checked and then only counted
 *   system_check.c  the model as a whole: names, ids, overlaps; and what follows from it: page
 *                   sizes, physical addresses, values of setvars
 *   system_rules.c  for `sddf check`: what seL4 would make of it
 * Run by host tools; trusts nothing in the file. */
#ifndef DESCRIPTION_READER_H
#define DESCRIPTION_READER_H

#include "platform/linux/system.h"
#include "tools/sddf/findings.h"
#include "tools/sddf/yaml.h"

#include <libxml/tree.h>
#include <sys/stat.h>

enum {
    PAGE_SMALL = 0x1000,
    PAGE_LARGE = 0x200000,
    READER_FILE_MAX = 16 << 20, /* bytes */
    READER_FILE_FIRST = 64 << 10,
    READER_ELEMENTS_MAX = 1 << 16,
    NO_REGION = -1,
};

struct reader {
    const char *path;                     /* as messages call the file */
    const struct system_package *package; /* where it is from, or NULL */
    struct system_description *system;
    struct findings *findings; /* NULL: printed at once */
    /* Of a system that was made from a YAML file, whose "line" n is the node nodes[n - 1]; else
     * NULL. */
    const struct yaml_node *const *nodes;
    unsigned errors;
    unsigned elements;
    const char *const *search;
    size_t search_count;
    const struct board *board; /* NULL: none known */
    bool thorough;             /* check_rules() too */
    bool not_for_linux;        /* seL4 alone need have what the file asks for */
    bool files_may_miss;       /* images and prefill files need not be there yet */
    bool page_size_given[SYSTEM_REGIONS_MAX];
    /* Region whose physical address the setvar is to get, or NO_REGION. */
    int paddr_region[SYSTEM_PDS_MAX][SYSTEM_SETVARS_MAX];
    /* The first message of libxml2's parser, or of its validator for what no check here explains.
     */
    char grammar_error[256];
    unsigned grammar_line;
};

/* Adds a finding in that line (0: of the whole file), and counts it if it is an error. */
__attribute__((format(printf, 4, 5))) void reader_error(struct reader *reader, unsigned line,
                                                        enum rule rule, const char *format, ...);
/* What a message calls the line of an element. */
unsigned reader_line(const struct reader *reader, unsigned line);

/* The first region or PD of that name, or -1 (also for "", whose absence was reported). */
int find_region(const struct system_description *system, const char *name);
int find_pd(const struct system_description *system, const char *name);

/* The document, of reader->path or of a text, NULL after errors without which nothing can be read;
 * freed by xmlFreeDoc(). */
xmlDoc *xml_load(struct reader *reader);
xmlDoc *xml_parse(struct reader *reader, const char *text, size_t size);
/* Whether it fits the grammar. Every element and attribute that is unknown, misplaced or missing is
 * printed; wrong values and counts are left to parse_system(), which can say more about them. */
bool xml_validate(struct reader *reader, xmlDoc *document);
/* First child element, next element beside; NULL at the end. */
xmlNode *xml_first(const xmlNode *parent);
xmlNode *xml_next(const xmlNode *node);
/* Next element of the tree under `top` in the file's order, after `node` and, unless `skip`, what
 * is in it. */
xmlNode *xml_walk(const xmlNode *top, xmlNode *node, bool skip);
bool xml_is(const xmlNode *node, const char *name);
unsigned xml_line(const xmlNode *node);

/* system_files.c: where a file named in the description is; false if nowhere. */
bool files_find(const struct reader *reader, const char *name, char *path, struct stat *info);
/* Keeps the name and where it was found, once; false when out of memory. */
bool files_keep(struct system_description *system, const char *name, const char *path);

void parse_system(struct reader *reader, xmlNode *root);
/* After the PDs. An element's PD is found through its node's _private: index + 1. */
void parse_domains(struct reader *reader, xmlNode *root);
void parse_capabilities(struct reader *reader, xmlNode *root);
void check_system(struct reader *reader);
void check_rules(struct reader *reader);
/* About how many slots the initialiser needs. */
uint64_t system_capabilities(const struct system_description *system);

#endif
