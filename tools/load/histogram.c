/* SPDX-License-Identifier: BSD-2-Clause */
/* The log-linear histogram that histogram.h describes. */
#include "histogram.h"

#include <math.h>
#include <string.h>

#define SUB_BUCKETS (1u << HISTOGRAM_SUB_BITS)

static unsigned bucket_of(uint64_t value)
{
    if (value < SUB_BUCKETS) {
        return (unsigned)value;
    }
    if (value >> HISTOGRAM_VALUE_BITS != 0) {
        return HISTOGRAM_BUCKETS - 1;
    }
    unsigned exponent = 63u - (unsigned)__builtin_clzll(value);
    unsigned shift = exponent - HISTOGRAM_SUB_BITS;
    /* value >> shift is in [128, 256): the leading bit selects the row, the rest the bucket. */
    return (shift << HISTOGRAM_SUB_BITS) + (unsigned)(value >> shift);
}

static uint64_t bucket_highest(unsigned bucket)
{
    if (bucket < SUB_BUCKETS) {
        return bucket;
    }
    unsigned shift = (bucket >> HISTOGRAM_SUB_BITS) - 1;
    uint64_t mantissa = SUB_BUCKETS + (bucket & (SUB_BUCKETS - 1));
    return ((mantissa + 1) << shift) - 1;
}

void histogram_reset(struct histogram *histogram)
{
    memset(histogram, 0, sizeof(*histogram));
}

void histogram_add(struct histogram *histogram, uint64_t value)
{
    if (histogram->count == 0 || value < histogram->min) {
        histogram->min = value;
    }
    if (value > histogram->max) {
        histogram->max = value;
    }
    histogram->count++;
    histogram->sum += value;
    histogram->sum_of_squares += (double)value * (double)value;
    histogram->buckets[bucket_of(value)]++;
}

uint64_t histogram_percentile(const struct histogram *histogram, unsigned per_10000)
{
    /* The rank of the value asked for, from 1; count x 10,000 stays below 2^64 in any real run. */
    uint64_t rank = (histogram->count * per_10000 + 9999) / 10000;
    uint64_t seen = 0;
    if (rank == 0) {
        return histogram->min;
    }
    /* What ranks in the last bucket has no upper end but the maximum. */
    for (unsigned bucket = 0; bucket < HISTOGRAM_BUCKETS - 1; bucket++) {
        seen += histogram->buckets[bucket];
        if (seen >= rank) {
            uint64_t highest = bucket_highest(bucket);
            return highest < histogram->max ? highest : histogram->max;
        }
    }
    return histogram->max;
}

double histogram_mean(const struct histogram *histogram)
{
    return histogram->count == 0 ? 0.0 : (double)histogram->sum / (double)histogram->count;
}

double histogram_deviation(const struct histogram *histogram)
{
    double mean = histogram_mean(histogram);
    double variance = histogram->count == 0
                          ? 0
                          : histogram->sum_of_squares / (double)histogram->count - mean * mean;
    return variance > 0 ? sqrt(variance) : 0;
}
