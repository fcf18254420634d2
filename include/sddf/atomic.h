/* SPDX-License-Identifier: BSD-2-Clause */
/* The only way to shared memory. A word that another protection domain may read or write has one of
 * the types below, which nothing but these functions can open; so the transport's real code also
 * runs on other implementations of this header (a simulator of store buffers, for one).
 *
 * Names give the order as C11 7.17.3 defines it. A release store pairs with the acquire load that
 * reads its value; a seq_cst fence pairs with the seq_cst fence on the other side. */
#ifndef SDDF_ATOMIC_H
#define SDDF_ATOMIC_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint16_t value;
} shared_u16;

typedef struct {
    uint32_t value;
} shared_u32;

typedef struct {
    uint64_t value;
} shared_u64;

static inline uint32_t atomic_load_relaxed(const shared_u32 *word)
{
    return __atomic_load_n(&word->value, __ATOMIC_RELAXED);
}

static inline uint32_t atomic_load_acquire(const shared_u32 *word)
{
    return __atomic_load_n(&word->value, __ATOMIC_ACQUIRE);
}

static inline void atomic_store_relaxed(shared_u32 *word, uint32_t value)
{
    __atomic_store_n(&word->value, value, __ATOMIC_RELAXED);
}

static inline void atomic_store_release(shared_u32 *word, uint32_t value)
{
    __atomic_store_n(&word->value, value, __ATOMIC_RELEASE);
}

static inline uint16_t atomic_load16_relaxed(const shared_u16 *word)
{
    return __atomic_load_n(&word->value, __ATOMIC_RELAXED);
}

static inline uint16_t atomic_load16_acquire(const shared_u16 *word)
{
    return __atomic_load_n(&word->value, __ATOMIC_ACQUIRE);
}

static inline void atomic_store16_relaxed(shared_u16 *word, uint16_t value)
{
    __atomic_store_n(&word->value, value, __ATOMIC_RELAXED);
}

static inline void atomic_store16_release(shared_u16 *word, uint16_t value)
{
    __atomic_store_n(&word->value, value, __ATOMIC_RELEASE);
}

static inline uint64_t atomic_load64_relaxed(const shared_u64 *word)
{
    return __atomic_load_n(&word->value, __ATOMIC_RELAXED);
}

static inline void atomic_store64_relaxed(shared_u64 *word, uint64_t value)
{
    __atomic_store_n(&word->value, value, __ATOMIC_RELAXED);
}

static inline void atomic_fence_seq_cst(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* ---- Entries ----
 * Plain moves without an order of their own: a release or acquire of an index gives it. What is
 * read is forgotten to be shared memory's, so that no compiler reads it a second time in place of
 * the copy that was checked. */

static inline void shared_write(shared_u64 *word, uint64_t value)
{
    word->value = value;
}

static inline void shared_write16(shared_u16 *word, uint16_t value)
{
    word->value = value;
}

static inline uint32_t shared_read32(const shared_u32 *word)
{
    uint32_t value = word->value;
    __asm__("" : "+r"(value));
    return value;
}

static inline uint64_t shared_read(const shared_u64 *word)
{
    uint64_t value = word->value;
    __asm__("" : "+r"(value));
    return value;
}

/* Where two words lie beside each other. The compiler forgets how the address came about, and so
 * has it in a register: on Arm both words then move in one instruction. */
static inline __attribute__((always_inline)) void *pair_at(const void *words)
{
    __asm__("" : "+r"(words));
    return (void *)(uintptr_t)words;
}

struct shared_pair {
    uint64_t first, second;
};

static inline void shared_write_pair(shared_u64 *words, struct shared_pair pair)
{
    words = pair_at(words);
    words[0].value = pair.first;
    words[1].value = pair.second;
}

static inline struct shared_pair shared_read_pair(const shared_u64 *words)
{
    words = pair_at(words);
    struct shared_pair pair = {words[0].value, words[1].value};
    __asm__("" : "+r"(pair.first), "+r"(pair.second));
    return pair;
}

/* `count` entries of `entry_size` bytes, both constants; both ends aligned to 16 if an entry's size
 * is a multiple of 16, else to 8. As wide as the machine has them. */
static inline __attribute__((always_inline)) void shared_move(char *to, const char *from,
                                                              size_t count, size_t entry_size)
{
    size_t size = count * entry_size;
    if (entry_size % 16 == 0) {
        __builtin_memcpy(__builtin_assume_aligned(to, 16), __builtin_assume_aligned(from, 16),
                         size);
    } else {
        __builtin_memcpy(__builtin_assume_aligned(to, 8), __builtin_assume_aligned(from, 8), size);
    }
}

/* Runs of `count` entries, aligned as above. In fours: one at a time, the loop costs more than its
 * copies. */
static inline __attribute__((always_inline)) void shared_copy(char *to, const char *from,
                                                              uint32_t count, size_t entry_size)
{
    for (; count >= 4; count -= 4, from += 4 * entry_size, to += 4 * entry_size) {
        shared_move(to, from, 4, entry_size);
    }
    for (; count != 0; count--, from += entry_size, to += entry_size) {
        shared_move(to, from, 1, entry_size);
    }
}

static inline __attribute__((always_inline)) void shared_copy_in(shared_u64 *to, const void *from,
                                                                 uint32_t count, size_t entry_size)
{
    shared_copy((char *)to, (const char *)from, count, entry_size);
}

static inline __attribute__((always_inline)) void shared_copy_out(void *to, const shared_u64 *from,
                                                                  uint32_t count, size_t entry_size)
{
    shared_copy((char *)to, (const char *)from, count, entry_size);
    __asm__ volatile("" ::: "memory");
}

#endif
