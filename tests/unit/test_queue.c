/* SPDX-License-Identifier: BSD-2-Clause */
/* Unit and property tests of the transport (sddf/queue.h): contract, wrap-around, lying peers,
 * restarts. The random test prints its seed; SDDF_SEED repeats one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <sddf/queue.h>

struct entry {
    uint64_t a, b;
};

/* Both sides of one connection, and the memory of each. */
struct pair {
    struct queue_side *side_a, *side_b;
    struct connection a, b;
    uint32_t capacity;
};

static void settle(struct pair *p)
{
    for (int i = 0; i < 4; i++) {
        if (connection_poll(&p->a) == CONNECTION_RESTARTED) {
            assert_true(connection_adopt(&p->a));
        }
        if (connection_poll(&p->b) == CONNECTION_RESTARTED) {
            assert_true(connection_adopt(&p->b));
        }
    }
}

static struct pair *pair_open(uint32_t capacity)
{
    struct pair *p = calloc(1, sizeof(*p));
    size_t size = (QUEUE_SIDE_SIZE(capacity, sizeof(struct entry)) + 63) & ~(size_t)63;
    p->side_a = aligned_alloc(64, size);
    p->side_b = aligned_alloc(64, size);
    memset(p->side_a, 0, size);
    memset(p->side_b, 0, size);
    p->capacity = capacity;
    assert_true(connection_open(&p->a, p->side_a, p->side_b, capacity, capacity));
    assert_true(connection_open(&p->b, p->side_b, p->side_a, capacity, capacity));
    settle(p);
    assert_true(p->a.ready && p->b.ready);
    return p;
}

static void pair_close(struct pair *p)
{
    free(p->side_a);
    free(p->side_b);
    free(p);
}

/* Moves both indices of the queue A -> B on, as if so many entries had passed. */
static void pair_advance(struct pair *p, uint32_t passed)
{
    p->a.tail = p->a.tail_checked = p->a.peer_head = passed;
    p->b.head = p->b.peer_tail = passed;
    atomic_store_release(&p->side_a->tail, passed);
    atomic_store_release(&p->side_b->head, passed);
    atomic_store_release(&p->side_b->mark, passed - 1);
}

static uint32_t put(struct connection *c, uint64_t first, uint32_t count)
{
    uint32_t done = 0;
    for (; done < count && queue_space(c, 1) != 0; done++) {
        struct entry e = {first + done, ~(first + done)};
        assert_int_equal(queue_put(c, &e, 1, sizeof(e)), 1);
    }
    queue_publish(c);
    return done;
}

static void take(struct connection *c, uint64_t first, uint32_t count)
{
    assert_true(queue_available(c) >= count);
    for (uint32_t i = 0; i < count; i++) {
        struct entry e;
        assert_int_equal(queue_get(c, &e, 1, sizeof(e)), 1);
        assert_int_equal(e.a, first + i);
        assert_int_equal(e.b, ~(first + i));
    }
    queue_release(c);
}

static void entries_arrive_in_order_and_whole_at_capacities_1_2_and_65536(void **state)
{
    static const uint32_t capacities[] = {1, 2, 65536};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct pair *p = pair_open(capacities[i]);
        assert_int_equal(put(&p->a, 7, capacities[i] + 1), capacities[i]);
        take(&p->b, 7, capacities[i]);
        assert_int_equal(queue_available(&p->b), 0);
        assert_int_equal(queue_space(&p->a, capacities[i]), capacities[i]);
        pair_close(p);
    }
}

static void indices_wrap_at_2_to_the_32(void **state)
{
    (void)state;
    struct pair *p = pair_open(4);
    pair_advance(p, UINT32_MAX - 5);
    for (uint64_t round = 0; round < 10; round++) {
        assert_true(queue_arm(&p->b, 3));
        assert_int_equal(put(&p->a, 3 * round, 3), 3);
        assert_true(queue_signal(&p->a));
        take(&p->b, 3 * round, 3);
    }
    assert_int_equal(p->a.violations + p->b.violations, 0);
    pair_close(p);
}

