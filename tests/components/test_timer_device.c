/* SPDX-License-Identifier: BSD-2-Clause */
/* A timer's driver, shell and device together, on a model of the device (timer_model.h). The driver
 * is entered when a client calls or the device's line is up, and never otherwise: an alarm that it
 * forgets to set shows as a timeout that does not come. Time passes only as the test says. */
#include "mock_microkit.h"
#include "timer_model.h"

#include <sddf/timer.h>
#include <stdio.h>

enum { CLIENTS = 5, IRQ_CHANNEL = 60, LIES = 20000 };

/* What a client waits for, in the world's time, as nanoseconds since the driver started. */
struct wait {
    bool on;
    uint64_t earliest, latest;
    uint64_t period; /* 0: once */
};

static struct timer_driver_config *config;
static uint64_t base;       /* the timer's time when the world's was 0 */
static uint64_t late_ns;    /* that a timeout may be */
static uint64_t started_ns; /* the model's time at the driver's start */
static struct wait waits[CLIENTS];
static uint32_t seen[CLIENTS]; /* notifications */

static uint64_t world(void)
{
    return timer_world_ns() - started_ns;
}

static void configure(void)
{
    timer_reset();
    config = mock_memory(sizeof(*config));
    mock_header(&config->header, CONFIG_TIMER_DRIVER, sizeof(*config));
    config->header.version = TIMER_CONFIG_VERSION;
    config->registers = (struct config_region){.address = timer_facts.registers_address,
                                               .size = timer_facts.registers_size};
    config->clock_hz = timer_facts.clock_hz;
    config->irq_channel = IRQ_CHANNEL;
    config->client_count = CLIENTS;
    for (uint32_t i = 0; i < CLIENTS; i++) {
        config->channels[i] = i;
        waits[i] = (struct wait){0};
        seen[i] = 0;
    }
    mock_configure(config, sizeof(*config));
}

static uint64_t call(uint32_t client, enum timer_request request, uint16_t words, uint64_t ns)
{
    mock.words[0] = ns;
    microkit_msginfo reply =
        mock_call((microkit_channel)client, microkit_msginfo_new((uint64_t)request, words));
    assert_int_equal(microkit_msginfo_get_label(reply), TIMER_OK);
    assert_int_equal(microkit_msginfo_get_count(reply), 1);
    return mock.words[0];
}

static void start(void)
{
    configure();
    mock_init();
    started_ns = timer_world_ns();
    late_ns = timer_facts.late_ns;
    base = call(0, TIMER_NOW, 0, 0);
}

/* The timer's time, which is the world's but for a tick. */
static uint64_t now(void)
{
    uint64_t before = world();
    uint64_t time = call(0, TIMER_NOW, 0, 0);
    assert_true(time + timer_facts.tick_ns >= base + before);
    assert_true(time <= base + world() + timer_facts.tick_ns);
    return time;
}

static void ask(uint32_t client, enum timer_request request, uint64_t ns)
{
    struct wait *wait = &waits[client];
    uint64_t before = world();
    uint64_t time = call(client, request, request == TIMER_CANCEL ? 0 : 1, ns);
    *wait = (struct wait){.on = request != TIMER_CANCEL, .earliest = time - base + ns};
    wait->latest = wait->earliest;
    if (request == TIMER_SET_AT) {
        wait->earliest = ns > base ? ns - base : 0;
        wait->latest = wait->earliest > world() ? wait->earliest : world();
    } else if (request == TIMER_SET_AFTER) {
        wait->earliest = before + ns;
        wait->latest = world() + ns + timer_facts.tick_ns;
    } else if (request == TIMER_SET_PERIODIC) {
        wait->period = ns;
    }
}

/* It heard `count` times by `time`, of the driver's start. */
static void heard(struct wait *wait, uint32_t count, uint64_t time)
{
    assert_true(wait->on && (count == 1 || wait->period != 0));
    assert_true(time >= wait->earliest + (count - 1) * wait->period);
    wait->on = wait->period != 0;
    if (wait->on) {
        wait->earliest += count * wait->period;
        wait->latest = wait->earliest;
        if (time >= wait->latest) { /* missed ones are left out */
            wait->latest += ((time - wait->latest) / wait->period + 1) * wait->period;
        }
    }
}

/* Each client hears when it is due, up to `step` later, and nobody anything else. */
static void look(uint64_t step)
{
    uint64_t time = now() - base;
    for (uint32_t i = 0; i < CLIENTS; i++) {
        uint32_t count = mock.notified[i] - seen[i];
        seen[i] += count;
        if (count != 0) {
            heard(&waits[i], count, time);
        } else {
            assert_true(!waits[i].on || world() <= waits[i].latest + late_ns + step);
        }
    }
}

/* Nobody asks the driver anything meanwhile. */
static void sleep_for(uint64_t ns)
{
    timer_pass(ns);
    for (uint32_t i = 0; timer_interrupt(); i++) {
        assert_true(i < 3); /* else the line stays up whatever the driver does */
        mock_enter(IRQ_CHANNEL);
    }
}

static void pass(uint64_t ns)
{
    uint64_t before = world();
    sleep_for(ns);
    look(world() - before);
}

/* A few ticks of the device, or of the shortest period, at random. */
static uint64_t some_time(void)
{
    uint64_t unit =
        timer_facts.tick_ns > TIMER_PERIOD_MIN_NS ? timer_facts.tick_ns : 2 * TIMER_PERIOD_MIN_NS;
    return random64() % (5 * unit);
}

