/* SPDX-License-Identifier: BSD-2-Clause */
/* A checked reader of YAML for files that people write: boards and system descriptions.
 *
 * It makes a tree of maps, lists and scalars that know their line and column, and getters that
 * turn scalars into values. Each mistake is a finding (findings.h), counted, and reading goes on,
 * so that one run tells them all; at the end, yaml_file_errors() says whether the values can be
 * used.
 *
 * The text is hostile: size, depth and number of nodes are bounded; anchors, aliases, tags, several
 * documents and keys given twice are refused.
 *
 *     struct yaml_file *file = yaml_file_read("boards/linux.yaml", &findings);
 *     if (file == NULL)
 *         return false;
 *     const struct yaml_node *root = yaml_root(file);
 *     yaml_check_keys(root, "board", "dma", NULL);
 *     uint64_t size = 0x1000;                               (what it is when the key is absent)
 *     yaml_as_string(yaml_need(root, "board"), name, sizeof(name));
 *     const struct yaml_node *dma = yaml_as_map(yaml_get(root, "dma"));
 *     yaml_as_size(yaml_get(dma, "size"), 1, 1 << 30, &size);
 *     bool good = yaml_file_errors(file) == 0;
 *     yaml_file_free(file);
 */
#ifndef SDDF_YAML_H
#define SDDF_YAML_H

#include "tools/sddf/findings.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    YAML_SIZE_MAX = 1 << 20, /* bytes of a file */
    YAML_NODES_MAX = 1 << 13,
    YAML_DEPTH_MAX = 32,
};

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

/* Read only for everybody but yaml.c. Lines and columns count from 1. */
struct yaml_node {
    enum yaml_kind kind;
    bool plain;            /* a scalar without quotes */
    unsigned line, column; /* of the value */
    char *key;             /* of an entry of a map, else NULL */
    unsigned key_line, key_column;
    char *text; /* of a scalar, else NULL; has no zero byte inside */
    size_t count;
    struct yaml_node *first, *last, *next, *parent;
    struct yaml_file *file;
};

/* Entries of a map (in the file's order; `entry->key` is set) or of a list; none for NULL. */
/* NOLINTBEGIN(bugprone-macro-parentheses): a declared name cannot stand in parentheses */
#define yaml_for_each(entry, node)                                                             \
    for (const struct yaml_node *entry = (node) == NULL ? NULL : (node)->first; entry != NULL; \
         entry = entry->next)
/* NOLINTEND(bugprone-macro-parentheses) */

struct yaml_file;

/* Parses a file, or `size` bytes of text that messages call `name`; the root must be a map. NULL
 * after telling why not. Findings about it, also later ones, are added to `findings`, or printed at
 * once if that is NULL. Freed, with all its nodes, by yaml_file_free() (NULL is fine). */
struct yaml_file *yaml_file_read(const char *path, struct findings *findings);
struct yaml_file *yaml_file_parse(const char *name, const char *text, size_t size,
                                  struct findings *findings);
void yaml_file_free(struct yaml_file *file);
const struct yaml_node *yaml_root(const struct yaml_file *file);
unsigned yaml_file_errors(const struct yaml_file *file);

/* Adds a finding at the node (at its key, if it has one). */
__attribute__((format(printf, 3, 4))) void yaml_error(const struct yaml_node *node, enum rule rule,
                                                      const char *format, ...);
__attribute__((format(printf, 3, 0))) void yaml_verror(const struct yaml_node *node, enum rule rule,
                                                       const char *format, va_list arguments);

/* The value of `key`; NULL when it is absent (yaml_need() calls that an error) or `map` is NULL. */
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);
const struct yaml_node *yaml_need(const struct yaml_node *map, const char *key);
/* The entry of that index, from 0, NULL if there are fewer. */
const struct yaml_node *yaml_at(const struct yaml_node *node, size_t index);

/* Refuses every key that is not in the list, which a NULL ends, and names the nearest. */
__attribute__((sentinel)) void yaml_check_keys(const struct yaml_node *map, ...);
void yaml_check_key_list(const struct yaml_node *map, const char *const *known);

/* The entry's key into `name` if it can name an object: letters, digits, '_' and '-', a letter
 * first, less than `size` bytes; else an error and false. */
bool yaml_key_name(const struct yaml_node *entry, char *name, size_t size);

/* The node itself if it is of that kind; else an error and NULL. NULL gives NULL. */
const struct yaml_node *yaml_as_map(const struct yaml_node *node);
const struct yaml_node *yaml_as_list(const struct yaml_node *node);

/* The node's value, true; else an error, `*value` as it was, and false. NULL gives false without an
 * error, so that yaml_get() makes a key optional and yaml_need() required. Numbers are decimal or
 * 0x hexadecimal, within min and max, both included. */
bool yaml_as_string(const struct yaml_node *node, char *value, size_t size); /* printable */
bool yaml_as_bool(const struct yaml_node *node, bool *value);                /* true or false */
bool yaml_as_integer(const struct yaml_node *node, uint64_t min, uint64_t max, uint64_t *value);
/* Bytes: 512B, 4KiB, 2MiB, 1GiB; yaml_as_bytes() also takes 0x1000, as registers are written. */
bool yaml_as_size(const struct yaml_node *node, uint64_t min, uint64_t max, uint64_t *bytes);
bool yaml_as_bytes(const struct yaml_node *node, uint64_t min, uint64_t max, uint64_t *bytes);
/* Microseconds: 10us, 1ms, 2s. */
bool yaml_as_duration(const struct yaml_node *node, uint64_t min, uint64_t max, uint64_t *us);
/* Bits per second: 9600bit/s, 10kbit/s, 100Mbit/s, 1Gbit/s (factors of 1,000). */
/* Hz: 32768Hz, 24MHz. */
bool yaml_as_frequency(const struct yaml_node *node, uint64_t min, uint64_t max, uint64_t *hz);
bool yaml_as_rate(const struct yaml_node *node, uint64_t min, uint64_t max, uint64_t *bits);
/* Index into `choices`, which a NULL ends. */
bool yaml_as_choice(const struct yaml_node *node, const char *const *choices, unsigned *index);

#endif
