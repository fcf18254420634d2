/* SPDX-License-Identifier: BSD-2-Clause */
/* Getters of the .system reader: each gives one attribute of an element, checked, or prints why
 * not. All return false, with the value as it was, if the attribute is absent or wrong. */
#ifndef DESCRIPTION_VALUES_H
#define DESCRIPTION_VALUES_H

#include "platform/linux/description/reader.h"

#include <sys/stat.h>

/* Text of 1 to size - 1 printable bytes, since names reach terminals; else "". */
bool text_of(struct reader *reader, xmlNode *node, const char *name, char *text, size_t size);
/* 0 to max; decimal or hexadecimal, or decimal only. */
bool number_of(struct reader *reader, xmlNode *node, const char *name, uint64_t max,
               uint64_t *value);
bool decimal_of(struct reader *reader, xmlNode *node, const char *name, uint64_t max,
                uint64_t *value);
/* A channel id, which channels and IRQs of a PD share. */
bool id_of(struct reader *reader, xmlNode *node, const char *name, unsigned *id);
/* One of two words; `value` becomes whether it is the second. flag_of(): "false" and "true". */
void word_of(struct reader *reader, xmlNode *node, const char *name, const char *no,
             const char *yes, bool *value);
void flag_of(struct reader *reader, xmlNode *node, const char *name, bool *value);
/* The regular file that the attribute names, in the search path or beside the .system file; `path`
 * has SYSTEM_PATH_MAX bytes. */
bool file_of(struct reader *reader, xmlNode *node, const char *attribute, char *path,
             struct stat *info);

#endif
