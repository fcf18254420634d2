/* SPDX-License-Identifier: BSD-2-Clause */
/* The pure parts of the timer class and of rates: conversion, deadlines, token bucket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <net/bucket.h>
#include <timer/counter.h>
#include <timer/deadlines.h>
#include <timer/ticks.h>

enum { ROUNDS = 200000 };

static uint64_t random_state;

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t random64(void)
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* Small numbers as often as large ones, and those beside powers of two. */
static uint64_t random_any(void)
{
    uint64_t value = random64() >> random64() % 64;
    return random64() % 4 == 0 ? (UINT64_C(1) << random64() % 64) - random64() % 3 : value;
}

static uint32_t random_hz(void)
{
    static const uint32_t USUAL[] = {1,        1000,      24000000,   62500000,
                                     54000000, 999999999, 1000000000, UINT32_MAX};
    uint32_t any = (uint32_t)random_any();
    return random64() % 2 == 0 || any == 0 ? USUAL[random64() % 8] : any;
}

static uint64_t saturated(unsigned __int128 value)
{
    return value > UINT64_MAX ? UINT64_MAX : (uint64_t)value;
}

static void check_conversion(uint64_t value, uint32_t hz)
{
    unsigned __int128 ns = (unsigned __int128)value * TIMER_NS_PER_S / hz;
    unsigned __int128 ticks = ((unsigned __int128)value * hz + TIMER_NS_PER_S - 1) / TIMER_NS_PER_S;
    assert_true(ticks_to_ns(value, hz) == saturated(ns));
    assert_true(ticks_from_ns(value, hz) == saturated(ticks));
    if (ticks <= UINT64_MAX && ticks_to_ns((uint64_t)ticks, hz) != UINT64_MAX) {
        assert_true(ticks_to_ns((uint64_t)ticks, hz) >= value);
        assert_true(ticks == 0 || ticks_to_ns((uint64_t)ticks - 1, hz) < value);
    }
    /* Whatever the moment, `value` ns, its tick is not further behind than that. */
    uint64_t before = saturated((unsigned __int128)value * hz / TIMER_NS_PER_S);
    if (before != UINT64_MAX) {
        assert_in_range(value - ticks_to_ns(before, hz), 0, ticks_slack_ns(hz));
    }
    if (value != UINT64_MAX) {
        assert_true(ticks_to_ns(value + 1, hz) >= ticks_to_ns(value, hz));
        assert_true(ticks_from_ns(value + 1, hz) >= ticks_from_ns(value, hz));
    }
}

static void test_conversion_edges(void **state)
{
    static const uint32_t HZ[] = {1, 2, 62500000, 999999999, 1000000000, UINT32_MAX};
    (void)state;
    for (size_t h = 0; h < sizeof(HZ) / sizeof(HZ[0]); h++) {
        for (unsigned bit = 0; bit < 64; bit++) {
            for (uint64_t by = 0; by < 5; by++) {
                check_conversion((UINT64_C(1) << bit) - 2 + by, HZ[h]);
            }
        }
        check_conversion(UINT64_MAX, HZ[h]);
        check_conversion(UINT64_MAX / TIMER_NS_PER_S * HZ[h], HZ[h]);
    }
}

static void test_conversion_random(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ROUNDS; i++) {
        check_conversion(random_any(), random_hz());
    }
}

/* A counter that is looked at at least once a lap, from every edge on. */
static void test_counter(void **state)
{
    static const uint32_t EDGES[] = {0,         1, 2, INT32_MAX, COUNTER_HALF_LAP, UINT32_MAX - 1,
                                     UINT32_MAX};
    enum { COUNT = sizeof(EDGES) / sizeof(EDGES[0]) };
    (void)state;
    for (size_t from = 0; from < COUNT; from++) {
        for (size_t by = 0; by < COUNT; by++) {
            struct counter c = {.ticks = UINT64_C(3) << 40, .last = EDGES[from]};
            uint64_t ticks = counter_advance(&c, EDGES[from] + EDGES[by]);
            assert_true(ticks == (UINT64_C(3) << 40) + EDGES[by] && c.ticks == ticks);
        }
    }
    struct counter c = {0};
    uint64_t ticks = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        ticks += (uint32_t)random_any();
        assert_true(counter_advance(&c, (uint32_t)ticks) == ticks);
    }
}

static void check_wait(uint64_t now, uint64_t at)
{
    uint32_t wait = counter_wait(now, at);
    assert_in_range(wait, 1, COUNTER_HALF_LAP);
    unsigned __int128 end = (unsigned __int128)now + wait;
    assert_true(at <= now ? wait == 1 : end <= at);
    assert_true(end >= at || wait == COUNTER_HALF_LAP);
}

static void test_counter_wait(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 64; bit++) {
        for (uint64_t by = 0; by < 5; by++) {
            uint64_t edge = (UINT64_C(1) << bit) - 2 + by;
            check_wait(0, edge);
            check_wait(edge, UINT64_MAX);
            check_wait(edge, edge);
            check_wait(12345, 12345 + edge);
            check_wait(edge, edge - 1);
        }
    }
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t now = random_any();
        check_wait(now,
                   random64() % 2 == 0 ? random_any() : now + random_any() % (UINT64_C(3) << 31));
    }
}

