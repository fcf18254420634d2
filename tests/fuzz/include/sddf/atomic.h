/* SPDX-License-Identifier: BSD-2-Clause */
/* The real atomic.h, but each read of shared memory first asks the harness whether a peer acts at
 * this moment: a word that is read twice, or checked and read again, shows. Fences are left out:
 * all peers run in this thread, and the processor's fences were a tenth of an input's time. */
#ifndef FUZZ_ATOMIC_H
#define FUZZ_ATOMIC_H

#include <stdint.h>

/* Reads of shared memory until something happens (harness.h). */
extern uint64_t fuzz_looks_left;
void fuzz_look(void);

static inline void fuzz_before_read(void)
{
    if (__builtin_expect(--fuzz_looks_left == 0, 0)) {
        fuzz_look();
    }
}

#define atomic_load_relaxed   plain_load_relaxed
#define atomic_load_acquire   plain_load_acquire
#define atomic_load16_relaxed plain_load16_relaxed
#define atomic_load16_acquire plain_load16_acquire
#define atomic_load64_relaxed plain_load64_relaxed
#define shared_read           plain_shared_read
#define shared_copy_out       plain_shared_copy_out
#define atomic_fence_seq_cst  plain_fence_seq_cst
#include_next <sddf/atomic.h>
#undef atomic_load_relaxed
#undef atomic_load_acquire
#undef atomic_load16_relaxed
#undef atomic_load16_acquire
#undef atomic_load64_relaxed
#undef shared_read
#undef shared_copy_out
#undef atomic_fence_seq_cst

#define FUZZ_LOAD(name, word, value)                      \
    static inline value atomic_##name(const word *shared) \
    {                                                     \
        fuzz_before_read();                               \
        return plain_##name(shared);                      \
    }

FUZZ_LOAD(load_relaxed, shared_u32, uint32_t)
FUZZ_LOAD(load_acquire, shared_u32, uint32_t)
FUZZ_LOAD(load16_relaxed, shared_u16, uint16_t)
FUZZ_LOAD(load16_acquire, shared_u16, uint16_t)
FUZZ_LOAD(load64_relaxed, shared_u64, uint64_t)
#undef FUZZ_LOAD

static inline void atomic_fence_seq_cst(void)
{
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static inline uint64_t shared_read(const shared_u64 *word)
{
    fuzz_before_read();
    return plain_shared_read(word);
}

static inline __attribute__((always_inline)) void shared_copy_out(void *to, const shared_u64 *from,
                                                                  uint32_t count, size_t entry_size)
{
    fuzz_before_read();
    plain_shared_copy_out(to, from, count, entry_size);
}

#endif
