/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The summing loop of checksum.h: 64 bits at a time (RFC 1071 section 2(C)), at aligned addresses,
 * since some machines cannot load from others.
 */
#include <net/checksum.h>

typedef uint64_t __attribute__((may_alias)) word;
typedef uint32_t __attribute__((may_alias)) half;
typedef uint16_t __attribute__((may_alias)) quarter;
typedef unsigned __int128 pair;

/* Two words at a time, so that only the carry of every second is left to count. That gathers in
 * `rest`, as does what is smaller than a word; it is too wide to overflow. */
static inline __attribute__((always_inline)) uint64_t sum_words(uint64_t sum, const net_word *words,
                                                                size_t size, uint64_t rest)
{
    pair pairs = sum;

    for (const net_word *end = words + size / 32 * 4; words != end; words += 4) {
        const net_word w0 = words[0], w1 = words[1], w2 = words[2], w3 = words[3];
        rest += __builtin_add_overflow(pairs, (pair)w1 << 64 | w0, &pairs);
        rest += __builtin_add_overflow(pairs, (pair)w3 << 64 | w2, &pairs);
    }
    if (size & 16) {
        rest += __builtin_add_overflow(pairs, (pair)words[1] << 64 | words[0], &pairs);
        words += 2;
    }
    if (size & 8) {
        rest += __builtin_add_overflow(pairs, *words++, &pairs);
    }
    const uint8_t *data = (const uint8_t *)words;
    if (size & 4) {
        rest += *(const half *)(const void *)data;
        data += 4;
    }
    if (size & 2) {
        rest += *(const quarter *)(const void *)data;
        data += 2;
    }
    if (size & 1) {
        rest += net_be16((uint16_t)(*data << 8));
    }
    return net_sum_add(net_sum_add((uint64_t)pairs, (uint64_t)(pairs >> 64)), rest);
}

uint64_t net_sum_words(uint64_t sum, const net_word *words, size_t size)
{
    return sum_words(sum, words, size, 0);
}

/* From an even address: up to the next multiple of 8, then by words. */
static uint64_t sum_even(uint64_t sum, const uint8_t *data, size_t size)
{
    uint64_t rest = 0;

    for (; size >= 2 && ((uintptr_t)data & 7) != 0; data += 2, size -= 2) {
        rest += *(const quarter *)(const void *)data;
    }
    return sum_words(sum, (const net_word *)(const void *)data, size, rest);
}

uint64_t net_sum_bytes(uint64_t sum, const uint8_t *data, size_t size)
{
    if (__builtin_expect(((uintptr_t)data & 1) != 0 && size > 0, 0)) {
        /* From an odd address, sum what follows the first byte and swap the bytes of that sum: RFC
         * 1071 section 2(B) again. */
        const uint16_t later = net_sum_fold(sum_even(0, data + 1, size - 1));
        sum = net_sum_add(sum, (uint16_t)(later << 8 | later >> 8));
        return net_sum_add(sum, net_be16((uint16_t)(*data << 8)));
    }
    return sum_even(sum, data, size);
}
