/* SPDX-License-Identifier: BSD-2-Clause */
/* What lwIP uses of the C library's <string.h>, for its sources only. */
#ifndef LWIP_STRING_H
#define LWIP_STRING_H

#include <mem/mem.h>

static inline size_t strlen(const char *text)
{
    size_t size = 0;
    while (text[size] != '\0') {
        size++;
    }
    return size;
}

static inline int strncmp(const char *left, const char *right, size_t most)
{
    for (size_t i = 0; i < most; i++) {
        if (left[i] != right[i] || left[i] == '\0') {
            return (unsigned char)left[i] - (unsigned char)right[i];
        }
    }
    return 0;
}

#endif
