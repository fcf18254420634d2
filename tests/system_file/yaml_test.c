/* SPDX-License-Identifier: BSD-2-Clause */
/* The values that tools/sddf/yaml.h reads out of texts; run on the host by `make test`. Positions
 * and refusals of whole files: test_system_file.py. */
#include "tools/sddf/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

typedef bool (*getter)(const struct yaml_node *node, uint64_t min, uint64_t max, uint64_t *value);

static const uint64_t UNTOUCHED = 77;

/* The value of key "k" as the getter reads it, UNTOUCHED if it refuses. */
static uint64_t value_of(getter get, const char *value, uint64_t min, uint64_t max)
{
    char text[128];
    int length = snprintf(text, sizeof(text), "k: %s\n", value);
    struct yaml_file *file = yaml_file_parse("test", text, (size_t)length, NULL);
    assert_non_null(file);
    uint64_t number = UNTOUCHED;
    bool good = get(yaml_need(yaml_root(file), "k"), min, max, &number);
    assert_int_equal(yaml_file_errors(file), good ? 0 : 1);
    yaml_file_free(file);
    assert_true(good || number == UNTOUCHED);
    return number;
}

static void numbers_are_decimal_or_hexadecimal_and_nothing_else(void **state)
{
    (void)state;
    assert_int_equal(value_of(yaml_as_integer, "48", 0, 48), 48);
    assert_int_equal(value_of(yaml_as_integer, "0x3F", 0, 63), 63);
    assert_int_equal(value_of(yaml_as_integer, "0", 0, 1), 0);
    assert_true(value_of(yaml_as_integer, "18446744073709551615", 0, UINT64_MAX) == UINT64_MAX);
    const char *const wrong[] = {"010",   "18446744073709551616",
                                 "-1",    "+1",
                                 "1.5",   "1e3",
                                 "0x",    "0b1",
                                 "1_000", "' 1'",
                                 "4KiB",  "~",
                                 "''",    "[1]",
                                 "",      "1 2"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(value_of(yaml_as_integer, wrong[i], 0, UINT64_MAX), UNTOUCHED);
}

static void numbers_outside_their_range_are_refused(void **state)
{
    (void)state;
    assert_int_equal(value_of(yaml_as_integer, "5", 5, 6), 5);
    assert_int_equal(value_of(yaml_as_integer, "6", 5, 6), 6);
    assert_int_equal(value_of(yaml_as_integer, "4", 5, 6), UNTOUCHED);
    assert_int_equal(value_of(yaml_as_integer, "7", 5, 6), UNTOUCHED);
}

static void sizes_have_binary_units(void **state)
{
    (void)state;
    assert_int_equal(value_of(yaml_as_size, "512B", 0, UINT64_MAX), 512);
    assert_int_equal(value_of(yaml_as_size, "0x1000", 0, UINT64_MAX), UNTOUCHED);
    assert_int_equal(value_of(yaml_as_size, "4096", 0, UINT64_MAX), UNTOUCHED);
    assert_int_equal(value_of(yaml_as_bytes, "0x1000", 0, UINT64_MAX), 0x1000);
    assert_int_equal(value_of(yaml_as_bytes, "4096", 0, UINT64_MAX), UNTOUCHED);
    assert_int_equal(value_of(yaml_as_size, "4KiB", 0, UINT64_MAX), 4096);
    assert_int_equal(value_of(yaml_as_size, "2MiB", 0, UINT64_MAX), 0x200000);
    assert_int_equal(value_of(yaml_as_size, "1GiB", 0, UINT64_MAX), 0x40000000);
    assert_int_equal(value_of(yaml_as_size, "4kB", 0, UINT64_MAX), UNTOUCHED);
    assert_int_equal(value_of(yaml_as_size, "4 KiB", 0, UINT64_MAX), UNTOUCHED);
    assert_int_equal(value_of(yaml_as_size, "18446744073709551615GiB", 0, UINT64_MAX), UNTOUCHED);
}

static void durations_and_rates_need_their_unit(void **state)
{
    (void)state;
    assert_int_equal(value_of(yaml_as_duration, "100us", 0, UINT64_MAX), 100);
    assert_int_equal(value_of(yaml_as_duration, "1ms", 0, UINT64_MAX), 1000);
    assert_int_equal(value_of(yaml_as_duration, "2s", 0, UINT64_MAX), 2000000);
    assert_int_equal(value_of(yaml_as_duration, "100", 0, UINT64_MAX), UNTOUCHED);
    assert_int_equal(value_of(yaml_as_rate, "9600bit/s", 0, UINT64_MAX), 9600);
    assert_int_equal(value_of(yaml_as_rate, "10kbit/s", 0, UINT64_MAX), 10000);
    assert_int_equal(value_of(yaml_as_rate, "100Mbit/s", 0, UINT64_MAX), 100000000);
    assert_int_equal(value_of(yaml_as_rate, "1Gbit/s", 0, UINT64_MAX), 1000000000);
    assert_int_equal(value_of(yaml_as_rate, "100M", 0, UINT64_MAX), UNTOUCHED);
    assert_int_equal(value_of(yaml_as_frequency, "32768Hz", 0, UINT64_MAX), 32768);
    assert_int_equal(value_of(yaml_as_frequency, "8kHz", 0, UINT64_MAX), 8000);
    assert_int_equal(value_of(yaml_as_frequency, "24MHz", 0, UINT64_MAX), 24000000);
    assert_int_equal(value_of(yaml_as_frequency, "1GHz", 0, UINT64_MAX), 1000000000);
    assert_int_equal(value_of(yaml_as_frequency, "24000000", 0, UINT64_MAX), UNTOUCHED);
}

static void texts_flags_choices_and_names_are_what_they_must_be(void **state)
{
    (void)state;
    static const char TEXT[] = "s: 52:54:00\nlong: abcdef\nyes: yes\non: true\nc: b\n2x: 1\n";
    static const char *const CHOICES[] = {"a", "b", NULL};
    struct yaml_file *file = yaml_file_parse("test", TEXT, sizeof(TEXT) - 1, NULL);
    assert_non_null(file);
    const struct yaml_node *root = yaml_root(file);
    char text[9] = "x";
    char small[6] = "x";
    bool flag = false;
    unsigned choice = 9;
    assert_true(yaml_as_string(yaml_get(root, "s"), text, sizeof(text)));
    assert_string_equal(text, "52:54:00");
    assert_false(yaml_as_string(yaml_get(root, "long"), small, sizeof(small)));
    assert_string_equal(small, "x");
    assert_false(yaml_as_bool(yaml_get(root, "yes"), &flag));
    assert_true(yaml_as_bool(yaml_get(root, "on"), &flag) && flag);
    assert_true(yaml_as_choice(yaml_get(root, "c"), CHOICES, &choice) && choice == 1);
    assert_false(yaml_as_choice(yaml_get(root, "s"), CHOICES, &choice));
    assert_true(yaml_key_name(yaml_get(root, "c"), text, sizeof(text)));
    assert_string_equal(text, "c");
    assert_false(yaml_key_name(yaml_get(root, "2x"), text, sizeof(text)));
    assert_int_equal(yaml_file_errors(file), 4);
    yaml_file_free(file);
}

static void an_absent_key_keeps_the_default_and_only_need_calls_it_an_error(void **state)
{
    (void)state;
    struct yaml_file *file = yaml_file_parse("test", "a: 1\n", 5, NULL);
    assert_non_null(file);
    const struct yaml_node *root = yaml_root(file);
    uint64_t value = UNTOUCHED;
    assert_false(yaml_as_integer(yaml_get(root, "b"), 0, 1, &value));
    assert_int_equal(yaml_file_errors(file), 0);
    assert_null(yaml_need(root, "b"));
    assert_int_equal(yaml_file_errors(file), 1);
    assert_null(yaml_need(NULL, "b"));
    assert_null(yaml_as_map(NULL));
    assert_int_equal(value, UNTOUCHED);
    yaml_file_free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_decimal_or_hexadecimal_and_nothing_else),
        cmocka_unit_test(numbers_outside_their_range_are_refused),
        cmocka_unit_test(sizes_have_binary_units),
        cmocka_unit_test(durations_and_rates_need_their_unit),
        cmocka_unit_test(texts_flags_choices_and_names_are_what_they_must_be),
        cmocka_unit_test(an_absent_key_keeps_the_default_and_only_need_calls_it_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
