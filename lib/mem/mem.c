/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memcpy, memmove, memset and memcmp for component images. They use general registers only, so that
 * a protection domain with fpu="false" may run them, and no memory but what the caller names.
 *
 * Compile with -fno-builtin -fno-tree-loop-distribute-patterns: a compiler that recognised a loop
 * below as the very function it implements would make it call itself.
 */
#include <mem/mem.h>
#include <stdint.h>

/* Words of any type of memory. The packed ones may lie at any address: on machines that cannot load
 * across an alignment boundary the compiler splits them into bytes, without a call. */
typedef uint64_t __attribute__((may_alias)) word;
struct word_at_any {
    uint64_t value;
} __attribute__((packed, may_alias));

struct half_at_any {
    uint32_t value;
} __attribute__((packed, may_alias));

#define WORD  sizeof(word)
#define BLOCK (8 * WORD)

static inline size_t bytes_to_boundary(const void *address)
{
    return (size_t)(-(uintptr_t)address % WORD);
}

/* Both words are read before either is written. Two such moves are a load and a store of two
 * registers each, where the machine has them. */
static inline void move_pair(uint8_t *to, const uint8_t *from)
{
    word low = ((const word *)(const void *)from)[0];
    word high = ((const word *)(const void *)from)[1];
    ((word *)(void *)to)[0] = low;
    ((word *)(void *)to)[1] = high;
}

/* What is left of a copy whose bulk is done: `size` modulo 16 bytes, at any addresses. */
static inline void copy_tail(uint8_t *to, const uint8_t *from, size_t size)
{
    if ((size & 8) != 0) {
        ((struct word_at_any *)to)->value = ((const struct word_at_any *)from)->value;
        to += 8;
        from += 8;
    }
    if ((size & 4) != 0) {
        ((struct half_at_any *)to)->value = ((const struct half_at_any *)from)->value;
        to += 4;
        from += 4;
    }
    if ((size & 2) != 0) {
        to[0] = from[0];
        to[1] = from[1];
        to += 2;
        from += 2;
    }
    if ((size & 1) != 0) {
        *to = *from;
    }
}

/* Each word is read before it is written, lowest address first: right for overlap with to < from.
 * Returns `destination`, so that who has nothing else to do may end with it. */
static void *copy_up(void *destination, const uint8_t *from, size_t size)
{
    uint8_t *to = destination;
    if (size >= 2 * WORD && bytes_to_boundary(to) == bytes_to_boundary(from)) {
        for (size_t lead = bytes_to_boundary(to); lead > 0; lead--, size--) {
            *to++ = *from++;
        }
        for (; size >= BLOCK; size -= BLOCK, to += BLOCK, from += BLOCK) {
            move_pair(to, from);
            move_pair(to + 16, from + 16);
            move_pair(to + 32, from + 32);
            move_pair(to + 48, from + 48);
        }
        if ((size & 32) != 0) {
            move_pair(to, from);
            move_pair(to + 16, from + 16);
            to += 32;
            from += 32;
        }
        if ((size & 16) != 0) {
            move_pair(to, from);
            to += 16;
            from += 16;
        }
        copy_tail(to, from, size);
        return destination;
    }
    for (; size >= 2 * WORD; size -= WORD, to += WORD, from += WORD) {
        ((struct word_at_any *)to)->value = ((const struct word_at_any *)from)->value;
    }
    copy_tail(to, from, size);
    return destination;
}

/* The same from the highest address down: right for overlap with to > from. */
static void copy_down(uint8_t *to, const uint8_t *from, size_t size)
{
    if (size >= 2 * WORD && bytes_to_boundary(to) == bytes_to_boundary(from)) {
        for (size_t lead = (uintptr_t)(to + size) % WORD; lead > 0; lead--) {
            size--;
            to[size] = from[size];
        }
        for (; size >= WORD; size -= WORD) {
            *(word *)(void *)(to + size - WORD) = *(const word *)(const void *)(from + size - WORD);
        }
    }
    for (; size >= WORD; size -= WORD) {
        ((struct word_at_any *)(to + size - WORD))->value =
            ((const struct word_at_any *)(from + size - WORD))->value;
    }
    for (; size > 0; size--) {
        to[size - 1] = from[size - 1];
    }
}

void *memcpy(void *restrict destination, const void *restrict source, size_t size)
{
    return copy_up(destination, source, size);
}

void *memmove(void *destination, const void *source, size_t size)
{
    /* Unsigned: true for every destination outside [source, source + size). */
    if ((uintptr_t)destination - (uintptr_t)source >= size) {
        copy_up(destination, source, size);
    } else {
        copy_down(destination, source, size);
    }
    return destination;
}

void *memset(void *destination, int value, size_t size)
{
    uint8_t *to = destination;
    const uint8_t byte = (uint8_t)value;
    const uint64_t fill = byte * UINT64_C(0x0101010101010101);

    if (size >= 2 * WORD) {
        for (size_t lead = bytes_to_boundary(to); lead > 0; lead--, size--) {
            *to++ = byte;
        }
        for (; size >= BLOCK; size -= BLOCK, to += BLOCK) {
            word *t = (word *)(void *)to;
            t[0] = fill;
            t[1] = fill;
            t[2] = fill;
            t[3] = fill;
            t[4] = fill;
            t[5] = fill;
            t[6] = fill;
            t[7] = fill;
        }
        for (; size >= WORD; size -= WORD, to += WORD) {
            *(word *)(void *)to = fill;
        }
    }
    for (; size > 0; size--) {
        *to++ = byte;
    }
    return destination;
}

int memcmp(const void *left, const void *right, size_t size)
{
    const uint8_t *l = left;
    const uint8_t *r = right;

    /* Words only find the first that differs; its bytes say in which order. */
    while (size >= WORD &&
           ((const struct word_at_any *)l)->value == ((const struct word_at_any *)r)->value) {
        l += WORD;
        r += WORD;
        size -= WORD;
    }
    for (; size > 0; size--, l++, r++) {
        if (*l != *r) {
            return *l < *r ? -1 : 1;
        }
    }
    return 0;
}
