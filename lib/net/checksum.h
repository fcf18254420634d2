/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The Internet checksum (RFC 1071): the complement of the one's complement sum of 16-bit words.
 *
 * A *sum* here is a uint64_t of which only the value modulo 65535 counts, so that words of 16, 32
 * or 64 bits may be added, in the machine's own byte order (RFC 1071 section 2(B)). Start from 0;
 * join pieces of even size by passing one's sum to the next; fold at the end.
 */
#pragma once

#include <net/bytes.h>
#include <stdbool.h>
#include <stddef.h>

typedef uint64_t __attribute__((may_alias)) net_word; /* of a packet, at a multiple of 8 */

/* One's complement addition of 64-bit numbers: the carry comes back in below. */
static inline uint64_t net_sum_add(uint64_t sum, uint64_t number)
{
    const bool carry = __builtin_add_overflow(sum, number, &sum);
    return sum + carry;
}

/* What a number below 2^56, or a sum of such, counts where it lies in network byte order. Swapping
 * the bytes of a 16-bit word multiplies it by 256 modulo 65535. */
static inline uint64_t net_sum_of(uint64_t number)
{
    return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? number : number << 8;
}

/* Adds `size` bytes at `words`; an odd last byte is padded with zero. */
uint64_t net_sum_words(uint64_t sum, const net_word *words, size_t size);

/* Adds `size` bytes at `data`, any address and size, an odd last byte is padded with zero. */
uint64_t net_sum_bytes(uint64_t sum, const uint8_t *data, size_t size);

/* The 16-bit one's complement sum. Each step adds the halves; the upper one then holds both and the
 * carry. */
static inline uint16_t net_sum_fold(uint64_t sum)
{
    sum += sum >> 32 | sum << 32;
    uint32_t half = (uint32_t)(sum >> 32);
    half += half >> 16 | half << 16;
    return (uint16_t)(half >> 16);
}

/* Do data that include their checksum field, and are not all zero, sum up to minus zero, as they
 * must? That is a multiple of 65535: then the sum times the inverse of 65535 modulo 2^64 is how
 * many, and else it is more than can be (Hacker's Delight, section 10-17). */
static inline bool net_sum_verifies(uint64_t sum)
{
    return sum * UINT64_C(0xfffefffefffeffff) <= UINT64_MAX / 0xffff;
}

/* The checksum, as a number to be written with net_write_be16, of data whose checksum field counted
 * zero. */
static inline uint16_t net_sum_checksum(uint64_t sum)
{
    return net_be16((uint16_t)~net_sum_fold(sum));
}

/* The checksum after one 16-bit word of what it covers changed: RFC 1624 equation 3. All are
 * numbers as read by net_read_be16. */
static inline uint16_t net_checksum_update(uint16_t checksum, uint16_t before, uint16_t after)
{
    uint32_t sum = (uint32_t)(uint16_t)~checksum + (uint16_t)~before + after;
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}
