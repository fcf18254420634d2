/* SPDX-License-Identifier: BSD-2-Clause */
/* What provers of integers do not know of words: each axiom has its proof in bits.smt2. */
#ifndef CONTRACTS_BITS_H
#define CONTRACTS_BITS_H

#include <stdint.h>

/*@ axiomatic words {
  @   axiom mask: \forall integer x, m; 0 <= x && 0 <= m ==> 0 <= (x & m) <= m;
  @   axiom and_nothing: \forall integer m; (0 & m) == 0;
  @
  @   // Members of a set of 64 bits are below n: 0 <= members < 2^n, n < 64.
  @   predicate set_below(integer members, integer n);
  @   axiom set_empty: \forall integer n; set_below(0, n);
  @   axiom set_join: \forall integer a, b, n; set_below(a, n) && set_below(b, n) ==>
  @     set_below(a | b, n);
  @   axiom set_part: \forall integer a, m, n; set_below(a, n) && 0 <= m ==> set_below(a & m, n);
  @   axiom set_less: \forall integer a, b; 0 < a && b == a - 1 ==> 0 <= (a & b) < a;
  @ }
  @*/

/*@ requires members != 0;
    assigns \nothing;
    ensures 0 <= \result < 64;
    ensures \forall integer n; set_below(members, n) ==> \result < n; */
int lowest_bit(uint64_t members);
#define __builtin_ctzll lowest_bit

#endif
