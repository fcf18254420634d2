/* SPDX-License-Identifier: BSD-2-Clause */
/* The getters of yaml.h: scalars of a YAML tree become values, checked against kind, unit and
 * range. Linked into host tools only; trusts nothing in the tree but its shape. */
#include "platform/linux/description/control.h"
#include "tools/sddf/yaml.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LIST_MAX = 512, KEYS_MAX = 32, UNITS_MAX = 8 };

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

void yaml_check_key_list(const struct yaml_node *map, const char *const *known)
{
    char list[LIST_MAX] = "";
    for (size_t i = 0; known[i] != NULL; i++)
        append_name(list, sizeof(list), known[i]);
    yaml_for_each(entry, map)
    {
        bool found = false;
        for (size_t i = 0; known[i] != NULL && !found && entry->key != NULL; i++)
            found = strcmp(entry->key, known[i]) == 0;
        if (found)
            continue;
        const char *nearest = nearest_word(entry->key == NULL ? "" : entry->key, known);
        if (nearest != NULL)
            yaml_error(entry, RULE_UNKNOWN_KEY,
                       "found an unknown key" ALLOWED "one of: %s" REMEDY "did you mean \"%s\"?",
                       list, nearest);
        else
            yaml_error(entry, RULE_UNKNOWN_KEY,
                       "found an unknown key" ALLOWED "one of: %s" REMEDY "remove it", list);
    }
}

