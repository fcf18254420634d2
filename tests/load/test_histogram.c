/* SPDX-License-Identifier: BSD-2-Clause */
/* Unit tests of the load generator's histogram. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "histogram.h"

#include <stdlib.h>

static struct histogram histogram;

static int empty(void **state)
{
    (void)state;
    histogram_reset(&histogram);
    return 0;
}

static void an_empty_histogram_reads_as_zero(void **state)
{
    (void)state;
    assert_int_equal(histogram_percentile(&histogram, 5000), 0);
    assert_true(histogram_mean(&histogram) == 0.0);
    assert_int_equal(histogram.max, 0);
}

/* A value alone is its own maximum, so a larger one beside it shows the bucket's upper end. */
static uint64_t reported(uint64_t value)
{
    histogram_reset(&histogram);
    histogram_add(&histogram, value);
    histogram_add(&histogram, UINT64_MAX / 4);
    return histogram_percentile(&histogram, 5000);
}

static void a_value_is_reported_no_lower_and_less_than_one_percent_higher(void **state)
{
    (void)state;
    /* The last row is left out: its last bucket holds what is beyond the range, too. */
    for (unsigned bit = 0; bit < HISTOGRAM_VALUE_BITS - 1; bit++) {
        uint64_t power = UINT64_C(1) << bit;
        for (unsigned part = 0; part < 600; part++) {
            uint64_t value = power + power * part / 600;
            uint64_t found = reported(value);
            assert_in_range(found, value, value + value / 100);
        }
        uint64_t found = reported(power * 2 - 1);
        assert_int_equal(found, power * 2 - 1); /* the last of a row is its bucket's upper end */
    }
}

static void values_up_to_255_are_exact(void **state)
{
    (void)state;
    for (uint64_t value = 0; value < 256; value++) {
        assert_int_equal(reported(value), value);
    }
}

static void values_beyond_the_range_share_the_last_bucket_and_keep_the_maximum(void **state)
{
    (void)state;
    histogram_add(&histogram, UINT64_C(1) << HISTOGRAM_VALUE_BITS);
    histogram_add(&histogram, UINT64_MAX);
    assert_int_equal(histogram.buckets[HISTOGRAM_BUCKETS - 1], 2);
    assert_int_equal(histogram.max, UINT64_MAX);
    assert_int_equal(histogram_percentile(&histogram, 10000), UINT64_MAX);
}

static void percentiles_of_1_to_100000_are_their_ranks_within_one_percent(void **state)
{
    (void)state;
    for (uint64_t value = 100000; value >= 1; value--) {
        histogram_add(&histogram, value);
    }
    const unsigned asked[] = {1, 100, 5000, 9000, 9900, 9990, 9999};
    for (unsigned i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
        uint64_t truth = UINT64_C(10) * asked[i];
        assert_in_range(histogram_percentile(&histogram, asked[i]), truth, truth + truth / 100);
    }
    assert_int_equal(histogram_percentile(&histogram, 10000), 100000);
    assert_int_equal(histogram_percentile(&histogram, 0), 1);
    assert_int_equal(histogram.min, 1);
    assert_true(histogram_mean(&histogram) == 50000.5);
}

static void the_deviation_is_that_of_all_values(void **state)
{
    (void)state;
    assert_true(histogram_deviation(&histogram) == 0);
    for (uint64_t value = 1; value <= 5; value++) {
        histogram_add(&histogram, 1000 * value);
    }
    assert_in_range((uint64_t)(histogram_deviation(&histogram) * 1000), 1414213, 1414214);
}

static void a_percentile_rounds_its_rank_up(void **state)
{
    (void)state;
    histogram_add(&histogram, 1);
    histogram_add(&histogram, 2);
    histogram_add(&histogram, 3);
    assert_int_equal(histogram_percentile(&histogram, 3333), 1);
    assert_int_equal(histogram_percentile(&histogram, 3334), 2);
    assert_int_equal(histogram_percentile(&histogram, 6667), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_empty_histogram_reads_as_zero, empty),
        cmocka_unit_test_setup(a_value_is_reported_no_lower_and_less_than_one_percent_higher,
                               empty),
        cmocka_unit_test_setup(values_up_to_255_are_exact, empty),
        cmocka_unit_test_setup(values_beyond_the_range_share_the_last_bucket_and_keep_the_maximum,
                               empty),
        cmocka_unit_test_setup(percentiles_of_1_to_100000_are_their_ranks_within_one_percent,
                               empty),
        cmocka_unit_test_setup(the_deviation_is_that_of_all_values, empty),
        cmocka_unit_test_setup(a_percentile_rounds_its_rank_up, empty),
    };
    return cmocka_run_group_tests_name("load: histogram", tests, NULL, NULL);
}
