/* SPDX-License-Identifier: BSD-2-Clause */
/* The page that attacker, left and the test share: the test writes the ranges from outside. */
#ifndef ATTACK_SHARED_H
#define ATTACK_SHARED_H

#include <stdint.h>

enum { RANGES_MAX = 240, ROUNDS = 20000, PASSES = 100 };

struct plan {
    volatile uint64_t stack;  /* an address in the attacker's stack, from the attacker */
    volatile uint64_t count;  /* of ranges, from the test, last */
    volatile uint64_t unlock; /* 1 = mprotect() them to be writable first */
    volatile uint64_t passes; /* over all ranges, from the attacker */
    volatile uint64_t opened; /* how many ranges mprotect() made writable that were not */
    /* What Linux itself reads of a thread's memory (rseq(2)), and ends it for: from the test, as an
     * offset from the thread pointer. To scribble there hurts only the attacker. */
    volatile uint64_t rseq_offset, rseq_size;
    uint64_t unused;
    volatile uint64_t range[RANGES_MAX][2]; /* start, end; writable before */
};

#endif