static void traffic(void)
{
    uint32_t heard_all = 0;
    for (uint32_t i = 0; i < timer_facts.rounds; i++) {
        uint32_t client = random_below(CLIENTS);
        uint64_t ns = some_time();
        switch (random_below(12)) {
        case 0:
            ask(client, TIMER_SET_AT, base + world() + ns);
            break;
        case 1:
            ask(client, TIMER_SET_AFTER, ns);
            break;
        case 2:
            ask(client, TIMER_SET_PERIODIC, ns + TIMER_PERIOD_MIN_NS);
            break;
        case 3:
            ask(client, TIMER_CANCEL, 0);
            break;
        default:
            pass(some_time() >> random_below(20));
        }
    }
    for (uint32_t i = 0; i < CLIENTS; i++) {
        heard_all += seen[i];
    }
    assert_true(heard_all > timer_facts.rounds / 30);
}

static void test_random(void **state)
{
    (void)state;
    start();
    traffic();
}

/* Up to a tick, and more, goes by between any two accesses: a timeout may then be late by as many
 * as it takes to set it. */
static void test_passing(void **state)
{
    (void)state;
    start();
    uint64_t creep = timer_facts.tick_ns / 20 + 300;
    timer_creep(creep);
    late_ns += 40 * creep + timer_facts.tick_ns;
    for (uint32_t i = 0; i < timer_facts.rounds; i++) {
        ask(i % CLIENTS, TIMER_SET_AFTER, some_time() / 4);
        while (waits[i % CLIENTS].on) {
            pass(timer_facts.tick_ns / 2 + 1000);
        }
    }
    traffic();
}

static void test_wait(void **state)
{
    (void)state;
    start();
    for (uint32_t i = 0; i < timer_facts.rounds / 20; i++) {
        pass(random64() % (2 * timer_facts.tick_ns + 3));
        uint64_t asked = world();
        uint64_t ns = some_time();
        ask(1, TIMER_SET_AFTER, ns);
        while (waits[1].on) {
            pass(1 + some_time() / 50);
        }
        assert_true(world() >= asked + ns);
    }
}

static void test_past(void **state)
{
    (void)state;
    start();
    pass(10 * timer_facts.tick_ns + 1000);
    for (uint32_t i = 0; i < 10; i++) {
        ask(2, TIMER_SET_AT, i % 2 == 0 ? 0 : now());
        pass(0);
        pass(timer_facts.late_ns + 1);
        assert_false(waits[2].on);
    }
}

static void test_far(void **state)
{
    uint64_t step = timer_facts.far_ns / 64;
    (void)state;
    start();
    for (uint32_t i = 0; i < 64; i++) {
        sleep_for(step); /* nobody waits */
    }
    for (uint32_t i = 0; i < 20; i++) {
        uint64_t wait = timer_facts.far_ns / 14 + random64() % (timer_facts.far_ns / 8);
        ask(3, TIMER_SET_AT, now() + wait);
        while (mock.notified[3] == seen[3]) {
            assert_true(world() <= waits[3].latest + late_ns);
            sleep_for(step);
        }
        look(step);
    }
}

static void test_cancelled(void **state)
{
    (void)state;
    start();
    for (uint32_t i = 0; i < timer_facts.rounds / 30; i++) {
        ask(4, TIMER_SET_AFTER, some_time());
        ask(4, TIMER_CANCEL, 0);
        pass(some_time() * 2 + 2 * timer_facts.late_ns);
    }
    assert_int_equal(mock.acknowledged[IRQ_CHANNEL], 0);
}

/* Registers and line at random: each entry ends, and only who waits is notified. */
static void test_lies(void **state)
{
    (void)state;
    start();
    timer_lie();
    uint32_t asked[CLIENTS] = {0};
    for (uint32_t i = 0; i < LIES; i++) {
        uint32_t client = random_below(CLIENTS - 1); /* the last one never waits */
        if (random_below(2) == 0) {
            mock_enter(IRQ_CHANNEL);
        } else {
            mock.words[0] = random64() >> random_below(64);
            (void)mock_call((microkit_channel)client,
                            microkit_msginfo_new(TIMER_SET_AT + random_below(3), 1));
            asked[client]++;
        }
    }
    assert_int_equal(mock.notified[CLIENTS - 1], 0);
    assert_true(asked[0] != 0);
}

static void test_configuration(void **state)
{
    (void)state;
    configure();
    if (timer_facts.other != NULL) {
        timer_be_another();
        assert_true(mock_init_refused(timer_facts.other));
    }
    configure();
    config->clock_hz = 0;
    if (timer_facts.clock_hz != 0) {
        assert_true(mock_init_refused("add its clock to the board's file"));
    }
    config->registers.size = 4;
    assert_true(mock_init_refused("fewer are mapped"));
}

#define HONEST                                                                                   \
    SENTENCE("timeouts of all kinds come when they are due, woken by the interrupt alone",       \
             test_random),                                                                       \
        SENTENCE("a wait is never shorter than asked for", test_wait),                           \
        SENTENCE("a moment in the past comes at once", test_past),                               \
        SENTENCE("time and timeouts are right over laps of the counter, or over years, whether " \
                 "or not anybody waits",                                                         \
                 test_far),                                                                      \
        SENTENCE("what is cancelled does not come, and the line stays down", test_cancelled)

int main(int argc, char **argv)
{
    const struct CMUnitTest own[] = {
        HONEST,
        SENTENCE("a moment that passes while the alarm is set is not lost", test_passing),
        SENTENCE("a device that says anything keeps the driver from nothing but the time",
                 test_lies),
        SENTENCE("a device that is another, or not described, is named", test_configuration),
    };
    const struct CMUnitTest others[] = {HONEST};
    if (argc < 2 || mock_module(2, argv) != 0) {
        return 2;
    }
    if (!timer_model_open(argc > 2 ? argv[2] : "")) {
        return 0;
    }
    return argc > 2 ? cmocka_run_group_tests(others, NULL, NULL)
                    : cmocka_run_group_tests(own, NULL, NULL);
}
