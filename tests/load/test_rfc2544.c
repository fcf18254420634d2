/* SPDX-License-Identifier: BSD-2-Clause */
/* Unit tests of the procedures of RFC 2544, against a device that loses what is known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rfc2544.h"

#include <stdlib.h>

/* Loses nothing up to `capacity_pps` and in bursts up to `burst`; beyond, what is more than that.
 */
struct device {
    uint64_t capacity_pps, burst;
    uint64_t generator_pps; /* what can be offered at most */
    uint64_t always_lost;   /* of each trial */
    unsigned fails_at;      /* this trial ends everything; 0: none */
    unsigned trials;
    uint64_t highest_pps, longest; /* that were tried */
};

static bool trial(void *context, const struct trial *trial, struct trial_outcome *outcome)
{
    struct device *device = context;
    device->trials++;
    if (trial->count > 0) {
        device->longest = trial->count > device->longest ? trial->count : device->longest;
        outcome->sent = trial->count;
        outcome->lost = trial->count > device->burst ? trial->count - device->burst : 0;
    } else {
        uint64_t rate =
            trial->rate_pps < device->generator_pps ? trial->rate_pps : device->generator_pps;
        device->highest_pps =
            trial->rate_pps > device->highest_pps ? trial->rate_pps : device->highest_pps;
        outcome->sent = rate;
        outcome->offered_pps = (double)rate;
        outcome->lost = rate > device->capacity_pps ? rate - device->capacity_pps : 0;
    }
    outcome->lost += device->always_lost;
    return device->trials != device->fails_at;
}

static struct rfc2544_result measure(struct device *device, uint64_t max_pps, double accept_percent)
{
    const struct rfc2544 test = {
        .run = trial,
        .context = device,
        .max_pps = max_pps,
        .accept_percent = accept_percent,
        .resolution = 0.01,
        .burst_max = 2 * max_pps,
        .repeats = 3,
    };
    struct rfc2544_result result;
    assert_true(rfc2544_run(&test, &result));
    assert_int_equal(result.trials, device->trials);
    return result;
}

static void throughput_is_found_within_a_hundredth_of_the_highest_rate(void **state)
{
    (void)state;
    for (uint64_t capacity = 1; capacity < 100000; capacity = capacity * 3 + 1) {
        struct device device = {.capacity_pps = capacity, .burst = 7, .generator_pps = UINT64_MAX};
        struct rfc2544_result result = measure(&device, 100000, 0);
        assert_true(result.throughput_pps <= capacity);
        assert_true(capacity - result.throughput_pps <= 1000);
    }
}

static void a_device_that_loses_nothing_has_the_highest_rate_at_the_first_trial(void **state)
{
    (void)state;
    struct device device = {
        .capacity_pps = UINT64_MAX, .burst = UINT64_MAX, .generator_pps = UINT64_MAX};
    struct rfc2544_result result = measure(&device, 5000, 0);
    assert_int_equal(result.throughput_pps, 5000);
    assert_int_equal(device.highest_pps, 5000);
    assert_int_equal(result.trials, 1 + 9 + 2 + 3);
    assert_true(result.back_to_back == 10000);
}

static void a_device_that_always_loses_has_no_throughput_and_no_latency(void **state)
{
    (void)state;
    struct device device = {
        .capacity_pps = 1000, .burst = 10, .generator_pps = UINT64_MAX, .always_lost = 1};
    struct rfc2544_result result = measure(&device, 5000, 0);
    assert_int_equal(result.throughput_pps, 0);
    assert_int_equal(result.latency_count, 0);
    assert_int_equal(result.loss_count, 10);
    assert_true(result.back_to_back == 0);
}

static void what_may_be_lost_is_not_taken_for_a_loss(void **state)
{
    (void)state;
    struct device device = {.capacity_pps = 1000, .burst = 10, .generator_pps = UINT64_MAX};
    struct rfc2544_result result = measure(&device, 5000, 10);
    assert_in_range(result.throughput_pps, 1111 - 50, 1111);
    assert_in_range((uint64_t)result.back_to_back, 11, 11);
}