/* Beside a table that does the same in the simplest way. */
static void test_deadlines(void **state)
{
    static struct deadlines d;
    uint64_t table[TIMER_CLIENTS_MAX];
    (void)state;
    memset(&d, 0, sizeof(d));
    memset(table, 0xff, sizeof(table)); /* UINT64_MAX: none */
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint32_t client = (uint32_t)(random64() % TIMER_CLIENTS_MAX);
        uint64_t when = random64() % 1000, taken = UINT64_MAX;
        uint32_t due = TIMER_CLIENTS_MAX;
        switch (random64() % 4) {
        case 0:
        case 1:
            deadlines_set(&d, client, when);
            table[client] = when;
            break;
        case 2:
            deadlines_cancel(&d, client);
            table[client] = UINT64_MAX;
            break;
        default:
            taken = deadlines_next(&d);
            assert_int_equal(deadlines_take(&d, when, &due), taken <= when);
            if (taken <= when) {
                assert_true(table[due] == taken);
                table[due] = UINT64_MAX;
            }
        }
        uint64_t next = UINT64_MAX;
        uint32_t count = 0;
        for (uint32_t c = 0; c < TIMER_CLIENTS_MAX; c++) {
            next = table[c] < next ? table[c] : next;
            count += table[c] != UINT64_MAX;
        }
        assert_true(deadlines_next(&d) == next);
        assert_int_equal(d.count, count);
    }
}

/* ---- Token bucket ---- */

static void test_bucket_edges(void **state)
{
    static const uint64_t RATES[] = {1, 999999999, 1000000000, NET_RATE_MAX};
    static const uint64_t BURSTS[] = {1, 3, 1514, NET_BURST_BYTES_MAX};
    (void)state;
    for (size_t r = 0; r < 4; r++) {
        for (size_t i = 0; i < 4; i++) {
            struct bucket b;
            bucket_open(&b, RATES[r], BURSTS[i], 0);
            assert_true(bucket_may_send(&b));
            bucket_sent(&b, BURSTS[i]);
            assert_false(bucket_may_send(&b));
            bucket_sent(&b, NET_BUFFER_SIZE_MAX);
            uint64_t ready = bucket_ready_ns(&b);
            struct bucket early = b;
            bucket_fill(&early, ready - 1);
            assert_true(early.tokens < (int64_t)(BURSTS[i] / 4 != 0 ? BURSTS[i] / 4 : 1));
            bucket_fill(&b, ready);
            assert_true(bucket_may_send(&b));
            bucket_fill(&b, TIMER_TIME_MAX_NS);
            assert_true(b.tokens == (int64_t)BURSTS[i]);
            bucket_fill(&b, 5); /* a time that goes back */
            assert_true(b.tokens == (int64_t)BURSTS[i] && b.at_ns == TIMER_TIME_MAX_NS);
        }
    }
}

/* A client that sends all it may, looked at as often as anybody likes. */
static void test_bucket_rate(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 300; round++) {
        uint64_t rate = 1 + (random_any() % NET_RATE_MAX);
        uint64_t burst = 1 + (random_any() % NET_BURST_BYTES_MAX);
        uint64_t start = random64() % TIMER_TIME_MAX_NS, now = start,
                 step = 1 + random64() % 1000000;
        unsigned __int128 sent = 0;
        struct bucket b;
        bucket_open(&b, rate, burst, start);
        for (unsigned i = 0; i < 1000; i++) {
            now += random64() % step;
            bucket_fill(&b, now);
            if (bucket_may_send(&b)) {
                uint64_t bytes = (uint64_t)b.tokens + random64() % 1000;
                bucket_sent(&b, bytes);
                sent += bytes;
            }
        }
        unsigned __int128 most =
            burst + 1000 + (unsigned __int128)rate * (now - start) / 1000000000;
        assert_true(sent <= most);
        bucket_fill(&b, now);
        /* Less only by the first step, when it is full, and by parts of a byte and a nanosecond. */
        uint64_t step_bytes = (uint64_t)((unsigned __int128)rate * step / 1000000000);
        uint64_t lost = step_bytes + 1000 * (3 + rate / 1000000000) + 1000;
        if (step_bytes < burst) {
            assert_true((__int128)sent + b.tokens + lost >= (__int128)most);
        }
    }
}

int main(void)
{
    const char *wanted = getenv("SDDF_SEED");
    random_state = wanted != NULL ? strtoull(wanted, NULL, 0) : (uint64_t)time(NULL);
    printf("# SDDF_SEED=%llu\n", (unsigned long long)random_state);
    (void)fflush(stdout);
    const struct CMUnitTest tests[] = {
        {"ticks and nanoseconds convert exactly, or to the largest value, beside every power of "
         "two",
         test_conversion_edges, NULL, NULL, NULL},
        {"ticks and nanoseconds convert exactly and in order, an alarm is never early, at random",
         test_conversion_random, NULL, NULL, NULL},
        {"a counter of 32 bits is one of 64, from every edge on", test_counter, NULL, NULL, NULL},
        {"a wait ends when it should, or after half a lap, beside every power of two and at random",
         test_counter_wait, NULL, NULL, NULL},
        {"a token bucket holds at the edges of rate, burst and time", test_bucket_edges, NULL, NULL,
         NULL},
        {"a token bucket gives its rate to within a frame, looked at however often",
         test_bucket_rate, NULL, NULL, NULL},
        {"deadlines come in the order of their time, one per client", test_deadlines, NULL, NULL,
         NULL},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
