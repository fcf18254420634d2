/* SPDX-License-Identifier: BSD-2-Clause */
/* The timer driver's shell between a device that the test plays and clients, honest and hostile. */
#include "mock_microkit.h"

#include <sddf/timer.h>

enum { CLIENTS = TIMER_CLIENTS_MAX, IRQ_CHANNEL = 60, NOT_A_CLIENT = 59, ROUNDS = 100000 };

#define NEVER UINT64_MAX

static struct timer_driver_config *config;
static uint64_t clock_ns, alarm_ns, slack_ns;
static uint32_t alarms; /* times that it was set */

/* ---- The device ---- */

const char *timer_device_start(const struct timer_driver_config *given)
{
    (void)given;
    alarm_ns = NEVER;
    return NULL;
}

uint64_t timer_device_now(void)
{
    return clock_ns;
}

uint64_t timer_device_slack_ns(void)
{
    return slack_ns;
}

void timer_device_alarm(uint64_t ns)
{
    alarm_ns = ns;
    alarms++;
}

/* ---- ---- */

static void configure(void)
{
    config = mock_memory(sizeof(*config));
    mock_header(&config->header, CONFIG_TIMER_DRIVER, sizeof(*config));
    config->header.version = TIMER_CONFIG_VERSION;
    config->irq_channel = IRQ_CHANNEL;
    config->client_count = CLIENTS;
    for (uint32_t i = 0; i < CLIENTS; i++) {
        config->channels[i] = i;
    }
    mock_configure(config, sizeof(*config));
}

static void start(void)
{
    configure();
    clock_ns = 1000;
    slack_ns = 0;
    alarms = 0;
    mock_init();
}

/* The error; the reply carries `now`, and nothing else, if there is none. */
static enum timer_error call(uint32_t channel, uint64_t label, uint16_t words, uint64_t ns)
{
    mock.words[0] = ns;
    microkit_msginfo reply =
        mock_call((microkit_channel)channel, microkit_msginfo_new(label, words));
    enum timer_error error = (enum timer_error)microkit_msginfo_get_label(reply);
    assert_int_equal(microkit_msginfo_get_count(reply), error == TIMER_OK ? 1 : 0);
    assert_true(error != TIMER_OK || mock.words[0] >= clock_ns);
    return error;
}

static void expect(uint32_t client, enum timer_request request, uint64_t ns)
{
    assert_int_equal(call(client, request, 1, ns), TIMER_OK);
}

/* The clock stands at `ns`, and if the alarm is due the interrupt comes. */
static void pass(uint64_t ns)
{
    clock_ns = ns;
    if (alarm_ns <= ns) {
        mock_enter(IRQ_CHANNEL);
        assert_true(alarm_ns > ns); /* the line is down when it is acknowledged */
    }
}

static void test_one_shot(void **state)
{
    (void)state;
    start();
    expect(3, TIMER_SET_AFTER, 500);
    expect(4, TIMER_SET_AT, 1200);
    assert_true(alarm_ns == 1200);
    pass(1199);
    assert_int_equal(mock.notified[4], 0);
    pass(1200);
    assert_true(mock.notified[4] == 1 && mock.notified[3] == 0 && alarm_ns == 1500);
    pass(1501);
    assert_true(mock.notified[4] == 1 && mock.notified[3] == 1 && alarm_ns == NEVER);
    assert_int_equal(mock.acknowledged[IRQ_CHANNEL], 2);
}

static void test_replaced_and_cancelled(void **state)
{
    (void)state;
    start();
    expect(3, TIMER_SET_PERIODIC, TIMER_PERIOD_MIN_NS);
    expect(3, TIMER_SET_AFTER, 700);
    assert_true(alarm_ns == 1700);
    pass(1700);
    assert_true(mock.notified[3] == 1 && alarm_ns == NEVER);
    expect(3, TIMER_SET_AFTER, 700);
    assert_int_equal(call(3, TIMER_CANCEL, 0, 0), TIMER_OK);
    assert_int_equal(call(3, TIMER_CANCEL, 0, 0), TIMER_OK);
    assert_true(alarm_ns == NEVER);
    mock_enter(IRQ_CHANNEL);
    assert_int_equal(mock.notified[3], 1);
}

static void test_periodic(void **state)
{
    const uint64_t period = TIMER_PERIOD_MIN_NS;
    (void)state;
    start();
    expect(0, TIMER_SET_PERIODIC, period);
    pass(1000 + period + 7);
    assert_true(mock.notified[0] == 1 && alarm_ns == 1000 + 2 * period);
    pass(1000 + 5 * period + 1);
    assert_true(mock.notified[0] == 2 && alarm_ns == 1000 + 6 * period);
    assert_int_equal(mock_counter("periods_missed"), 3);
}

