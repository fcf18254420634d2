/* SPDX-License-Identifier: BSD-2-Clause */
/* The procedures that rfc2544.h names. */
#include "rfc2544.h"

/* A generator that is asked for more than it can offer has not tested that rate. */
#define OFFERED_SHARE 0.97

static bool try_once(const struct rfc2544 *test, struct rfc2544_result *result,
                     const struct trial *trial, struct trial_outcome *outcome)
{
    *outcome = (struct trial_outcome){0};
    result->trials++;
    return test->run(test->context, trial, outcome);
}

static bool lost_nothing(const struct rfc2544 *test, const struct trial_outcome *outcome)
{
    return outcome->sent > 0 &&
           100.0 * (double)outcome->lost <= test->accept_percent * (double)outcome->sent;
}

static uint64_t step_of(const struct rfc2544 *test, uint64_t highest)
{
    uint64_t step = (uint64_t)(test->resolution * (double)highest);
    return step > 0 ? step : 1;
}

static bool find_throughput(const struct rfc2544 *test, struct rfc2544_result *result)
{
    uint64_t good = 0;
    uint64_t bad = test->max_pps + 1; /* never tried: what was tried and passed is below */
    uint64_t rate = test->max_pps;
    while (bad - good > step_of(test, test->max_pps)) {
        struct trial_outcome outcome;
        if (!try_once(test, result, &(struct trial){.rate_pps = rate}, &outcome)) {
            return false;
        }
        if (lost_nothing(test, &outcome) && outcome.offered_pps >= OFFERED_SHARE * (double)rate) {
            good = rate;
        } else {
            bad = rate;
        }
        rate = good + (bad - good) / 2;
    }
    result->throughput_pps = good;
    return true;
}

static bool point(const struct rfc2544 *test, struct rfc2544_result *result, uint64_t of,
                  unsigned percent, struct rfc2544_point *found)
{
    uint64_t rate = of * percent / 100;
    *found = (struct rfc2544_point){.percent = percent, .rate_pps = rate > 0 ? rate : 1};
    return try_once(test, result, &(struct trial){.rate_pps = found->rate_pps}, &found->outcome);
}

static bool find_latency(const struct rfc2544 *test, struct rfc2544_result *result)
{
    for (unsigned i = 1; i < RFC2544_STEPS && result->throughput_pps > 0; i++) {
        if (!point(test, result, result->throughput_pps, i * 10,
                   &result->latency[result->latency_count])) {
            return false;
        }
        result->latency_count++;
    }
    return true;
}

static bool find_loss(const struct rfc2544 *test, struct rfc2544_result *result)
{
    unsigned without = 0;
    for (unsigned i = RFC2544_STEPS; i > 0 && without < 2; i--) {
        struct rfc2544_point *found = &result->loss[result->loss_count];
        if (!point(test, result, test->max_pps, i * 10, found)) {
            return false;
        }
        result->loss_count++;
        without = found->outcome.lost == 0 ? without + 1 : 0;
    }
    return true;
}

static bool longest_burst(const struct rfc2544 *test, struct rfc2544_result *result,
                          uint64_t *longest)
{
    uint64_t good = 0;
    uint64_t bad = test->burst_max + 1;
    uint64_t count = test->burst_max;
    while (bad - good > step_of(test, bad - 1)) { /* ever finer, for it may be short */
        struct trial_outcome outcome;
        const struct trial trial = {.rate_pps = UINT64_MAX, .count = count};
        if (!try_once(test, result, &trial, &outcome)) {
            return false;
        }
        if (lost_nothing(test, &outcome)) {
            good = count;
        } else {
            bad = count;
        }
        count = good + (bad - good) / 2;
    }
    *longest = good;
    return true;
}

static bool find_back_to_back(const struct rfc2544 *test, struct rfc2544_result *result)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < test->repeats; i++) {
        uint64_t longest = 0;
        if (!longest_burst(test, result, &longest)) {
            return false;
        }
        sum += longest;
    }
    result->back_to_back = test->repeats > 0 ? (double)sum / test->repeats : 0;
    return true;
}

bool rfc2544_run(const struct rfc2544 *test, struct rfc2544_result *result)
{
    *result = (struct rfc2544_result){0};
    return find_throughput(test, result) && find_latency(test, result) && find_loss(test, result) &&
           find_back_to_back(test, result);
}
