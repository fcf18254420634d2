/* SPDX-License-Identifier: BSD-2-Clause */
/* Getters of the .system reader (values.h): an attribute's text becomes a value, or an error with
 * its line. Run by host tools; trusts nothing in the file. */
#include "platform/linux/description/control.h"
#include "platform/linux/description/values.h"

#include <stdio.h>
#include <string.h>

bool text_of(struct reader *reader, xmlNode *node, const char *name, char *text, size_t size)
{
    text[0] = '\0';
    char *value = (char *)xmlGetNoNsProp(node, BAD_CAST name);
    if (value == NULL)
        return false;
    size_t length = strlen(value);
    bool printable = true;
    for (size_t i = 0; i < length; i++)
        printable = printable && control_length(value[i], value[i + 1]) == 0;
    bool good = length > 0 && length < size && printable;
    if (good)
        memcpy(text, value, length + 1);
    else if (length > 0 && printable)
        reader_error(reader, xml_line(node), RULE_BAD_NAME,
                     "<%s> %s has %zu bytes" ALLOWED "at most %zu" REMEDY "shorten it",
                     (const char *)node->name, name, length, size - 1);
    else
        reader_error(reader, xml_line(node), RULE_BAD_NAME, "<%s> %s is %s" REMEDY "give it a name",
                     (const char *)node->name, name, length == 0 ? "empty" : "not printable");
    xmlFree(value);
    return good;
}

/* Microkit's numbers: decimal or 0x hexadecimal, underscores dropped. */
static bool parse_number(const char *text, bool decimal_only, uint64_t *value)
{
    static const char DIGITS[] = "0123456789abcdef";
    bool hex = !decimal_only && strncmp(text, "0x", 2) == 0;
    size_t digits = 0;
    uint64_t sum = 0;
    for (const char *c = hex ? text + 2 : text; *c != '\0'; c++) {
        if (*c == '_' && !decimal_only)
            continue;
        int lower = *c >= 'A' && *c <= 'F' ? *c - 'A' + 'a' : *c;
        const char *digit = memchr(DIGITS, lower, hex ? 16 : 10);
        if (digit == NULL || __builtin_mul_overflow(sum, hex ? 16U : 10U, &sum) ||
            __builtin_add_overflow(sum, (uint64_t)(digit - DIGITS), &sum))
            return false;
        digits++;
    }
    *value = sum;
    return digits > 0;
}

static bool number_in(struct reader *reader, xmlNode *node, const char *name, bool decimal_only,
                      uint64_t max, uint64_t *value)
{
    char text[SYSTEM_NAME_MAX];
    uint64_t number = 0;
    if (!text_of(reader, node, name, text, sizeof(text)))
        return false;
    if (!parse_number(text, decimal_only, &number)) {
        reader_error(reader, xml_line(node), RULE_WRONG_TYPE,
                     "<%s> %s is \"%s\"" ALLOWED "a %s number" REMEDY "write one",
                     (const char *)node->name, name, text,
                     decimal_only ? "decimal" : "decimal or 0x hexadecimal");
        return false;
    }
    if (number > max) {
        reader_error(reader, xml_line(node), RULE_OUT_OF_RANGE,
                     "<%s> %s is %s" ALLOWED "0 to %llu" REMEDY "lower it",
                     (const char *)node->name, name, text, (unsigned long long)max);
        return false;
    }
    *value = number;
    return true;
}

bool number_of(struct reader *reader, xmlNode *node, const char *name, uint64_t max,
               uint64_t *value)
{
    return number_in(reader, node, name, false, max, value);
}

bool decimal_of(struct reader *reader, xmlNode *node, const char *name, uint64_t max,
                uint64_t *value)
{
    return number_in(reader, node, name, true, max, value);
}

bool id_of(struct reader *reader, xmlNode *node, const char *name, unsigned *id)
{
    uint64_t value = 0;
    bool good = number_in(reader, node, name, true, SYSTEM_CHANNEL_ID_MAX, &value);
    *id = (unsigned)value;
    return good;
}

void word_of(struct reader *reader, xmlNode *node, const char *name, const char *no,
             const char *yes, bool *value)
{
    char text[SYSTEM_NAME_MAX];
    if (!text_of(reader, node, name, text, sizeof(text)))
        return;
    if (strcmp(text, no) != 0 && strcmp(text, yes) != 0)
        reader_error(reader, xml_line(node), RULE_WRONG_TYPE,
                     "<%s> %s is \"%s\"" ALLOWED "\"%s\" or \"%s\"" REMEDY "write one of them",
                     (const char *)node->name, name, text, no, yes);
    else
        *value = strcmp(text, yes) == 0;
}

void flag_of(struct reader *reader, xmlNode *node, const char *name, bool *value)
{
    word_of(reader, node, name, "false", "true", value);
}

bool file_of(struct reader *reader, xmlNode *node, const char *attribute, char *path,
             struct stat *info)
{
    char name[SYSTEM_PATH_MAX];
    if (!text_of(reader, node, attribute, name, sizeof(name)))
        return false;
    if (files_find(reader, name, path, info) && files_keep(reader->system, name, path))
        return true;
    if (reader->files_may_miss)
        return false;
    reader_error(
        reader, xml_line(node), RULE_MISSING_FILE,
        "<%s> %s \"%s\" is no file in the search path (%zu directories) nor beside this file" REMEDY
        "build it, or add its directory",
        (const char *)node->name, attribute, name, reader->search_count);
    return false;
}