static void test_past(void **state)
{
    (void)state;
    start();
    expect(0, TIMER_SET_AT, 0);
    pass(1000);
    assert_int_equal(mock.notified[0], 1);
}

static void test_refuses(void **state)
{
    const uint64_t labels[] = {0, TIMER_CANCEL + 1, 1000, UINT64_C(1) << 51};
    (void)state;
    start();
    expect(7, TIMER_SET_AFTER, 500);
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(call(3, labels[i], 1, 1), TIMER_ERROR_REQUEST);
    }
    assert_int_equal(call(3, TIMER_NOW, 1, 1), TIMER_ERROR_WORDS);
    assert_int_equal(call(3, TIMER_SET_AT, 0, 1), TIMER_ERROR_WORDS);
    assert_int_equal(call(3, TIMER_SET_AFTER, 2, 1), TIMER_ERROR_WORDS);
    assert_int_equal(call(3, TIMER_SET_AFTER, 127, 1), TIMER_ERROR_WORDS);
    assert_int_equal(call(3, TIMER_CANCEL, 1, 1), TIMER_ERROR_WORDS);
    assert_int_equal(call(3, TIMER_SET_PERIODIC, 1, 0), TIMER_ERROR_PERIOD);
    assert_int_equal(call(3, TIMER_SET_PERIODIC, 1, TIMER_PERIOD_MIN_NS - 1), TIMER_ERROR_PERIOD);
    assert_int_equal(call(3, TIMER_SET_AT, 1, TIMER_TIME_MAX_NS + 1), TIMER_ERROR_TOO_FAR);
    assert_int_equal(call(3, TIMER_SET_AFTER, 1, TIMER_TIME_MAX_NS), TIMER_ERROR_TOO_FAR);
    assert_int_equal(call(3, TIMER_SET_AFTER, 1, UINT64_MAX), TIMER_ERROR_TOO_FAR);
    assert_int_equal(call(3, TIMER_SET_PERIODIC, 1, UINT64_MAX - 999), TIMER_ERROR_TOO_FAR);
    assert_int_equal(call(NOT_A_CLIENT, TIMER_NOW, 0, 0), TIMER_ERROR_NOT_A_CLIENT);
    assert_int_equal(call(IRQ_CHANNEL, TIMER_CANCEL, 0, 0), TIMER_ERROR_NOT_A_CLIENT);
    assert_int_equal(call(200, TIMER_NOW, 0, 0), TIMER_ERROR_NOT_A_CLIENT);
    assert_int_equal(mock_counter("bad_requests"), 18);
    assert_true(alarm_ns == 1500);
    expect(3, TIMER_SET_AT, TIMER_TIME_MAX_NS);
}

static void test_device_goes_back(void **state)
{
    (void)state;
    start();
    clock_ns = 5000;
    assert_int_equal(call(0, TIMER_NOW, 0, 0), TIMER_OK);
    clock_ns = 10;
    assert_int_equal(call(0, TIMER_NOW, 0, 0), TIMER_OK);
    assert_true(mock.words[0] == 5000);
}

/* Whatever it says the time is, the driver comes to an end and takes the next honest word. */
static void test_device_jumps(void **state)
{
    (void)state;
    start();
    for (uint32_t i = 0; i < CLIENTS; i++) {
        expect(i, TIMER_SET_PERIODIC, TIMER_PERIOD_MIN_NS + i);
    }
    expect(7, TIMER_SET_PERIODIC, TIMER_TIME_MAX_NS - 1000);
    for (uint32_t i = 0; i < 1000; i++) {
        clock_ns = UINT64_MAX - random64() % TIMER_TIME_MAX_NS;
        mock_enter(IRQ_CHANNEL);
        assert_true(alarm_ns > TIMER_TIME_MAX_NS && alarm_ns < NEVER);
        for (uint32_t client = 0; client < CLIENTS; client++) {
            assert_int_equal(mock.notified[client], 1);
        }
    }
    assert_int_equal(mock.acknowledged[IRQ_CHANNEL], 1000);
    clock_ns = 0; /* so that call() does not look */
    assert_int_equal(call(0, TIMER_NOW, 0, 0), TIMER_OK);
    assert_true(mock.words[0] == TIMER_TIME_MAX_NS);
    assert_int_equal(call(0, TIMER_SET_AFTER, 1, 1), TIMER_ERROR_TOO_FAR);
}