static void capacities_other_than_powers_of_two_to_65536_are_refused(void **state)
{
    struct queue_side side = {0};
    struct connection c;
    (void)state;
    static const uint32_t wrong[] = {0, 3, 6, 65535, 131072, UINT32_MAX};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(connection_open(&c, &side, &side, wrong[i], 2));
        assert_false(connection_open(&c, &side, &side, 2, wrong[i]));
    }
}

static void nothing_is_seen_before_it_is_published(void **state)
{
    (void)state;
    struct pair *p = pair_open(4);
    struct entry e = {1, ~1ULL};
    assert_true(queue_space(&p->a, 1) != 0);
    queue_put(&p->a, &e, 1, sizeof(e));
    assert_int_equal(queue_available(&p->b), 0);
    queue_publish(&p->a);
    assert_int_equal(queue_available(&p->b), 1);
    pair_close(p);
}

static void slots_are_not_reused_before_they_are_released(void **state)
{
    (void)state;
    struct pair *p = pair_open(2);
    put(&p->a, 0, 2);
    struct entry e;
    assert_int_equal(queue_available(&p->b), 2);
    assert_int_equal(queue_get(&p->b, &e, 1, sizeof(e)), 1);
    assert_int_equal(queue_space(&p->a, 1), 0);
    queue_release(&p->b);
    assert_int_equal(queue_space(&p->a, 1), 1);
    pair_close(p);
}

static void a_signal_is_due_only_when_the_mark_is_among_the_fresh_entries(void **state)
{
    (void)state;
    struct pair *p = pair_open(8);
    put(&p->a, 0, 1);
    assert_false(queue_signal(&p->a)); /* disarmed */
    take(&p->b, 0, 1);
    assert_true(queue_arm(&p->b, 3)); /* wants three */
    assert_true(queue_peer_waits(&p->a));
    put(&p->a, 1, 2);
    assert_false(queue_signal(&p->a));
    put(&p->a, 3, 1);
    assert_true(queue_signal(&p->a));
    assert_false(queue_signal(&p->a)); /* once */
    assert_false(queue_peer_waits(&p->a));
    pair_close(p);
}

static void two_publishes_and_one_check_lose_no_signal(void **state)
{
    (void)state;
    struct pair *p = pair_open(8);
    assert_true(queue_arm(&p->b, 1));
    put(&p->a, 0, 1);
    put(&p->a, 1, 1);
    assert_true(queue_signal(&p->a));
    pair_close(p);
}

static void arming_finds_entries_that_are_there_already(void **state)
{
    (void)state;
    struct pair *p = pair_open(8);
    put(&p->a, 0, 2);
    assert_false(queue_arm(&p->b, 1));
    assert_false(queue_arm(&p->b, 2));
    assert_true(queue_arm(&p->b, 3));
    pair_close(p);
}

static void a_peer_that_lies_about_its_tail_is_counted_and_reads_as_empty(void **state)
{
    (void)state;
    struct pair *p = pair_open(4);
    static const uint32_t lies[] = {5, 1000, UINT32_MAX, 1U << 31};
    for (size_t i = 0; i < 4; i++) {
        atomic_store_release(&p->side_a->tail, lies[i]);
        assert_int_equal(queue_available(&p->b), 0);
        assert_int_equal(p->b.violations, i + 1);
        assert_true(queue_arm(&p->b, 1)); /* no reason to look again: it cannot keep us busy */
    }
    atomic_store_release(&p->side_a->tail, 0);
    put(&p->a, 0, 4);
    take(&p->b, 0, 4); /* and the truth is believed again */
    pair_close(p);
}

static void a_peer_that_lies_about_its_head_gets_no_space(void **state)
{
    (void)state;
    struct pair *p = pair_open(4);
    put(&p->a, 0, 4);
    static const uint32_t lies[] = {5, UINT32_MAX, 1U << 31};
    for (size_t i = 0; i < 3; i++) {
        atomic_store_release(&p->side_b->head, lies[i]);
        assert_int_equal(queue_space(&p->a, 1), 0);
        assert_int_equal(p->a.violations, i + 1);
    }
    atomic_store_release(&p->side_b->head, 2);
    assert_int_equal(queue_space(&p->a, 4), 2);
    atomic_store_release(&p->side_b->head, 1); /* back again */
    assert_int_equal(queue_space(&p->a, 4), 0);
    pair_close(p);
}

