/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads maps by their tables (fields.h). Run by the host tool; trusts nothing in the file. */
#include "tools/sddf/fields.h"

#include "tools/sddf/address_values.h"

#include <string.h>

enum { KEYS_MAX = 32 };

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define WORD    LETTERS "0123456789_"

/* It names files, and stands in a comment of XML, which "-" could end. */
static void read_name(const struct yaml_node *node, char *name)
{
    char text[FIELD_NAME_MAX];
    if (!yaml_as_string(node, text, sizeof(text)))
        return;
    if (strchr(LETTERS, text[0]) == NULL || strspn(text, WORD) != strlen(text))
        yaml_error(node, RULE_BAD_NAME,
                   "found \"%s\"" ALLOWED "a letter, then letters, digits and _" REMEDY "rename it",
                   text);
    else
        memcpy(name, text, sizeof(text));
}

static void read_image(const struct yaml_node *node, char *name)
{
    char text[FIELD_NAME_MAX];
    if (!yaml_as_string(node, text, sizeof(text)))
        return;
    if (strspn(text, WORD "-") != strlen(text))
        yaml_error(node, RULE_BAD_NAME,
                   "found \"%s\"" ALLOWED "the image's name: letters, digits, _ and -" REMEDY
                   "write it without a folder and without .elf",
                   text);
    else
        memcpy(name, text, sizeof(text));
}

static void read_symbol(const struct yaml_node *node, char *name)
{
    char text[FIELD_SYMBOL_MAX];
    if (!yaml_as_string(node, text, sizeof(text)))
        return;
    if ((text[0] >= '0' && text[0] <= '9') || strspn(text, WORD) != strlen(text))
        yaml_error(node, RULE_BAD_NAME,
                   "found \"%s\"" ALLOWED "the name of a variable in C" REMEDY "correct it", text);
    else
        memcpy(name, text, sizeof(text));
}

static void read_integer(const struct yaml_node *node, const struct field *field, uint32_t *value)
{
    uint64_t number = 0;
    if (yaml_as_integer(node, field->min, field->max, &number))
        *value = (uint32_t)number;
}

/* Values that have a unit, or are addresses. */
static void read_amount(const struct yaml_node *node, const struct field *field, uint64_t *value)
{
    uint64_t amount = 0;
    bool good =
        field->type == FIELD_SIZE       ? yaml_as_size(node, field->min, field->max, &amount)
        : field->type == FIELD_DURATION ? yaml_as_duration(node, field->min, field->max, &amount)
        : field->type == FIELD_RATE     ? yaml_as_rate(node, field->min, field->max, &amount)
                                        : yaml_as_integer(node, field->min, field->max, &amount);
    if (good && field->multiple != 0 && amount % field->multiple != 0) {
        yaml_error(node, RULE_MISALIGNED,
                   "found %s" ALLOWED "a multiple of %lluKiB" REMEDY "round it to one", node->text,
                   (unsigned long long)field->multiple / 1024);
        return;
    }
    if (good)
        *value = amount;
}

static void read_map(const struct yaml_node *node, const struct field *field, void *place)
{
    fields_read(yaml_as_map(node), field->fields, place);
}

static void read_choice(const struct yaml_node *node, const struct field *field, uint32_t *value)
{
    unsigned index = 0;
    if (yaml_as_choice(node, field->choices, &index))
        *value = index;
}

void field_read(const struct yaml_node *node, const struct field *field, void *object)
{
    void *place = (char *)object + field->offset;
    switch (field->type) {
    case FIELD_NAME:
        read_name(node, place);
        break;
    case FIELD_IMAGE:
        read_image(node, place);
        break;
    case FIELD_SYMBOL:
        read_symbol(node, place);
        break;
    case FIELD_WORD:
        yaml_as_string(node, place, FIELD_SYMBOL_MAX);
        break;
    case FIELD_INTEGER:
        read_integer(node, field, place);
        break;
    case FIELD_SIZE:
    case FIELD_ADDRESS:
    case FIELD_DURATION:
    case FIELD_RATE:
        read_amount(node, field, place);
        break;
    case FIELD_FLAG:
        yaml_as_bool(node, place);
        break;
    case FIELD_CHOICE:
        read_choice(node, field, place);
        break;
    case FIELD_MAC:
        yaml_as_mac(node, place);
        break;
    case FIELD_IP:
        yaml_as_ip(node, place, NULL);
        break;
    case FIELD_NETWORK: {
        struct field_network *network = place;
        yaml_as_ip(node, network->address, &network->prefix_length);
        break;
    }
    case FIELD_MAP:
        read_map(node, field, place);
        break;
    case FIELD_NAMES:
    case FIELD_NAMED:
    case FIELD_NAMED_OR_CHOICE:
        break;
    }
}

void fields_read(const struct yaml_node *map, const struct field *fields, void *object)
{
    const char *known[KEYS_MAX + 1] = {NULL};
    if (map == NULL)
        return;
    for (size_t i = 0; i < KEYS_MAX && fields[i].key != NULL; i++)
        known[i] = fields[i].key;
    yaml_check_key_list(map, known);
    for (const struct field *field = fields; field->key != NULL; field++) {
        const struct yaml_node *node =
            field->required ? yaml_need(map, field->key) : yaml_get(map, field->key);
        if (node != NULL)
            field_read(node, field, object);
    }
}
