/* SPDX-License-Identifier: BSD-2-Clause */
/* The simulator's stand-in for include/sddf/atomic.h, found before it: queue.h is compiled as it
 * is, and each of its accesses to shared memory becomes an operation of the machine in machine.h.
 * A shared word's address only names it; its value is in the machine. */
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

enum sim_order { SIM_RELAXED, SIM_ORDERED /* load-acquire, store-release */ };

uint32_t sim_load(const void *word, enum sim_order order);
void sim_store(void *word, uint32_t value, enum sim_order order);
uint64_t sim_load_entry(const void *word);
void sim_store_entry(void *word, uint64_t value);
void sim_fence(void);

static inline uint32_t atomic_load_relaxed(const shared_u32 *word)
{
    return sim_load(word, SIM_RELAXED);
}

static inline uint32_t atomic_load_acquire(const shared_u32 *word)
{
    return sim_load(word, SIM_ORDERED);
}

static inline void atomic_store_relaxed(shared_u32 *word, uint32_t value)
{
    sim_store(word, value, SIM_RELAXED);
}

static inline void atomic_store_release(shared_u32 *word, uint32_t value)
{
    sim_store(word, value, SIM_ORDERED);
}

static inline void atomic_fence_seq_cst(void)
{
    sim_fence();
}

/* ---- Entries ---- */

static inline void shared_write(shared_u64 *word, uint64_t value)
{
    sim_store_entry(word, value);
}

static inline uint64_t shared_read(const shared_u64 *word)
{
    return sim_load_entry(word);
}

static inline void shared_copy_in(shared_u64 *to, const void *from, uint32_t count,
                                  size_t entry_size)
{
    for (size_t i = 0; i < count * entry_size / 8; i++) {
        uint64_t value;
        __builtin_memcpy(&value, (const char *)from + 8 * i, 8);
        sim_store_entry(&to[i], value);
    }
}

static inline void shared_copy_out(void *to, const shared_u64 *from, uint32_t count,
                                   size_t entry_size)
{
    for (size_t i = 0; i < count * entry_size / 8; i++) {
        uint64_t value = sim_load_entry(&from[i]);
        __builtin_memcpy((char *)to + 8 * i, &value, 8);
    }
}

#endif
