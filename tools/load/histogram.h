/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A log-linear histogram of durations, for the load generator: fixed memory, constant time per
 * value, relative error below 1 %. It owns nothing but its counters and trusts its caller.
 *
 * Values below 128 have a bucket each. Above, each power of two is cut into 128 buckets of equal
 * width, so a bucket is at most 1/128 (0.79 %) as wide as the values in it:
 *
 *   value    0 .. 127 | 128 .. 255 | 256 .. 511 | 512 .. 1023 | ...
 *   width        1    |     1      |     2      |      4      |
 */
#ifndef SDDF_LOAD_HISTOGRAM_H
#define SDDF_LOAD_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_SUB_BITS   7u
#define HISTOGRAM_VALUE_BITS 40u /* 2^40 ns is 18 minutes; longer ones share the last bucket */
#define HISTOGRAM_BUCKETS    ((HISTOGRAM_VALUE_BITS - HISTOGRAM_SUB_BITS + 1) << HISTOGRAM_SUB_BITS)

/* Zeroed memory is an empty histogram. */
struct histogram {
    uint64_t count;
    uint64_t sum; /* of all values, exact; 2^64 ns is 584 years */
    double sum_of_squares;
    uint64_t min; /* exact; 0 while empty */
    uint64_t max; /* exact; 0 while empty */
    uint64_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_reset(struct histogram *histogram);
void histogram_add(struct histogram *histogram, uint64_t value);

/*
 * The value that `per_10000` of 10,000 values do not exceed (9900 is the 99th percentile): the
 * upper end of its bucket, so never below the truth, and never above the maximum. 0 if empty.
 */
uint64_t histogram_percentile(const struct histogram *histogram, unsigned per_10000);

/* The exact mean, or 0 if empty. */
double histogram_mean(const struct histogram *histogram);

/* The standard deviation, or 0 if empty. */
double histogram_deviation(const struct histogram *histogram);

#endif
