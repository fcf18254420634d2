/* SPDX-License-Identifier: BSD-2-Clause */
/* Which known word a mistyped one was meant to be. Linked into host tools. */
#include "tools/sddf/findings.h"

#include <stdbool.h>
#include <string.h>

enum { WORD_MAX = 40 };

static size_t least(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* Letters to insert, drop, replace or swap with their neighbour (optimal string alignment, after
 * Damerau and Levenshtein); WORD_MAX for words too long to compare. */
static size_t distance(const char *a, const char *b)
{
    size_t a_length = strlen(a);
    size_t b_length = strlen(b);
    size_t rows[WORD_MAX + 1][WORD_MAX + 1];
    if (a_length > WORD_MAX || b_length > WORD_MAX)
        return WORD_MAX;
    for (size_t i = 0; i <= a_length; i++) {
        for (size_t j = 0; j <= b_length; j++) {
            if (i == 0 || j == 0) {
                rows[i][j] = i + j;
                continue;
            }
            size_t other = a[i - 1] == b[j - 1] ? 0 : 1;
            rows[i][j] = least(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + other);
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && rows[i - 2][j - 2] + 1 < rows[i][j])
                rows[i][j] = rows[i - 2][j - 2] + 1;
        }
    }
    return rows[a_length][b_length];
}

/* A beginning ("prio") counts as near; else a third of the letters may differ. Words of one or two
 * letters are like anything. */
const char *nearest_word(const char *word, const char *const *words)
{
    const char *nearest = NULL;
    size_t length = strlen(word);
    size_t best = length / 3;
    for (size_t i = 0; words[i] != NULL && length >= 3; i++) {
        bool beginning = strncmp(word, words[i], length) == 0;
        size_t found = beginning ? 1 : distance(word, words[i]);
        if (found <= best && (nearest == NULL || found < best)) {
            nearest = words[i];
            best = found;
        }
    }
    return nearest;
}