/* A device that cannot wait as long as asked: its interrupt means nothing, and it is asked again.
 */
static void test_early_interrupt(void **state)
{
    (void)state;
    start();
    mock_enter(IRQ_CHANNEL);
    assert_true(alarms == 1 && alarm_ns == NEVER);
    expect(3, TIMER_SET_AFTER, 500);
    clock_ns = 1400;
    alarm_ns = 0;
    mock_enter(IRQ_CHANNEL);
    assert_true(alarm_ns == 1500 && alarms == 3 && mock.notified[3] == 0);
    mock_enter(3); /* no interrupt: the alarm stands */
    assert_int_equal(alarms, 3);
    pass(1500);
    assert_int_equal(mock.notified[3], 1);
}

static void test_slack(void **state)
{
    (void)state;
    start();
    slack_ns = 300;
    expect(3, TIMER_SET_AFTER, 500);
    assert_true(alarm_ns == 1800);
    expect(3, TIMER_SET_AT, 1500);
    assert_true(alarm_ns == 1500);
    expect(3, TIMER_SET_PERIODIC, TIMER_PERIOD_MIN_NS);
    assert_true(alarm_ns == 1000 + TIMER_PERIOD_MIN_NS);
}

static void test_full(void **state)
{
    (void)state;
    start();
    for (uint32_t i = 0; i < CLIENTS; i++) {
        for (uint32_t again = 0; again < 3; again++) {
            expect(i, TIMER_SET_AT, 2000);
        }
    }
    pass(2000);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        assert_int_equal(mock.notified[i], 1);
    }
    assert_int_equal(mock_counter("timeouts"), CLIENTS);
}

/* Client 0 is honest; the others call what they like. */
static void test_hostile(void **state)
{
    (void)state;
    start();
    uint64_t due = 0;
    uint32_t fired = 0;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        if (due == 0) {
            due = clock_ns + random_below(5000);
            expect(0, TIMER_SET_AT, due);
        }
        uint64_t any = random64() >> random_below(64);
        (void)call(1 + random_below(MICROKIT_MAX_CHANNELS - 1), random_below(8),
                   (uint16_t)random_below(3), any);
        if (random_below(4) == 0) {
            mock_enter((microkit_channel)random_below(CLIENTS));
        }
        if (random_below(2) == 0) {
            pass(clock_ns + random_below(1000));
        }
        if (mock.notified[0] != fired) {
            assert_true(mock.notified[0] == fired + 1 && clock_ns >= due);
            fired++;
            due = 0;
        }
        assert_true(due == 0 || alarm_ns <= due); /* and so it will come in time */
    }
    assert_true(fired > 100);
}

static void test_configuration(void **state)
{
    (void)state;
    configure();
    config->client_count = TIMER_CLIENTS_MAX + 1;
    assert_true(mock_init_refused("more than 56 clients"));
    config->client_count = 2;
    config->channels[1] = 0;
    assert_true(mock_init_refused("above 61 or given twice"));
    config->channels[1] = 62;
    assert_true(mock_init_refused("above 61 or given twice"));
    config->channels[1] = IRQ_CHANNEL;
    assert_true(mock_init_refused("above 61 or given twice"));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SENTENCE("a timeout comes once, not before its time, to its client alone", test_one_shot),
        SENTENCE("a new timeout takes the place of the old one, a cancelled one does not come",
                 test_replaced_and_cancelled),
        SENTENCE("a period keeps its grid, missed ones are counted and not made up for",
                 test_periodic),
        SENTENCE("a timeout in the past comes at once", test_past),
        SENTENCE("each wrong request is refused by its error, counted, and changes nothing",
                 test_refuses),
        SENTENCE("a device whose counter goes back does not take time back", test_device_goes_back),
        SENTENCE("a device whose counter jumps to the end of time ends no time and no loop",
                 test_device_jumps),
        SENTENCE("after an interrupt the device is asked again, whatever it came for",
                 test_early_interrupt),
        SENTENCE("a wait is no shorter for a counter of large steps", test_slack),
        SENTENCE("every client has room for its timeout, set however often", test_full),
        SENTENCE("clients that call at random delay nobody else's timeout and forge none",
                 test_hostile),
        SENTENCE("a wrong configuration is named and stops the driver", test_configuration),
    };
    if (mock_module(argc, argv) != 0) {
        return 2;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
