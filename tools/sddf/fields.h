/* SPDX-License-Identifier: BSD-2-Clause */
/* What may stand in a system's file: a table per kind of map, a row per key (grammar.c). One table
 * serves the reader, the JSON Schema that editors complete and check by (`sddf schema`), and the
 * test that docs/describe.md tells the same. */
#ifndef SDDF_FIELDS_H
#define SDDF_FIELDS_H

#include "tools/sddf/yaml.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the value looks like, and what the reader stores. */
enum field_type {
    FIELD_NAME,            /* letters, digits and _, a letter first: char[FIELD_NAME_MAX] */
    FIELD_IMAGE,           /* a program, without folder and ending: char[FIELD_NAME_MAX] */
    FIELD_SYMBOL,          /* a variable of a program: char[FIELD_SYMBOL_MAX] */
    FIELD_WORD,            /* any text: char[FIELD_SYMBOL_MAX] */
    FIELD_INTEGER,         /* uint32_t */
    FIELD_SIZE,            /* bytes, with a unit: uint64_t */
    FIELD_ADDRESS,         /* uint64_t */
    FIELD_DURATION,        /* microseconds, with a unit: uint64_t */
    FIELD_RATE,            /* bits per second, with a unit: uint64_t */
    FIELD_FLAG,            /* true or false: bool */
    FIELD_CHOICE,          /* one of `choices`, by index: uint32_t */
    FIELD_MAC,             /* uint8_t[6] */
    FIELD_IP,              /* uint8_t[4] */
    FIELD_NETWORK,         /* address and length of its network part: struct field_network */
    FIELD_MAP,             /* the keys of `fields`, of the object at `offset` */
    FIELD_NAMES,           /* a list of names; the caller reads it */
    FIELD_NAMED,           /* names, each with a map of `fields`; the caller reads them */
    FIELD_NAMED_OR_CHOICE, /* the same, or one of `choices` for the first of `fields` */
};

enum { FIELD_NAME_MAX = 25, FIELD_SYMBOL_MAX = 64 }; /* bytes, with the terminating zero */

struct field_network {
    uint8_t address[4];
    uint8_t prefix_length; /* bits; 0: no address */
};

struct field {
    const char *key; /* NULL ends a table */
    enum field_type type;
    bool required;
    size_t offset; /* in the object that the table describes */
    uint64_t min, max;
    uint64_t multiple; /* of this, if not 0 */
    const char *const *choices;
    const struct field *fields;
    const char *fallback; /* what holds without the key, for people; NULL: see `doc` */
    const char *doc;
};

/* The map's keys into the object; what is absent or wrong stays as it was. Unknown, missing and
 * wrong keys are findings. NULL for the map does nothing. */
void fields_read(const struct yaml_node *map, const struct field *fields, void *object);
/* One of the keys by itself. */
void field_read(const struct yaml_node *node, const struct field *field, void *object);

/* What may stand in a system's file (grammar.c). */
extern const struct field SYSTEM_FIELDS[], NETWORK_FIELDS[], TIMER_FIELDS[], CLIENT_FIELDS[],
    COMPONENT_FIELDS[], SERIAL_FIELDS[], SERIAL_CLIENT_FIELDS[], REGION_FIELDS[], MAP_FIELDS[],
    CHANNEL_FIELDS[], END_FIELDS[], MONITOR_FIELDS[];

#endif
