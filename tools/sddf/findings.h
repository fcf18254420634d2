/* SPDX-License-Identifier: BSD-2-Clause */
/* What is wrong with the files that a host tool was given: a list that every reader and every check
 * adds to, so that one run tells all, in the order of the files.
 *
 * A message is one format in three parts, of which the first must be there:
 *
 *     "found %s" ALLOWED "0 to %d" REMEDY "give a priority in that range"
 *
 * and reads "found 255, expected 0 to 254; give a priority in that range". */
#ifndef SDDF_FINDINGS_H
#define SDDF_FINDINGS_H

#include "tools/sddf/rules.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#define ALLOWED "\x1e"
#define REMEDY  "\x1f"

enum { FINDINGS_MAX = 100 }; /* kept; those after them are counted */

struct finding {
    enum rule rule;
    char *file;
    unsigned line, column; /* from 1; 0: the whole file, the whole line */
    char *object;          /* "components.a.priority", or "" */
    char *found, *allowed, *remedy;
};

struct findings {
    struct finding list[FINDINGS_MAX];
    size_t count;
    size_t more; /* not kept */
    unsigned errors, warnings;
};

/* Where something was found; `object` may be "". */
struct finding_place {
    const char *file;
    unsigned line, column;
    const char *object;
};

/* Adds a finding. With NULL for `findings` it is printed to stderr at once. */
__attribute__((format(printf, 4, 0))) void findings_add(struct findings *findings, enum rule rule,
                                                        struct finding_place place,
                                                        const char *format, va_list arguments);
/* The same for what no element of a file can be named for. */
__attribute__((format(printf, 4, 5))) void findings_add_file(struct findings *findings,
                                                             enum rule rule, const char *file,
                                                             const char *format, ...);

/* In the order of the files as first mentioned, then of lines: "FILE:LINE:COLUMN: OBJECT: found,
 * expected ...; remedy [rule]", and at the end how many were not kept; warnings say so. */
void findings_print(struct findings *findings, FILE *out);
/* The same as an array of objects: file, line, column, level, rule, object, found, allowed, remedy,
 * message. */
void findings_print_json(struct findings *findings, FILE *out);
void findings_free(struct findings *findings); /* what is in it; it is empty then */

/* The word of the list, which a NULL ends, that `word` was probably meant to be, or NULL. */
const char *nearest_word(const char *word, const char *const *words);

#endif
