/* SPDX-License-Identifier: BSD-2-Clause */
/* The getters of yaml.h: scalars of a YAML tree become values, checked against kind, unit and
 * range. Linked into host tools only; trusts nothing in the tree but its shape. */
#include "tools/sddf/yaml.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LIST_MAX = 512 };

struct unit {
    const char *name;
    uint64_t factor;
};

static const char *const KINDS[] = {"a value", "a list", "a map"};

/* "a, b, c"; cut off where it does not fit. */
static void append_name(char *list, size_t size, const char *name)
{
    size_t used = strlen(list);
    if (used < size)
        snprintf(list + used, size - used, "%s%s", used == 0 ? "" : ", ", name);
}

void yaml_check_keys(const struct yaml_node *map, ...)
{
    char known[LIST_MAX] = "";
    va_list names;
    va_start(names, map);
    for (const char *name = va_arg(names, const char *); name != NULL;
         name = va_arg(names, const char *))
        append_name(known, sizeof(known), name);
    va_end(names);
    yaml_for_each(entry, map)
    {
        bool found = false;
        va_start(names, map);
        for (const char *name = va_arg(names, const char *); name != NULL && !found;
             name = va_arg(names, const char *))
            found = entry->key != NULL && strcmp(entry->key, name) == 0;
        va_end(names);
        if (!found)
            yaml_error(entry, "unknown key; known here: %s", known);
    }
}

static bool is_nothing(const struct yaml_node *node)
{
    return node->kind == YAML_SCALAR && node->plain &&
           (node->text[0] == '\0' || strcmp(node->text, "~") == 0 ||
            strcmp(node->text, "null") == 0);
}

static const struct yaml_node *as_kind(const struct yaml_node *node, enum yaml_kind kind,
                                       const char *expected)
{
    if (node == NULL)
        return NULL;
    if (node->kind == kind && !is_nothing(node))
        return node;
    yaml_error(node, "found %s, expected %s", is_nothing(node) ? "nothing" : KINDS[node->kind],
               expected);
    return NULL;
}

const struct yaml_node *yaml_as_map(const struct yaml_node *node)
{
    return as_kind(node, YAML_MAP, "a map, { key: value, ... }");
}

const struct yaml_node *yaml_as_list(const struct yaml_node *node)
{
    return as_kind(node, YAML_LIST, "a list, [a, b, ...]");
}

bool yaml_as_string(const struct yaml_node *node, char *value, size_t size)
{
    if (as_kind(node, YAML_SCALAR, "a text") == NULL)
        return false;
    size_t length = strlen(node->text);
    if (length == 0 || length >= size) {
        yaml_error(node, "found a text of %zu bytes, expected 1 to %zu", length, size - 1);
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)node->text[i] < 0x20 || node->text[i] == 0x7f) {
            yaml_error(node, "found a text with control characters; remove them");
            return false;
        }
    }
    memcpy(value, node->text, length + 1);
    return true;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool yaml_key_name(const struct yaml_node *entry, char *name, size_t size)
{
    if (entry == NULL || entry->key == NULL)
        return false;
    size_t length = strlen(entry->key);
    bool good = length < size && is_letter(entry->key[0]);
    for (size_t i = 0; i < length && good; i++) {
        char c = entry->key[i];
        good = is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-';
    }
    if (good)
        memcpy(name, entry->key, length + 1);
    else
        yaml_error(entry,
                   "found \"%.60s\", expected a name of letters, digits, _ and -, a letter "
                   "first, of at most %zu bytes",
                   entry->key, size - 1);
    return good;
}

bool yaml_as_bool(const struct yaml_node *node, bool *value)
{
    static const char *const CHOICES[] = {"false", "true", NULL};
    unsigned index = 0;
    if (!yaml_as_choice(node, CHOICES, &index))
        return false;
    *value = index == 1;
    return true;
}

bool yaml_as_choice(const struct yaml_node *node, const char *const *choices, unsigned *index)
{
    char known[LIST_MAX] = "";
    for (unsigned i = 0; choices[i] != NULL; i++)
        append_name(known, sizeof(known), choices[i]);
    if (as_kind(node, YAML_SCALAR, known) == NULL)
        return false;
    for (unsigned i = 0; choices[i] != NULL; i++) {
        if (strcmp(node->text, choices[i]) == 0) {
            *index = i;
            return true;
        }
    }
    yaml_error(node, "found \"%.60s\", expected one of: %s", node->text, known);
    return false;
}

