/* SPDX-License-Identifier: BSD-2-Clause */
/* Takes samples of a contender on one core or two, and of the distance between the two. */
#ifndef BENCH_SAMPLES_H
#define BENCH_SAMPLES_H

#include "contender.h"

struct sample {
    double ns;         /* per entry */
    uint64_t wrong;    /* entries that were not what was sent */
    uint64_t signals;  /* as the contender counted them */
    const char *audit; /* what the contender's own books say, NULL = all is well */
    bool disturbed;    /* the kernel ran something else in between, each time it was tried */
};

/* Starts the consumer's thread on core `second`, puts the caller on core `first`; real-time
 * priority where that is permitted. False with errno set if it cannot. */
bool samples_start(unsigned first, unsigned second);

/* Nanoseconds that one cache line takes from one core to the other: half of a round trip. */
double sample_line_ns(void);

/* Moves `count` entries, a multiple of `burst`. */
struct sample sample_one_core(const struct contender *contender, uint32_t capacity, uint32_t count,
                              uint32_t burst);
struct sample sample_two_cores(const struct contender *contender, uint32_t capacity, uint32_t count,
                               uint32_t burst);

#endif
