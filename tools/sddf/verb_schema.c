/* SPDX-License-Identifier: BSD-2-Clause */
/* sddf schema: the tables of fields.h as a JSON Schema (draft 7), for editors that complete and
 * check YAML by one, as yaml-language-server. docs/system.schema.json is what it prints. */
#include "tools/sddf/fields.h"
#include "tools/sddf/verbs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_WRONG = 2 };

#define NUMBER "^(0|[1-9][0-9]*|0x[0-9A-Fa-f]+)"
#define BYTE   "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[0-9]{1,2})"
#define IPV4   "^" BYTE "\\\\." BYTE "\\\\." BYTE "\\\\." BYTE

/* What a value of the type looks like, but for what the table says beside. */
static const char *const SHAPES[] = {
    [FIELD_NAME] = "\"type\": \"string\", \"pattern\": \"^[A-Za-z][A-Za-z0-9_]{0,23}$\"",
    [FIELD_IMAGE] = "\"type\": \"string\", \"pattern\": \"^[A-Za-z0-9_-]{1,24}$\"",
    [FIELD_SYMBOL] = "\"type\": \"string\", \"pattern\": \"^[A-Za-z_][A-Za-z0-9_]{0,62}$\"",
    [FIELD_WORD] = "\"type\": \"string\", \"minLength\": 1, \"maxLength\": 63",
    [FIELD_INTEGER] = "\"type\": \"integer\"",
    [FIELD_ADDRESS] = "\"type\": \"integer\"",
    [FIELD_SIZE] = "\"type\": \"string\", \"pattern\": \"" NUMBER "(B|KiB|MiB|GiB)$\"",
    [FIELD_DURATION] = "\"type\": \"string\", \"pattern\": \"" NUMBER "(us|ms|s)$\"",
    [FIELD_RATE] = "\"type\": \"string\", \"pattern\": \"" NUMBER "(|k|M|G)bit/s$\"",
    [FIELD_FLAG] = "\"type\": \"boolean\"",
    [FIELD_CHOICE] = "\"type\": \"string\"",
    [FIELD_MAC] = "\"type\": \"string\", \"pattern\": "
                  "\"^[0-9A-Fa-f][02468ACEace](:[0-9A-Fa-f]{2}){5}$\"",
    [FIELD_IP] = "\"type\": \"string\", \"pattern\": \"" IPV4 "$\"",
    [FIELD_NETWORK] = "\"type\": \"string\", \"pattern\": \"" IPV4 "/([1-9]|[12][0-9]|3[0-2])$\"",
    [FIELD_MAP] = "",
    [FIELD_NAMES] = "\"type\": \"array\", \"items\": { \"type\": \"string\" }",
    [FIELD_NAMED] = "\"type\": \"object\", \"propertyNames\": { \"pattern\": "
                    "\"^[A-Za-z][A-Za-z0-9_-]{0,23}$\" }",
    [FIELD_NAMED_OR_CHOICE] = "\"type\": \"object\", \"propertyNames\": { \"pattern\": "
                              "\"^[A-Za-z][A-Za-z0-9_-]{0,23}$\" }",
};

static void print_map(const struct field *fields, int depth);

static void indent(int depth)
{
    printf("%*s", 2 * depth, "");
}

static void print_text(const char *text)
{
    for (; *text != '\0'; text++)
        printf(*text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
}

static void print_description(const struct field *field)
{
    fputs("\"description\": \"", stdout);
    print_text(field->doc);
    if (field->fallback != NULL) {
        fputs(" Default: ", stdout);
        print_text(field->fallback);
        fputs(".", stdout);
    }
    fputs("\"", stdout);
}

static void print_choices(const char *const *choices)
{
    fputs("\"enum\": [", stdout);
    for (size_t i = 0; choices[i] != NULL; i++)
        printf("%s\"%s\"", i == 0 ? "" : ", ", choices[i]);
    fputs("]", stdout);
}

/* Each entry of named things is a map, or the value of its first key alone. */
static void print_entries(const struct field *field, int depth)
{
    fputs(",\n", stdout);
    indent(depth);
    fputs("\"additionalProperties\": ", stdout);
    if (field->type == FIELD_NAMED_OR_CHOICE) {
        fputs("{ \"anyOf\": [{ ", stdout);
        print_choices(field->fields[0].choices);
        fputs(" }, ", stdout);
    }
    fputs("{\n", stdout);
    print_map(field->fields, depth + 1);
    indent(depth);
    fputs(field->type == FIELD_NAMED_OR_CHOICE ? "}] }" : "}", stdout);
}

static void print_field(const struct field *field, int depth)
{
    indent(depth);
    printf("\"%s\": {\n", field->key);
    indent(depth + 1);
    print_description(field);
    fputs(",\n", stdout);
    if (field->type == FIELD_MAP) {
        print_map(field->fields, depth + 1);
        indent(depth);
        fputs("}", stdout);
        return;
    }
    indent(depth + 1);
    fputs(SHAPES[field->type], stdout);
    if (field->type == FIELD_INTEGER || field->type == FIELD_ADDRESS)
        printf(", \"minimum\": %" PRIu64 ", \"maximum\": %" PRIu64, field->min, field->max);
    if (field->type == FIELD_CHOICE) {
        fputs(", ", stdout);
        print_choices(field->choices);
    }
    if (field->type == FIELD_NAMED || field->type == FIELD_NAMED_OR_CHOICE)
        print_entries(field, depth + 1);
    fputs("\n", stdout);
    indent(depth);
    fputs("}", stdout);
}

/* The members of a schema for a map with these keys and no others. */
static void print_map(const struct field *fields, int depth)
{
    const char *separator = "";
    indent(depth);
    fputs("\"type\": \"object\",\n", stdout);
    indent(depth);
    fputs("\"additionalProperties\": false,\n", stdout);
    indent(depth);
    fputs("\"required\": [", stdout);
    for (const struct field *field = fields; field->key != NULL; field++) {
        if (!field->required)
            continue;
        printf("%s\"%s\"", separator, field->key);
        separator = ", ";
    }
    fputs("],\n", stdout);
    indent(depth);
    fputs("\"properties\": {\n", stdout);
    for (const struct field *field = fields; field->key != NULL; field++) {
        print_field(field, depth + 1);
        fputs(field[1].key == NULL ? "\n" : ",\n", stdout);
    }
    indent(depth);
    fputs("}\n", stdout);
}

int schema_run(int argc, char **argv)
{
    if (argc > 1) {
        bool help = strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0;
        fputs("usage: sddf schema\n\nPrints the JSON Schema of a system's YAML file.\n",
              help ? stdout : stderr);
        return help ? EXIT_SUCCESS : EXIT_WRONG;
    }
    fputs("{\n  \"$schema\": \"http://json-schema.org/draft-07/schema#\",\n"
          "  \"title\": \"A system of sDDF\",\n",
          stdout);
    print_map(SYSTEM_FIELDS, 1);
    fputs("}\n", stdout);
    return EXIT_SUCCESS;
}