/* Or who asks for much finds none, who asks for one finds some, and both ask for ever. */
static void space_denied_for_much_is_denied_for_little(void **state)
{
    (void)state;
    struct pair *p = pair_open(4);
    put(&p->a, 0, 2);
    atomic_store_release(&p->side_b->head, 3); /* beyond what was put */
    assert_int_equal(queue_space(&p->a, 4), 0);
    assert_int_equal(queue_space(&p->a, 1), 0);
    atomic_store_release(&p->side_b->head, 1);
    assert_int_equal(queue_space(&p->a, 4), 3);
    uint32_t epoch = atomic_load_relaxed(&p->side_b->epoch);
    atomic_store_release(&p->side_b->epoch, epoch + 1); /* it restarts meanwhile */
    assert_int_equal(queue_space(&p->a, 4), 0);
    assert_int_equal(queue_space(&p->a, 1), 0);
    pair_close(p);
}

static void nothing_moves_before_both_have_adopted_each_other(void **state)
{
    (void)state;
    struct pair *p = pair_open(4);
    struct connection fresh;
    connection_open(&fresh, p->side_a, p->side_b, 4, 4);
    p->a = fresh;
    assert_int_equal(connection_poll(&p->a), CONNECTION_RESTARTED); /* it has adopted nobody yet */
    assert_true(connection_adopt(&p->a));
    assert_int_equal(connection_poll(&p->a), CONNECTION_DOWN);
    assert_int_equal(queue_space(&p->a, 1), 0);
    assert_int_equal(queue_available(&p->a), 0);
    assert_int_equal(connection_poll(&p->b), CONNECTION_RESTARTED);
    assert_true(connection_adopt(&p->b));
    assert_int_equal(connection_poll(&p->b), CONNECTION_READY);
    assert_int_equal(connection_poll(&p->a), CONNECTION_READY);
    put(&p->a, 3, 4);
    take(&p->b, 3, 4);
    pair_close(p);
}

static void entries_of_an_earlier_life_are_not_taken(void **state)
{
    (void)state;
    struct pair *p = pair_open(4);
    put(&p->a, 0, 3);
    connection_open(&p->a, p->side_a, p->side_b, 4, 4);
    assert_int_equal(queue_available(&p->b), 0);
    settle(p);
    assert_int_equal(queue_available(&p->b), 0);
    put(&p->a, 50, 2);
    take(&p->b, 50, 2);
    assert_int_equal(p->b.violations, 0);
    pair_close(p);
}

static void a_peer_that_does_nothing_but_restart_is_shut_out(void **state)
{
    (void)state;
    struct pair *p = pair_open(4);
    bool adopted = true;
    for (unsigned i = 0; i < QUEUE_RESETS_MAX + 1; i++) {
        connection_open(&p->a, p->side_a, p->side_b, 4, 4);
        assert_int_equal(connection_poll(&p->b), CONNECTION_RESTARTED);
        adopted = connection_adopt(&p->b);
    }
    assert_false(adopted);
    assert_false(p->b.ready);
    pair_close(p);
}

/* Random batches both ways, random restarts: what is taken is what was put in this life. */
static void random_traffic_with_restarts_keeps_order(void **state)
{
    const char *given = getenv("SDDF_SEED");
    unsigned seed = given != NULL ? (unsigned)atoi(given) : (unsigned)time(NULL);
    (void)state;
    print_message("# seed %u\n", seed);
    srand(seed);
    struct pair *p = pair_open(8);
    uint64_t next_put = 0, next_take = 0;
    pair_advance(p, UINT32_MAX - 100);
    for (int step = 0; step < 200000; step++) {
        if (rand() % 1000 == 0 && next_take > 2 * QUEUE_RESETS_PERIOD_ENTRIES) {
            connection_open(rand() % 2 ? &p->a : &p->b, NULL, NULL, 3, 3); /* refused: no effect */
            bool first = rand() % 2 != 0;
            connection_open(first ? &p->a : &p->b, first ? p->side_a : p->side_b,
                            first ? p->side_b : p->side_a, 8, 8);
            p->a.resets = p->b.resets = 0;
            settle(p);
            next_put = next_take = 0;
        }
        next_put += put(&p->a, next_put, (uint32_t)rand() % 9);
        uint32_t count = queue_available(&p->b);
        count = count != 0 ? (uint32_t)rand() % (count + 1) : 0;
        take(&p->b, next_take, count);
        next_take += count;
    }
    assert_int_equal(p->a.violations + p->b.violations, 0);
    pair_close(p);
}