/* Digits of `base` from `text` on; false if there is none or the value needs more than 64 bits. */
static bool parse_digits(const char *text, unsigned base, uint64_t *value, const char **rest)
{
    static const char DIGITS[] = "0123456789abcdef";
    uint64_t sum = 0;
    const char *c = text;
    for (; *c != '\0'; c++) {
        int lower = *c >= 'A' && *c <= 'F' ? *c - 'A' + 'a' : *c;
        const char *digit = memchr(DIGITS, lower, base);
        if (digit == NULL)
            break;
        if (__builtin_mul_overflow(sum, base, &sum) ||
            __builtin_add_overflow(sum, (uint64_t)(digit - DIGITS), &sum))
            return false;
    }
    *value = sum;
    *rest = c;
    return c != text;
}

/* A number with a unit out of `units` (ended by a NULL name; "" allows a bare number). Numbers with
 * a leading zero are refused: some readers of YAML take them for octal. */
static bool parse_number(const char *text, const struct unit *units, uint64_t *value)
{
    bool hex = strncmp(text, "0x", 2) == 0;
    const char *rest = NULL;
    if (!hex && text[0] == '0' && text[1] >= '0' && text[1] <= '9')
        return false;
    if (!parse_digits(hex ? text + 2 : text, hex ? 16 : 10, value, &rest))
        return false;
    for (const struct unit *unit = units; unit->name != NULL; unit++) {
        if (strcmp(rest, unit->name) == 0)
            return !__builtin_mul_overflow(*value, unit->factor, value);
    }
    return false;
}

static bool as_number(const struct yaml_node *node, const struct unit *units, const char *expected,
                      uint64_t min, uint64_t max, uint64_t *value)
{
    if (as_kind(node, YAML_SCALAR, expected) == NULL)
        return false;
    uint64_t number = 0;
    if (!parse_number(node->text, units, &number)) {
        yaml_error(node, "found \"%.60s\", expected %s", node->text, expected);
        return false;
    }
    if (number < min || number > max) {
        const char *unit = units[0].name; /* the base unit stands first */
        const char *space = unit[0] == '\0' ? "" : " ";
        if (max == UINT64_MAX)
            yaml_error(node, "found %.60s, expected at least %llu%s%s", node->text,
                       (unsigned long long)min, space, unit);
        else
            yaml_error(node, "found %.60s, expected %llu to %llu%s%s", node->text,
                       (unsigned long long)min, (unsigned long long)max, space, unit);
        return false;
    }
    *value = number;
    return true;
}

bool yaml_as_integer(const struct yaml_node *node, uint64_t min, uint64_t max, uint64_t *value)
{
    static const struct unit UNITS[] = {{"", 1}, {NULL, 0}};
    return as_number(node, UNITS, "a whole number, as 48 or 0x30", min, max, value);
}

bool yaml_as_size(const struct yaml_node *node, uint64_t min, uint64_t max, uint64_t *bytes)
{
    static const struct unit UNITS[] = {{"B", 1},         {"", 1},          {"KiB", 1 << 10},
                                        {"MiB", 1 << 20}, {"GiB", 1 << 30}, {NULL, 0}};
    return as_number(node, UNITS, "a size, as 4096, 0x1000, 4KiB, 2MiB or 1GiB", min, max, bytes);
}

bool yaml_as_duration(const struct yaml_node *node, uint64_t min, uint64_t max, uint64_t *us)
{
    static const struct unit UNITS[] = {{"us", 1}, {"ms", 1000}, {"s", 1000000}, {NULL, 0}};
    return as_number(node, UNITS, "a duration with its unit, as 100us, 1ms or 2s", min, max, us);
}

bool yaml_as_rate(const struct yaml_node *node, uint64_t min, uint64_t max, uint64_t *bits)
{
    static const struct unit UNITS[] = {
        {"bit/s", 1}, {"kbit/s", 1000}, {"Mbit/s", 1000000}, {"Gbit/s", 1000000000}, {NULL, 0}};
    return as_number(node, UNITS, "a rate with its unit, as 10kbit/s, 100Mbit/s or 1Gbit/s", min,
                     max, bits);
}
