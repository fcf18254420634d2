/* SPDX-License-Identifier: BSD-2-Clause */
/* Which characters command a terminal. Read by all that prints what others wrote. */
#ifndef LINUX_DESCRIPTION_CONTROL_H
#define LINUX_DESCRIPTION_CONTROL_H

#include <stddef.h>

/* Bytes of the control character that begins with `byte`, 0 if none does: one of ASCII, or of C1
 * (U+0080 to U+009F), which UTF-8 writes as 0xc2 and a second byte, `next`. */
static inline size_t control_length(char byte, char next)
{
    unsigned char first = (unsigned char)byte;
    unsigned char second = (unsigned char)next;
    if (first < ' ' || first == 0x7f)
        return 1;
    return first == 0xc2 && second >= 0x80 && second < 0xa0 ? 2 : 0;
}

#endif