/* The producer asks for `k` free entries; the consumer gives back one at a time. */
static void wakes_when_free(struct pair *p, uint64_t *next, uint32_t k)
{
    uint32_t used = p->capacity - queue_space(&p->a, p->capacity);
    *next += put(&p->a, *next, p->capacity - used);
    assert_true(queue_arm_space(&p->a, k));
    for (uint32_t i = 1; i <= p->capacity; i++) {
        take(&p->b, *next - p->capacity + i - 1, 1);
        assert_int_equal(queue_signal_space(&p->b), i == k);
        assert_false(queue_signal_space(&p->b)); /* once */
    }
}

static void the_producer_of_a_stream_is_woken_when_so_many_are_free_and_not_before(void **state)
{
    (void)state;
    struct pair *p = pair_open(4);
    uint64_t next = 0;
    pair_advance(p, UINT32_MAX - 9);
    p->b.head_checked = p->b.head;
    atomic_store_release(&p->side_a->mark, UINT32_MAX);
    for (uint32_t round = 0; round < 8; round++) {
        wakes_when_free(p, &next, 1 + round % 4);
    }
    assert_int_equal(p->a.violations + p->b.violations, 0);
    pair_close(p);
}

static void releases_without_a_look_lose_no_wake_for_space(void **state)
{
    (void)state;
    struct pair *p = pair_open(4);
    assert_int_equal(put(&p->a, 0, 4), 4);
    assert_true(queue_arm_space(&p->a, 2));
    take(&p->b, 0, 2);
    take(&p->b, 2, 1); /* the mark lies behind the last release, not behind the last look */
    assert_true(queue_signal_space(&p->b));
    pair_close(p);
}

static void arming_for_space_finds_what_is_free_already_and_waits_for_a_liar(void **state)
{
    (void)state;
    struct pair *p = pair_open(4);
    assert_int_equal(put(&p->a, 0, 4), 4);
    take(&p->b, 0, 3);
    assert_false(queue_arm_space(&p->a, 3));
    assert_true(queue_arm_space(&p->a, 4));
    atomic_store_release(&p->side_b->head, 77);
    assert_true(queue_arm_space(&p->a, 1));
    assert_int_equal(p->a.violations, 1);
    pair_close(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_arrive_in_order_and_whole_at_capacities_1_2_and_65536),
        cmocka_unit_test(indices_wrap_at_2_to_the_32),
        cmocka_unit_test(capacities_other_than_powers_of_two_to_65536_are_refused),
        cmocka_unit_test(nothing_is_seen_before_it_is_published),
        cmocka_unit_test(slots_are_not_reused_before_they_are_released),
        cmocka_unit_test(a_signal_is_due_only_when_the_mark_is_among_the_fresh_entries),
        cmocka_unit_test(two_publishes_and_one_check_lose_no_signal),
        cmocka_unit_test(arming_finds_entries_that_are_there_already),
        cmocka_unit_test(a_peer_that_lies_about_its_tail_is_counted_and_reads_as_empty),
        cmocka_unit_test(a_peer_that_lies_about_its_head_gets_no_space),
        cmocka_unit_test(space_denied_for_much_is_denied_for_little),
        cmocka_unit_test(the_producer_of_a_stream_is_woken_when_so_many_are_free_and_not_before),
        cmocka_unit_test(releases_without_a_look_lose_no_wake_for_space),
        cmocka_unit_test(arming_for_space_finds_what_is_free_already_and_waits_for_a_liar),
        cmocka_unit_test(nothing_moves_before_both_have_adopted_each_other),
        cmocka_unit_test(entries_of_an_earlier_life_are_not_taken),
        cmocka_unit_test(a_peer_that_does_nothing_but_restart_is_shut_out),
        cmocka_unit_test(random_traffic_with_restarts_keeps_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
