/* SPDX-License-Identifier: BSD-2-Clause */
/* Unit tests of the load generator's sequence tracking. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tracker.h"

#include <string.h>

static struct tracker tracker;

static int fresh(void **state)
{
    (void)state;
    memset(&tracker, 0, sizeof(tracker));
    return 0;
}

/* Sends `count` sequences, one per nanosecond from `now_ns`. */
static void send(uint64_t count, uint64_t now_ns)
{
    for (uint64_t i = 0; i < count; i++) {
        tracker_sent(&tracker, now_ns + i);
    }
}

static void an_echo_counts_once_and_then_as_a_duplicate(void **state)
{
    (void)state;
    send(1, 0);
    assert_int_equal(tracker.outstanding, 1);
    assert_int_equal(tracker_received(&tracker, 0, true), TRACKER_ARRIVED);
    assert_int_equal(tracker_received(&tracker, 0, true), TRACKER_DUPLICATE);
    assert_int_equal(tracker_received(&tracker, 0, true), TRACKER_DUPLICATE);
    assert_int_equal(tracker.outstanding, 0);
    assert_int_equal(tracker.counts.received, 1);
    assert_int_equal(tracker.counts.duplicate, 2);
}

static void a_sequence_never_sent_is_unknown_and_changes_nothing(void **state)
{
    (void)state;
    send(3, 0);
    assert_int_equal(tracker_received(&tracker, 3, true), TRACKER_UNKNOWN);
    assert_int_equal(tracker_received(&tracker, UINT64_MAX, true), TRACKER_UNKNOWN);
    assert_int_equal(tracker.outstanding, 3);
    assert_int_equal(tracker.counts.received, 0);
}

static void what_does_not_come_back_is_sent_less_received(void **state)
{
    (void)state;
    send(100, 0);
    for (uint64_t sequence = 0; sequence < 100; sequence += 4) {
        assert_int_equal(tracker_received(&tracker, sequence, true), TRACKER_ARRIVED);
    }
    assert_int_equal(tracker.counts.sent - tracker.counts.received, 75);
    assert_int_equal(tracker.outstanding, 75);
}

static void an_echo_behind_a_later_one_is_reordered(void **state)
{
    (void)state;
    send(5, 0);
    const uint64_t order[] = {0, 2, 1, 4, 3};
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(tracker_received(&tracker, order[i], true), TRACKER_ARRIVED);
    }
    assert_int_equal(tracker.counts.reordered, 2);
    assert_int_equal(tracker.counts.received, 5);
}

static void what_is_outstanding_for_the_timeout_is_given_up_and_then_late(void **state)
{
    (void)state;
    send(10, 1000);
    assert_int_equal(tracker_received(&tracker, 1, true), TRACKER_ARRIVED);
    tracker_expire(&tracker, 1099, 100);
    assert_int_equal(tracker.outstanding, 9);
    tracker_expire(&tracker, 1104, 100); /* 0 to 4 are old enough, 1 is back */
    assert_int_equal(tracker.outstanding, 5);
    assert_int_equal(tracker_received(&tracker, 4, true), TRACKER_LATE);
    assert_int_equal(tracker_received(&tracker, 4, true), TRACKER_DUPLICATE);
    assert_int_equal(tracker_received(&tracker, 5, true), TRACKER_ARRIVED);
    assert_int_equal(tracker.outstanding, 4);
    assert_int_equal(tracker.counts.late, 1);
    assert_int_equal(tracker.counts.received, 2);
}

static void a_damaged_echo_settles_its_sequence_as_lost(void **state)
{
    (void)state;
    send(2, 0);
    assert_int_equal(tracker_received(&tracker, 0, false), TRACKER_DAMAGED);
    assert_int_equal(tracker.outstanding, 1);
    assert_int_equal(tracker_received(&tracker, 0, false), TRACKER_DUPLICATE);
    assert_int_equal(tracker.counts.damaged, 1);
    assert_int_equal(tracker.counts.duplicate, 0);
    assert_int_equal(tracker.counts.received, 0);
}

static void warm_up_counts_nowhere_but_is_still_recognised(void **state)
{
    (void)state;
    send(4, 0);
    assert_int_equal(tracker_received(&tracker, 0, true), TRACKER_ARRIVED);
    tracker_measure(&tracker);
    send(1, 10);
    assert_int_equal(tracker_received(&tracker, 0, true), TRACKER_DUPLICATE);
    assert_int_equal(tracker_received(&tracker, 1, true), TRACKER_ARRIVED);
    assert_int_equal(tracker_received(&tracker, 2, false), TRACKER_DAMAGED);
    tracker_expire(&tracker, 10, 5);
    assert_int_equal(tracker_received(&tracker, 3, true), TRACKER_LATE);
    const struct tracker_counts expected = {.sent = 1};
    assert_memory_equal(&tracker.counts, &expected, sizeof(expected));
    assert_int_equal(tracker.outstanding, 1);
    assert_int_equal(tracker_received(&tracker, 4, true), TRACKER_ARRIVED);
    assert_int_equal(tracker.counts.received, 1);
}

static void a_sequence_whose_slot_is_used_again_is_given_up(void **state)
{
    (void)state;
    send((uint64_t)TRACKER_SLOTS + 3, 0);
    assert_int_equal(tracker.outstanding, TRACKER_SLOTS);
    assert_int_equal(tracker_received(&tracker, 2, true), TRACKER_LATE);
    assert_int_equal(tracker.outstanding, TRACKER_SLOTS);
    assert_int_equal(tracker_received(&tracker, 3, true), TRACKER_ARRIVED);
    assert_int_equal(tracker_received(&tracker, TRACKER_SLOTS + UINT64_C(2), true),
                     TRACKER_ARRIVED);
    tracker_expire(&tracker, UINT64_C(2) * TRACKER_SLOTS, 1);
    assert_int_equal(tracker.outstanding, 0);
    assert_int_equal(tracker.oldest, tracker.next);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_echo_counts_once_and_then_as_a_duplicate, fresh),
        cmocka_unit_test_setup(a_sequence_never_sent_is_unknown_and_changes_nothing, fresh),
        cmocka_unit_test_setup(what_does_not_come_back_is_sent_less_received, fresh),
        cmocka_unit_test_setup(an_echo_behind_a_later_one_is_reordered, fresh),
        cmocka_unit_test_setup(what_is_outstanding_for_the_timeout_is_given_up_and_then_late,
                               fresh),
        cmocka_unit_test_setup(a_damaged_echo_settles_its_sequence_as_lost, fresh),
        cmocka_unit_test_setup(warm_up_counts_nowhere_but_is_still_recognised, fresh),
        cmocka_unit_test_setup(a_sequence_whose_slot_is_used_again_is_given_up, fresh),
    };
    return cmocka_run_group_tests_name("load: tracker", tests, NULL, NULL);
}
