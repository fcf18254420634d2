/* SPDX-License-Identifier: BSD-2-Clause */
/* The transmit virtualiser with a timer and three clients: two with a rate, one without. */
#include "mock_microkit.h"

#include <sddf/timer.h>
#include <string.h>

enum {
    BUFFERS = 64, /* of each client */
    CLIENTS = 3,
    FREE = 2, /* the client without a rate */
    CAPACITY = 256,
    DRIVER_CHANNEL = 10,
    CLIENT_CHANNEL = 20,
    TIMER_CHANNEL = 30,
    FRAME = 1000, /* bytes */
    RATE = 1000000,
    BURST = 4000,
    FRAME_NS = 1000000, /* at that rate */
};

#define NEVER UINT64_MAX

static struct net_virt_tx_config *config;
static uint8_t *data[CLIENTS];
static struct peer driver, clients[CLIENTS];
static uint32_t next_buffer[CLIENTS];
static uint64_t sent[CLIENTS]; /* frames that came to the driver */

/* ---- The timer ---- */

static uint64_t clock_ns, timeout_ns;
static uint32_t calls;
static bool broken;

static microkit_msginfo timer(microkit_channel channel, microkit_msginfo message)
{
    assert_int_equal(channel, TIMER_CHANNEL);
    calls++;
    if (broken) {
        return microkit_msginfo_new(TIMER_ERROR_REQUEST, 0);
    }
    if (microkit_msginfo_get_label(message) == TIMER_SET_AT) {
        assert_int_equal(microkit_msginfo_get_count(message), 1);
        timeout_ns = mock.words[0];
    } else {
        assert_int_equal(microkit_msginfo_get_label(message), TIMER_NOW);
    }
    mock.words[0] = clock_ns;
    return microkit_msginfo_new(TIMER_OK, 1);
}

/* ---- ---- */

static void configure(void)
{
    config = mock_memory(sizeof(*config));
    mock_header(&config->header, CONFIG_NET_VIRT_TX, sizeof(*config));
    config->buffer_size = NET_BUFFER_SIZE;
    config->client_count = CLIENTS;
    config->timer_channel = TIMER_CHANNEL;
    peer_make(&driver, &config->driver, CAPACITY, DRIVER_CHANNEL);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        uint64_t size = (uint64_t)BUFFERS * NET_BUFFER_SIZE;
        struct net_virt_tx_client *client = &config->clients[i];
        data[i] = mock_memory(size);
        client->data = (struct config_region){(uintptr_t)data[i], (i + 1) << 28, size};
        client->per_round = BUFFERS;
        client->mac[5] = (uint8_t)i;
        client->mac[0] = 2;
        client->rate = i == FREE ? 0 : RATE;
        client->burst = i == FREE ? 0 : BURST;
        peer_make(&clients[i], &client->connection, CAPACITY, CLIENT_CHANNEL + i);
        for (uint32_t buffer = 0; buffer < BUFFERS; buffer++) {
            memcpy(data[i] + (size_t)buffer * NET_BUFFER_SIZE + 6, client->mac, 6);
        }
        next_buffer[i] = 0;
        sent[i] = 0;
    }
    mock_configure(config, sizeof(*config));
    mock.on_call = timer;
    clock_ns = 5000;
    timeout_ns = NEVER;
    calls = 0;
    broken = false;
}

static void start(void)
{
    configure();
    mock_init();
    peer_start(&driver);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        peer_start(&clients[i]);
    }
    calls = 0;
}

static void offer(uint32_t client, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        peer_put(&clients[client], (uint64_t)(next_buffer[client]++ % BUFFERS) * NET_BUFFER_SIZE,
                 FRAME);
    }
}

static void enter(uint32_t client)
{
    mock_enter(CLIENT_CHANNEL + client);
}

/* The driver sends what it has and returns the buffers; frames by client are in `sent`. */
static void drive(void)
{
    struct net_desc frames[CAPACITY];
    uint32_t count = peer_take(&driver, frames, CAPACITY);
    for (uint32_t i = 0; i < count; i++) {
        sent[(frames[i].address >> 28) - 1]++;
        peer_put(&driver, frames[i].address, 0);
    }
    if (count != 0) {
        mock_enter(DRIVER_CHANNEL);
    }
}

static void pass(uint64_t ns)
{
    clock_ns = ns;
    if (timeout_ns <= ns) {
        timeout_ns = NEVER;
        mock_enter(TIMER_CHANNEL);
    }
    drive();
}

