/* SPDX-License-Identifier: BSD-2-Clause */
/* What lwIP asks of its compiler and platform: nothing but freestanding headers. */
#ifndef LWIP_ARCH_CC_H
#define LWIP_ARCH_CC_H

#include <sddf/log.h>

#define LWIP_NO_INTTYPES_H 1
#define LWIP_NO_CTYPE_H    1
#define LWIP_NO_UNISTD_H   1
#define LWIP_NO_LIMITS_H   1 /* a hosted compiler's tells of ssize_t, which is not there */
#define INT_MAX            __INT_MAX__

#define BYTE_ORDER    LITTLE_ENDIAN /* as every target of ours */
#define lwip_htons(x) ((u16_t)__builtin_bswap16(x))
#define lwip_htonl(x) ((u32_t)__builtin_bswap32(x))

#define LWIP_PLATFORM_DIAG(message) \
    do {                            \
    } while (0)
#define LWIP_PLATFORM_ASSERT(message) \
    do {                              \
        log_line("lwIP: " message);   \
        log_stop();                   \
    } while (0)

#endif
