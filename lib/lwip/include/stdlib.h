/* SPDX-License-Identifier: BSD-2-Clause */
/* What lwIP uses of the C library's <stdlib.h>, for its sources only: atoi() for the number in an
 * interface's name. */
#ifndef LWIP_STDLIB_H
#define LWIP_STDLIB_H

static inline int atoi(const char *digits)
{
    int value = 0;
    for (; *digits >= '0' && *digits <= '9' && value < 1000; digits++) {
        value = value * 10 + (*digits - '0');
    }
    return value;
}

#endif