static void test_holds(void **state)
{
    (void)state;
    start();
    offer(0, 10);
    enter(0);
    drive();
    assert_int_equal(sent[0], BURST / FRAME);
    assert_true(timeout_ns == 5000 + FRAME_NS); /* a quarter of the burst */
    pass(5000 + FRAME_NS - 1);
    assert_int_equal(sent[0], 4);
    pass(5000 + FRAME_NS);
    assert_int_equal(sent[0], 5);
    for (uint32_t i = 0; i < 5; i++) {
        pass(timeout_ns);
    }
    assert_int_equal(sent[0], 10); /* none was dropped */
    assert_true(timeout_ns == NEVER);
}

static void test_free_client(void **state)
{
    (void)state;
    start();
    offer(FREE, BUFFERS);
    enter(FREE);
    drive();
    assert_int_equal(sent[FREE], BUFFERS);
    assert_int_equal(calls, 0);
    offer(0, 10);
    enter(0);
    drive();
    calls = 0;
    offer(FREE, 32);
    enter(FREE);
    drive();
    assert_int_equal(sent[FREE], BUFFERS + 32);
    assert_int_equal(calls, 0); /* the held one is not looked at on the others' time */
}

static void test_asleep(void **state)
{
    (void)state;
    start();
    offer(0, 10);
    enter(0);
    drive();
    offer(0, 10);
    (void)queue_signal(&clients[0].c);
    assert_false(queue_signal(&clients[0].c)); /* nobody waits for a held client's frames */
    uint64_t before = timeout_ns;
    enter(0); /* it may notify as often as it likes */
    assert_true(sent[0] == 4 && timeout_ns == before);
    pass(timeout_ns);
    assert_int_equal(sent[0], 5);
}

/* Two limited clients flood for two seconds, one wakes late now and then; one timer serves both. */
static void test_rates(void **state)
{
    (void)state;
    start();
    config->clients[1].rate = 0; /* read at start only */
    uint64_t begin = clock_ns, end = clock_ns + 2 * TIMER_NS_PER_S;
    while (clock_ns < end) {
        for (uint32_t i = 0; i < 2; i++) {
            while (next_buffer[i] - sent[i] < BUFFERS / 2) {
                offer(i, 1);
            }
            enter(i);
            drive();
        }
        assert_true(timeout_ns != NEVER);
        pass((timeout_ns > clock_ns ? timeout_ns : clock_ns) + random_below(2 * FRAME_NS));
    }
    uint64_t expected = (clock_ns - begin) / FRAME_NS;
    for (uint32_t i = 0; i < 2; i++) {
        assert_in_range(sent[i], expected * 99 / 100, expected + BURST / FRAME + 1);
    }
}

static void test_broken_timer(void **state)
{
    (void)state;
    start();
    broken = true;
    offer(0, 1);
    enter(0);
    offer(FREE, 1);
    enter(FREE);
    drive();
    assert_true(sent[0] == 0 && sent[FREE] == 1);
    assert_true(mock_counter("timer_failures") >= 1);
    broken = false;
    mock_enter(TIMER_CHANNEL);
    drive();
    assert_int_equal(sent[0], 1);
}

static void test_configuration(void **state)
{
    (void)state;
    configure();
    config->timer_channel = NET_NO_TIMER;
    assert_true(mock_init_refused("a client has a rate, and no timer answers"));
    config->timer_channel = TIMER_CHANNEL;
    broken = true;
    assert_true(mock_init_refused("a client has a rate, and no timer answers"));
    broken = false;
    config->clients[0].burst = 0;
    assert_true(mock_init_refused("its burst not 1 byte to 4 GiB"));
    config->clients[0].burst = NET_BURST_BYTES_MAX + 1;
    assert_true(mock_init_refused("its burst not 1 byte to 4 GiB"));
    config->clients[0].burst = BURST;
    config->clients[0].rate = NET_RATE_MAX + 1;
    assert_true(mock_init_refused("a client's rate is above 100 Gbit/s"));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SENTENCE("frames over the rate wait in the client's queue until the timer says so",
                 test_holds),
        SENTENCE("a client without a rate makes no call to the timer, even beside a held one",
                 test_free_client),
        SENTENCE("a held client wakes nobody and gains nothing by notifying", test_asleep),
        SENTENCE("two flooding clients get their rates to within 1 %, by a timer that is late",
                 test_rates),
        SENTENCE("a timer that fails holds limited clients back and no others", test_broken_timer),
        SENTENCE("a rate out of range or without a timer stops the component", test_configuration),
    };
    if (mock_module(argc, argv) != 0) {
        return 2;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
