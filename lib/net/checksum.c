/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The summing loop of checksum.h: 64 bits at a time (RFC 1071 section 2(C)), at aligned addresses,
 * since some machines cannot load from others.
 */
#include <net/checksum.h>

typedef uint64_t __attribute__((may_alias)) word;
typedef uint32_t __attribute__((may_alias, aligned(2))) half; /* at even addresses */
typedef uint16_t __attribute__((may_alias)) quarter;

/* `data` is even. What is smaller than a word gathers in `rest`, which is too wide for it to
 * overflow. */
static inline __attribute__((always_inline)) uint64_t sum_even(uint64_t sum, const uint8_t *data,
                                                               size_t size)
{
    uint64_t rest = 0;

    if (size >= sizeof(word)) {
        if ((uintptr_t)data & 2) {
            rest += *(const quarter *)(const void *)data;
            data += 2;
            size -= 2;
        }
        if ((uintptr_t)data & 4) {
            rest += *(const half *)(const void *)data;
            data += 4;
            size -= 4;
        }
    }
    const word *words = (const word *)(const void *)data;
    for (; size >= 64; size -= 64, words += 8) {
        uint64_t other = net_sum_add(words[4], words[5]);
        sum = net_sum_add(sum, words[0]);
        sum = net_sum_add(sum, words[1]);
        other = net_sum_add(other, words[6]);
        sum = net_sum_add(sum, words[2]);
        other = net_sum_add(other, words[7]);
        sum = net_sum_add(sum, words[3]);
        sum = net_sum_add(sum, other);
    }
    for (; size >= 8; size -= 8) {
        sum = net_sum_add(sum, *words++);
    }
    data = (const uint8_t *)words;
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
    return net_sum_add(sum, rest);
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
