/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers in the network's byte order (RFC 791 appendix B: most significant octet first), at any
 * address. No bounds are checked here: every caller has checked its own.
 *
 * Written byte by byte, which compilers turn into one load or store and a byte swap where the
 * machine has them; the built-in swaps would call a library where it has not.
 */
#pragma once

#include <stdint.h>

/* Hides where a number comes from: gcc sees through to its parts otherwise, and misses that all
 * bytes of one number are stored. Costs no instruction. */
#define NET_ONE_NUMBER(value) __asm__("" : "+r"(value))

static inline uint16_t net_read_be16(const uint8_t *from)
{
    return (uint16_t)(from[0] << 8 | from[1]);
}

static inline uint32_t net_read_be32(const uint8_t *from)
{
    return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

static inline uint64_t net_read_be64(const uint8_t *from)
{
    return (uint64_t)from[0] << 56 | (uint64_t)from[1] << 48 | (uint64_t)from[2] << 40 |
           (uint64_t)from[3] << 32 | (uint64_t)from[4] << 24 | (uint64_t)from[5] << 16 |
           (uint64_t)from[6] << 8 | from[7];
}

static inline void net_write_be16(uint8_t *to, uint16_t value)
{
    to[0] = (uint8_t)(value >> 8);
    to[1] = (uint8_t)value;
}

static inline void net_write_be32(uint8_t *to, uint32_t value)
{
    NET_ONE_NUMBER(value);
    to[0] = (uint8_t)(value >> 24);
    to[1] = (uint8_t)(value >> 16);
    to[2] = (uint8_t)(value >> 8);
    to[3] = (uint8_t)value;
}

static inline void net_write_be64(uint8_t *to, uint64_t value)
{
    NET_ONE_NUMBER(value);
    to[0] = (uint8_t)(value >> 56);
    to[1] = (uint8_t)(value >> 48);
    to[2] = (uint8_t)(value >> 40);
    to[3] = (uint8_t)(value >> 32);
    to[4] = (uint8_t)(value >> 24);
    to[5] = (uint8_t)(value >> 16);
    to[6] = (uint8_t)(value >> 8);
    to[7] = (uint8_t)value;
}

/* From the machine's byte order to the network's, or back: the same operation. */
static inline uint16_t net_be16(uint16_t value)
{
    return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? value : __builtin_bswap16(value);
}