static void a_rate_that_could_not_be_offered_was_not_passed(void **state)
{
    (void)state;
    struct device device = {.capacity_pps = UINT64_MAX, .burst = 10, .generator_pps = 3000};
    struct rfc2544_result result = measure(&device, 10000, 0);
    assert_in_range(result.throughput_pps, 2900, 3100);
}

static void latency_is_taken_at_10_to_90_percent_of_the_throughput(void **state)
{
    (void)state;
    struct device device = {.capacity_pps = 4000, .burst = 10, .generator_pps = UINT64_MAX};
    struct rfc2544_result result = measure(&device, 10000, 0);
    assert_int_equal(result.latency_count, 9);
    for (unsigned i = 0; i < 9; i++) {
        assert_int_equal(result.latency[i].percent, 10 * (i + 1));
        assert_int_equal(result.latency[i].rate_pps, result.throughput_pps * 10 * (i + 1) / 100);
        assert_int_equal(result.latency[i].outcome.lost, 0);
    }
}

static void loss_is_taken_downwards_until_two_rates_in_turn_lose_nothing(void **state)
{
    (void)state;
    struct device device = {.capacity_pps = 6500, .burst = 10, .generator_pps = UINT64_MAX};
    struct rfc2544_result result = measure(&device, 10000, 0);
    assert_int_equal(result.loss_count, 6); /* 100, 90, 80, 70 %, and 60 and 50 without */
    for (unsigned i = 0; i < 6; i++) {
        uint64_t rate = 10000 - 1000 * i;
        assert_int_equal(result.loss[i].percent, 100 - 10 * i);
        assert_int_equal(result.loss[i].rate_pps, rate);
        assert_int_equal(result.loss[i].outcome.lost, rate > 6500 ? rate - 6500 : 0);
    }
}

static void the_longest_burst_is_found_to_the_packet_where_it_is_short(void **state)
{
    (void)state;
    for (uint64_t burst = 1; burst <= 64; burst++) {
        struct device device = {.capacity_pps = 100, .burst = burst, .generator_pps = UINT64_MAX};
        struct rfc2544_result result = measure(&device, 100000, 0);
        assert_true(result.back_to_back == (double)burst);
        assert_int_equal(device.longest, 200000);
    }
}

static void a_trial_that_fails_ends_everything(void **state)
{
    (void)state;
    for (unsigned at = 1; at < 30; at++) {
        struct device device = {
            .capacity_pps = 100, .burst = 10, .generator_pps = UINT64_MAX, .fails_at = at};
        const struct rfc2544 test = {.run = trial,
                                     .context = &device,
                                     .max_pps = 10000,
                                     .resolution = 0.01,
                                     .burst_max = 20000,
                                     .repeats = 1};
        struct rfc2544_result result;
        assert_false(rfc2544_run(&test, &result));
        assert_int_equal(device.trials, at);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(throughput_is_found_within_a_hundredth_of_the_highest_rate),
        cmocka_unit_test(a_device_that_loses_nothing_has_the_highest_rate_at_the_first_trial),
        cmocka_unit_test(a_device_that_always_loses_has_no_throughput_and_no_latency),
        cmocka_unit_test(what_may_be_lost_is_not_taken_for_a_loss),
        cmocka_unit_test(a_rate_that_could_not_be_offered_was_not_passed),
        cmocka_unit_test(latency_is_taken_at_10_to_90_percent_of_the_throughput),
        cmocka_unit_test(loss_is_taken_downwards_until_two_rates_in_turn_lose_nothing),
        cmocka_unit_test(the_longest_burst_is_found_to_the_packet_where_it_is_short),
        cmocka_unit_test(a_trial_that_fails_ends_everything),
    };
    return cmocka_run_group_tests_name("load: RFC 2544", tests, NULL, NULL);
}
