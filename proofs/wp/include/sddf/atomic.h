/* SPDX-License-Identifier: BSD-2-Clause */
/* The proofs' stand-in for include/sddf/atomic.h, found before it: what is loaded from shared
 * memory may be anything, at every load, since a hostile peer may write it at any time. */
#ifndef SDDF_ATOMIC_H
#define SDDF_ATOMIC_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint32_t value;
} shared_u32;

typedef struct {
    uint64_t value;
} shared_u64;

/*@ requires \valid_read(word); assigns \result \from \nothing; */
uint32_t atomic_load_relaxed(const shared_u32 *word);
/*@ requires \valid_read(word); assigns \result \from \nothing; */
uint32_t atomic_load_acquire(const shared_u32 *word);
/*@ requires \valid_read(word); assigns \result \from \nothing; */
uint64_t atomic_load64_relaxed(const shared_u64 *word);
/*@ requires \valid_read(word); assigns \result \from \nothing; */
uint64_t shared_read(const shared_u64 *word);

/*@ requires \valid(word); assigns word->value; */
void atomic_store_relaxed(shared_u32 *word, uint32_t value);
/*@ requires \valid(word); assigns word->value; */
void atomic_store_release(shared_u32 *word, uint32_t value);
/*@ requires \valid(word); assigns word->value; */
void shared_write(shared_u64 *word, uint64_t value);
/*@ assigns \nothing; */
void atomic_fence_seq_cst(void);

/* Entries of 16 bytes, as all classes have. */
/*@ requires entry_size == 16 && count <= 65536;
    requires \valid(to + (0 .. 2 * count - 1));
    requires \valid_read((const char *)from + (0 .. 16 * count - 1));
    assigns to[0 .. 2 * count - 1]; */
void shared_copy_in(shared_u64 *to, const void *from, uint32_t count, size_t entry_size);
/*@ requires entry_size == 16 && count <= 65536;
    requires \valid_read(from + (0 .. 2 * count - 1));
    requires \valid((char *)to + (0 .. 16 * count - 1));
    assigns ((char *)to)[0 .. 16 * count - 1]; */
void shared_copy_out(void *to, const shared_u64 *from, uint32_t count, size_t entry_size);

/* What Frama-C does not know; compilers check the layout. */
#define __builtin_expect(condition, expected) (condition)
#define _Alignas(bytes)
#define _Static_assert(condition, text)

#endif
