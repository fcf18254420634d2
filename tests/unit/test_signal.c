/* SPDX-License-Identifier: BSD-2-Clause */
/* Signals of an activation (base/signal.h) against Microkit's one deferred call per wait. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <base/signal.h>
#include <cmocka.h>

seL4_Bool microkit_have_signal;
static unsigned notified_count[4], deferred_count;
static microkit_channel deferred_channel;

void microkit_notify(microkit_channel ch)
{
    notified_count[ch]++;
}

void microkit_deferred_notify(microkit_channel ch)
{
    microkit_have_signal = seL4_True;
    deferred_channel = ch;
    deferred_count++;
}

static int start(void **state)
{
    (void)state;
    microkit_have_signal = seL4_False;
    deferred_count = 0;
    for (unsigned i = 0; i < 4; i++) {
        notified_count[i] = 0;
    }
    return 0;
}

static void all_but_the_last_are_sent_at_once_and_the_last_is_deferred(void **state)
{
    struct signals signals = {0};
    (void)state;
    signal_peer(&signals, 1);
    signal_peer(&signals, 1);
    signal_peer(&signals, 2);
    assert_int_equal(notified_count[1], 1);
    signal_end(&signals);
    assert_int_equal(deferred_count, 1);
    assert_int_equal(deferred_channel, 2);
    signal_end(&signals);
    assert_int_equal(deferred_count, 1);
}

static void a_second_channel_of_one_wake_does_not_replace_the_deferred_call(void **state)
{
    struct signals signals = {0};
    (void)state;
    signal_peer(&signals, 1);
    signal_end(&signals); /* of the first notified() */
    signal_peer(&signals, 2);
    signal_end(&signals); /* of the second, before the component waits */
    assert_int_equal(deferred_count, 1);
    assert_int_equal(deferred_channel, 1);
    assert_int_equal(notified_count[2], 1);
}

static void nothing_is_held_back_by_signal_now(void **state)
{
    struct signals signals = {0};
    (void)state;
    signal_peer(&signals, 3);
    signal_now(&signals);
    signal_end(&signals);
    assert_int_equal(notified_count[3], 1);
    assert_int_equal(deferred_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(all_but_the_last_are_sent_at_once_and_the_last_is_deferred, start),
        cmocka_unit_test_setup(a_second_channel_of_one_wake_does_not_replace_the_deferred_call,
                               start),
        cmocka_unit_test_setup(nothing_is_held_back_by_signal_now, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