void yaml_check_keys(const struct yaml_node *map, ...)
{
    const char *known[KEYS_MAX + 1] = {NULL};
    va_list names;
    va_start(names, map);
    for (size_t i = 0; i < KEYS_MAX && (known[i] = va_arg(names, const char *)) != NULL; i++)
        continue;
    va_end(names);
    yaml_check_key_list(map, known);
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
    yaml_error(node, RULE_WRONG_TYPE, "found %s" ALLOWED "%s" REMEDY "write one",
               is_nothing(node) ? "nothing" : KINDS[node->kind], expected);
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
        yaml_error(node, RULE_OUT_OF_RANGE,
                   "found a text of %zu bytes" ALLOWED "1 to %zu" REMEDY "shorten it", length,
                   size - 1);
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (control_length(node->text[i], node->text[i + 1]) != 0) {
            yaml_error(node, RULE_WRONG_TYPE,
                       "found a text with control characters" REMEDY "remove them");
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
        yaml_error(entry, RULE_BAD_NAME,
                   "found \"%.60s\"" ALLOWED "a name of letters, digits, _ and -, a letter first, "
                   "of at most %zu bytes" REMEDY "rename it",
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
    const char *nearest = nearest_word(node->text, choices);
    yaml_error(node, RULE_WRONG_TYPE, "found \"%.60s\"" ALLOWED "one of: %s" REMEDY "%s%s%s",
               node->text, known, nearest == NULL ? "choose one" : "did you mean \"",
               nearest == NULL ? "" : nearest, nearest == NULL ? "" : "\"?");
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

/* What may stand for a number, and how to say it. */
struct number_kind {
    const struct unit
        *units;    /* ended by a NULL name; "" allows a bare number; the base unit first */
    bool bare_hex; /* 0x1000 is a number of base units: registers are written so */
    const char *expected;
};

/* A number with a unit. Numbers with a leading zero are refused: some readers of YAML take them for
 * octal. `*rest` is what follows the digits, NULL if there are none. */
static bool parse_number(const char *text, const struct number_kind *kind, uint64_t *value,
                         const char **rest)
{
    bool hex = strncmp(text, "0x", 2) == 0;
    *rest = NULL;
    if (!hex && text[0] == '0' && text[1] >= '0' && text[1] <= '9')
        return false;
    if (!parse_digits(hex ? text + 2 : text, hex ? 16 : 10, value, rest)) {
        *rest = NULL;
        return false;
    }
    if (hex && kind->bare_hex && **rest == '\0')
        return true;
    for (const struct unit *unit = kind->units; unit->name != NULL; unit++) {
        if (strcmp(*rest, unit->name) == 0)
            return !__builtin_mul_overflow(*value, unit->factor, value);
    }
    return false;
}

/* The longest unit that begins as `rest` does, or the other way round ("msec", "M"); else the base
 * unit. */
static const char *nearest_unit(const char *rest, const char *const *names)
{
    const char *nearest = NULL;
    rest += strspn(rest, " ");
    for (size_t i = 0; names[i] != NULL; i++) {
        size_t length = strlen(names[i]);
        size_t common = length < strlen(rest) ? length : strlen(rest);
        if (common > 0 && strncmp(names[i], rest, common) == 0 &&
            (nearest == NULL || length > strlen(nearest)))
            nearest = names[i];
    }
    return nearest == NULL ? names[0] : nearest;
}

/* A number that is right but for its unit has a rule of its own. */
static void refuse_number(const struct yaml_node *node, const struct number_kind *kind,
                          const char *rest)
{
    const char *names[UNITS_MAX + 1] = {NULL};
    size_t count = 0;
    for (const struct unit *unit = kind->units; unit->name != NULL && count < UNITS_MAX; unit++) {
        if (unit->name[0] != '\0')
            names[count++] = unit->name;
    }
    if (rest == NULL || count == 0) {
        yaml_error(node, RULE_WRONG_TYPE, "found \"%.60s\"" ALLOWED "%s" REMEDY "write one",
                   node->text, kind->expected);
        return;
    }
    const char *nearest = nearest_unit(rest, names);
    yaml_error(node, RULE_UNIT, "found \"%.60s\"" ALLOWED "%s" REMEDY "write %.*s%s", node->text,
               kind->expected, (int)(rest - node->text), node->text, nearest);
}

static bool as_number(const struct yaml_node *node, const struct number_kind *kind, uint64_t min,
                      uint64_t max, uint64_t *value)
{
    if (as_kind(node, YAML_SCALAR, kind->expected) == NULL)
        return false;
    uint64_t number = 0;
    const char *rest = NULL;
    if (!parse_number(node->text, kind, &number, &rest)) {
        refuse_number(node, kind, rest);
        return false;
    }
    if (number < min || number > max) {
        const char *unit = kind->units[0].name;
        const char *space = unit[0] == '\0' ? "" : " ";
        if (max == UINT64_MAX)
            yaml_error(node, RULE_OUT_OF_RANGE,
                       "found %.60s" ALLOWED "at least %llu%s%s" REMEDY "raise it", node->text,
                       (unsigned long long)min, space, unit);
        else
            yaml_error(node, RULE_OUT_OF_RANGE,
                       "found %.60s" ALLOWED "%llu to %llu%s%s" REMEDY "%s it", node->text,
                       (unsigned long long)min, (unsigned long long)max, space, unit,
                       number < min ? "raise" : "lower");
        return false;
    }
    *value = number;
    return true;
}

bool yaml_as_integer(const struct yaml_node *node, uint64_t min, uint64_t max, uint64_t *value)
{
    static const struct unit UNITS[] = {{"", 1}, {NULL, 0}};
    static const struct number_kind KIND = {UNITS, true, "a whole number, as 48 or 0x30"};
    return as_number(node, &KIND, min, max, value);
}

static const struct unit SIZE_UNITS[] = {
    {"B", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {NULL, 0}};

bool yaml_as_size(const struct yaml_node *node, uint64_t min, uint64_t max, uint64_t *bytes)
{
    static const struct number_kind KIND = {SIZE_UNITS, false,
                                            "a size with its unit, as 512B, 4KiB or 2MiB"};
    return as_number(node, &KIND, min, max, bytes);
}

bool yaml_as_bytes(const struct yaml_node *node, uint64_t min, uint64_t max, uint64_t *bytes)
{
    static const struct number_kind KIND = {SIZE_UNITS, true,
                                            "a size, as 0x1000, 512B, 4KiB or 2MiB"};
    return as_number(node, &KIND, min, max, bytes);
}

bool yaml_as_duration(const struct yaml_node *node, uint64_t min, uint64_t max, uint64_t *us)
{
    static const struct unit UNITS[] = {{"us", 1}, {"ms", 1000}, {"s", 1000000}, {NULL, 0}};
    static const struct number_kind KIND = {UNITS, false,
                                            "a duration with its unit, as 100us, 1ms or 2s"};
    return as_number(node, &KIND, min, max, us);
}

bool yaml_as_frequency(const struct yaml_node *node, uint64_t min, uint64_t max, uint64_t *hz)
{
    static const struct unit UNITS[] = {
        {"Hz", 1}, {"kHz", 1000}, {"MHz", 1000000}, {"GHz", 1000000000}, {NULL, 0}};
    static const struct number_kind KIND = {UNITS, false,
                                            "a frequency with its unit, as 32768Hz, 1MHz or 24MHz"};
    return as_number(node, &KIND, min, max, hz);
}

bool yaml_as_rate(const struct yaml_node *node, uint64_t min, uint64_t max, uint64_t *bits)
{
    static const struct unit UNITS[] = {
        {"bit/s", 1}, {"kbit/s", 1000}, {"Mbit/s", 1000000}, {"Gbit/s", 1000000000}, {NULL, 0}};
    static const struct number_kind KIND = {
        UNITS, false, "a rate with its unit, as 10kbit/s, 100Mbit/s or 1Gbit/s"};
    return as_number(node, &KIND, min, max, bits);
}
