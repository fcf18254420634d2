/* SPDX-License-Identifier: BSD-2-Clause */
/* The transmit virtualiser with a passive driver, which it calls where it notifies an active one.
 */
#include "mock_microkit.h"

#include <string.h>

enum { BUFFERS = 32, CAPACITY = 64, DRIVER_CHANNEL = 10, CLIENT_CHANNEL = 20 };
#define IO UINT64_C(0x80000000)

static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};
static struct net_virt_tx_config *config;
static struct peer driver, client;

/* ---- The driver: takes all frames in a call, and gives those of the call before back ---- */

static struct net_desc held[CAPACITY];
static uint32_t calls, held_count;
static uint64_t says; /* if it does not announce anything itself */

static microkit_msginfo driver_called(microkit_channel channel, microkit_msginfo message)
{
    assert_int_equal(channel, DRIVER_CHANNEL);
    assert_int_equal(microkit_msginfo_get_count(message), 0);
    calls++;
    for (uint32_t i = 0; i < held_count; i++) {
        peer_put(&driver, held[i].address, 0);
    }
    bool look = queue_signal(&driver.c);
    held_count = peer_take(&driver, held, CAPACITY);
    (void)queue_arm(&driver.c, 1);
    return microkit_msginfo_new(look ? (uint64_t)NET_DRIVER_LOOK : says, 0);
}

/* ---- ---- */

static void start(void)
{
    uint64_t size = (uint64_t)BUFFERS * NET_BUFFER_SIZE;
    uint8_t *data = mock_memory(size);
    config = mock_memory(sizeof(*config));
    mock_header(&config->header, CONFIG_NET_VIRT_TX, sizeof(*config));
    config->buffer_size = NET_BUFFER_SIZE;
    config->client_count = 1;
    config->clients[0].data = (struct config_region){(uintptr_t)data, IO, size};
    config->clients[0].per_round = BUFFERS;
    memcpy(config->clients[0].mac, mac, sizeof(mac));
    for (uint32_t buffer = 0; buffer < BUFFERS; buffer++) {
        memcpy(data + (size_t)buffer * NET_BUFFER_SIZE + 6, mac, sizeof(mac));
    }
    peer_make(&driver, &config->driver, CAPACITY, DRIVER_CHANNEL);
    peer_make(&client, &config->clients[0].connection, CAPACITY, CLIENT_CHANNEL);
    config->driver.by_call = 1;
    mock_configure(config, sizeof(*config));
    mock.on_call = driver_called;
    held_count = 0;
    says = NET_DRIVER_DONE;
    mock_init();
    peer_start(&driver);
    peer_start(&client);
    (void)queue_arm(&driver.c, 1);
    mock.notified[DRIVER_CHANNEL] = calls = 0;
}

static void send_frame(uint32_t buffer)
{
    peer_put(&client, (uint64_t)buffer * NET_BUFFER_SIZE, 60);
}

static void test_calls(void **state)
{
    (void)state;
    start();
    send_frame(3);
    send_frame(4);
    mock_enter(CLIENT_CHANNEL);
    assert_true(calls == 1 && held_count == 2);
    assert_true(held[0].address == IO + (uint64_t)3 * NET_BUFFER_SIZE && held[0].length == 60);
    mock_enter(CLIENT_CHANNEL); /* no news, no call */
    assert_int_equal(calls, 1);
    send_frame(5);
    mock_enter(CLIENT_CHANNEL); /* what comes back with it is worth no look: nobody waits */
    assert_int_equal(calls, 2);
    assert_int_equal(mock.notified[DRIVER_CHANNEL], 0);
}

/* A driver whose ring is full does not arm: the device will wake it. */
static void test_full_driver(void **state)
{
    (void)state;
    start();
    send_frame(0);
    mock_enter(CLIENT_CHANNEL);
    assert_int_equal(calls, 1);
    atomic_store_release(&driver.mine->mark, driver.c.head - 1);
    send_frame(1);
    mock_enter(CLIENT_CHANNEL);
    assert_int_equal(calls, 1);
}

static void test_looks(void **state)
{
    struct net_desc got;
    (void)state;
    start();
    send_frame(3);
    mock_enter(CLIENT_CHANNEL);
    assert_true(queue_arm(&client.c, 1));
    mock.notified[CLIENT_CHANNEL] = 0;
    mock_enter(CLIENT_CHANNEL); /* asks the driver, which gives back at once */
    assert_int_equal(calls, 2);
    assert_int_equal(mock.notified[CLIENT_CHANNEL], 1);
    assert_int_equal(peer_take(&client, &got, 1), 1);
    assert_int_equal(got.address, (uint64_t)3 * NET_BUFFER_SIZE);
    assert_int_equal(mock.notified[DRIVER_CHANNEL], 0);
}

/* Between calls, as an interrupt of the device's makes it. */
static void test_notified(void **state)
{
    struct net_desc got;
    (void)state;
    start();
    send_frame(3);
    mock_enter(CLIENT_CHANNEL);
    peer_put(&driver, held[0].address, 0);
    held_count = 0;
    mock_enter(DRIVER_CHANNEL);
    assert_int_equal(peer_take(&client, &got, 1), 1);
    assert_int_equal(calls, 1);
}

static void test_announces_for_ever(void **state)
{
    (void)state;
    start();
    says = NET_DRIVER_LOOK; /* with nothing to look at */
    send_frame(3);
    mock_enter(CLIENT_CHANNEL);
    assert_true(queue_arm(&client.c, 1));
    held_count = 0; /* nothing comes back */
    mock_enter(CLIENT_CHANNEL);
    assert_true(calls >= 2 && calls < 5);
    says = UINT64_C(0xdead); /* a label that means nothing */
    send_frame(4);
    mock_enter(CLIENT_CHANNEL);
    assert_int_equal(held_count, 1);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SENTENCE("a passive driver is called once for what it shall send, and not notified",
                 test_calls),
        SENTENCE("a passive driver that has no room is not called", test_full_driver),
        SENTENCE("what a passive driver's reply announces is passed on in the same activation",
                 test_looks),
        SENTENCE("what a passive driver gives back between calls is taken when it notifies",
                 test_notified),
        SENTENCE("a passive driver that always announces something keeps nobody busy",
                 test_announces_for_ever),
    };
    int wrong = mock_module(argc, argv);
    return wrong != 0 ? wrong : cmocka_run_group_tests_name("virt_tx_call", tests, NULL, NULL);
}
