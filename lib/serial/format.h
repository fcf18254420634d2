/* SPDX-License-Identifier: BSD-2-Clause */
/* printf's formatting without floating point, locale, allocation or an end beyond the buffer's. */
#ifndef SERIAL_FORMAT_H
#define SERIAL_FORMAT_H

#include <stdarg.h>
#include <stdint.h>

/* Writes the text, cut to `size` - 1 bytes, and a zero; `size` is not 0. Knows %c %s %d %i %u %x %p
 * %%, the lengths l, ll and z, a width, the flags - and 0, a precision of %s; anything else is
 * written as it stands. Returns the bytes written without the zero. */
__attribute__((format(printf, 3, 0))) uint32_t format_text(char *to, uint32_t size,
                                                           const char *format, va_list arguments);

#endif
