/* SPDX-License-Identifier: BSD-2-Clause */
/* The proofs' stand-in for include/sddf/atomic.h, found before it. Shared memory has no state here:
 * what is loaded may be anything, at every load, since a hostile peer may write it at any time. So
 * a store changes nothing that a proof may rely on; regions lie apart from private memory. */
#ifndef SDDF_ATOMIC_H
#define SDDF_ATOMIC_H

#include <stddef.h>
#include <stdint.h>

/* What Frama-C does not know; compilers check the layout. */
#define __builtin_expect(condition, expected) (condition)
#define _Alignas(bytes)
#define _Static_assert(condition, text)

typedef struct {
    uint32_t value;
} shared_u32;

typedef struct {
    uint64_t value;
} shared_u64;

/*@ // Regions with data, by their addresses as numbers: what the description maps, a component may
  @ // touch.
  @ axiomatic regions {
  @   predicate readable(integer address, integer bytes);
  @   predicate writable(integer address, integer bytes);
  @   axiom readable_no_wrap: \forall integer a, n; readable(a, n) ==> 0 <= a && a + n <= 18446744073709551616;
  @   axiom readable_part: \forall integer a, n, b, m;
  @     readable(a, n) && a <= b && 0 <= m && b + m <= a + n ==> readable(b, m);
  @   axiom writable_no_wrap: \forall integer a, n; writable(a, n) ==> 0 <= a && a + n <= 18446744073709551616;
  @   axiom writable_part: \forall integer a, n, b, m;
  @     writable(a, n) && a <= b && 0 <= m && b + m <= a + n ==> writable(b, m);
  @   axiom readable_word{L}: \forall shared_u64 *word;
  @     readable((uint64_t)word, 8) ==> \valid_read{L}(word);
  @   axiom readable_words{L}: \forall shared_u64 *word;
  @     readable((uint64_t)word, 16) ==> \valid_read{L}(word) && \valid_read{L}(word + 1);
  @ }
  @*/

/*@ requires \valid_read(word); assigns \result \from \nothing; */
uint32_t atomic_load_relaxed(const shared_u32 *word);
/*@ requires \valid_read(word); assigns \result \from \nothing; */
uint32_t atomic_load_acquire(const shared_u32 *word);
/*@ requires \valid_read(word); assigns \result \from \nothing; */
uint64_t atomic_load64_relaxed(const shared_u64 *word);
/*@ requires \valid_read(word); assigns \result \from \nothing; */
uint64_t shared_read(const shared_u64 *word);

/*@ requires \valid(word); assigns \nothing; */
void atomic_store_relaxed(shared_u32 *word, uint32_t value);
/*@ requires \valid(word); assigns \nothing; */
void atomic_store_release(shared_u32 *word, uint32_t value);
/*@ requires \valid(word); assigns \nothing; */
void atomic_store64_relaxed(shared_u64 *word, uint64_t value);
/*@ requires \valid(word); assigns \nothing; */
void shared_write(shared_u64 *word, uint64_t value);
/*@ assigns \nothing; */
void atomic_fence_seq_cst(void);

struct shared_pair {
    uint64_t first, second;
};
/*@ requires \valid_read(words + (0 .. 1)); assigns \result \from \nothing; */
struct shared_pair shared_read_pair(const shared_u64 *words);
/*@ requires \valid(words + (0 .. 1)); assigns \nothing; */
void shared_write_pair(shared_u64 *words, struct shared_pair pair);

/* Entries of 16 bytes, as all classes have. */
/*@ requires entry_size == 16 && count <= 65536;
    requires \valid(to + (0 .. 2 * count - 1));
    requires \valid_read((const char *)from + (0 .. 16 * count - 1));
    assigns \nothing; */
void shared_copy_in(shared_u64 *to, const void *from, uint32_t count, size_t entry_size);
/*@ requires entry_size == 16 && count <= 65536;
    requires \valid_read(from + (0 .. 2 * count - 1));
    requires \valid((char *)to + (0 .. 16 * count - 1));
    assigns ((char *)to)[0 .. 16 * count - 1]; */
void shared_copy_out(void *to, const shared_u64 *from, uint32_t count, size_t entry_size);

#endif
