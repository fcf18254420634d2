/* SPDX-License-Identifier: BSD-2-Clause */
/* Both virtualisers in one PD, between a driver and a client. What each does for itself the tests
 * of the two show. */
#include "mock_microkit.h"

#include <string.h>

enum {
    BUFFERS = 16,
    CAPACITY = 64,
    RX_DRIVER_CHANNEL = 10,
    TX_DRIVER_CHANNEL = 11,
    RX_CLIENT_CHANNEL = 0,
    TX_CLIENT_CHANNEL = 61,
};
#define RX_IO UINT64_C(0x80000000)
#define TX_IO UINT64_C(0x90000000)

static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};
static struct net_virt_config *config;
static uint8_t *rx_data, *tx_data;
static struct peer rx_driver, tx_driver, rx_client, tx_client;

static void configure(void)
{
    uint64_t size = (uint64_t)BUFFERS * NET_BUFFER_SIZE;
    config = mock_memory(sizeof(*config));
    rx_data = mock_memory(size);
    tx_data = mock_memory(size);
    mock_header(&config->header, CONFIG_NET_VIRT, sizeof(*config));
    mock_header(&config->rx.header, CONFIG_NET_VIRT_RX, sizeof(config->rx));
    mock_header(&config->tx.header, CONFIG_NET_VIRT_TX, sizeof(config->tx));
    memcpy(config->rx.header.instance, "virt_rx", sizeof("virt_rx"));
    memcpy(config->tx.header.instance, "virt_tx", sizeof("virt_tx"));
    config->rx.data = (struct config_region){(uintptr_t)rx_data, RX_IO, size};
    config->rx.buffer_count = BUFFERS;
    config->rx.buffer_size = config->tx.buffer_size = NET_BUFFER_SIZE;
    config->rx.client_count = config->tx.client_count = 1;
    peer_make(&rx_driver, &config->rx.driver, CAPACITY, RX_DRIVER_CHANNEL);
    peer_make(&tx_driver, &config->tx.driver, CAPACITY, TX_DRIVER_CHANNEL);
    peer_make(&rx_client, &config->rx.clients[0].connection, CAPACITY, RX_CLIENT_CHANNEL);
    peer_make(&tx_client, &config->tx.clients[0].connection, CAPACITY, TX_CLIENT_CHANNEL);
    memcpy(config->rx.clients[0].mac, mac, sizeof(mac));
    memcpy(config->tx.clients[0].mac, mac, sizeof(mac));
    config->rx.clients[0].held_max = BUFFERS;
    config->tx.clients[0].data = (struct config_region){(uintptr_t)tx_data, TX_IO, size};
    config->tx.clients[0].per_round = BUFFERS;
    mock_configure(config, sizeof(*config));
}

static void start(void)
{
    configure();
    mock_init();
    peer_start(&rx_driver);
    peer_start(&tx_driver);
    peer_start(&rx_client);
    peer_start(&tx_client);
}

/* A frame for the client, with the driver's side of the work done. */
static void receive(void)
{
    struct net_desc empty[BUFFERS];
    assert_int_equal(peer_take(&rx_driver, empty, BUFFERS), BUFFERS);
    memcpy(rx_data + (empty[0].address - RX_IO), mac, sizeof(mac));
    peer_put(&rx_driver, empty[0].address, 64);
}

static void send_frame(void)
{
    memcpy(tx_data + 6, mac, sizeof(mac));
    peer_put(&tx_client, 0, 60);
}

static void test_both_ways(void **state)
{
    struct net_desc got;
    (void)state;
    start();
    receive();
    mock_enter(RX_DRIVER_CHANNEL);
    assert_int_equal(peer_take(&rx_client, &got, 1), 1);
    assert_int_equal(got.length, 64);
    peer_put(&rx_client, got.address, 0);
    mock_enter(RX_CLIENT_CHANNEL);
    send_frame();
    mock_enter(TX_CLIENT_CHANNEL);
    assert_int_equal(peer_take(&tx_driver, &got, 1), 1);
    assert_true(got.address == TX_IO && got.length == 60);
    peer_put(&tx_driver, got.address, 0);
    mock_enter(TX_DRIVER_CHANNEL);
    assert_int_equal(peer_take(&tx_client, &got, 1), 1);
}

static void test_own_peers_only(void **state)
{
    struct net_desc got;
    (void)state;
    start();
    receive();
    send_frame();
    mock_enter(TX_CLIENT_CHANNEL);
    assert_int_equal(peer_take(&rx_client, &got, 1), 0);
    assert_int_equal(peer_take(&tx_driver, &got, 1), 1);
    peer_put(&tx_driver, got.address, 0);
    mock_enter(RX_DRIVER_CHANNEL);
    assert_int_equal(peer_take(&rx_client, &got, 1), 1);
    assert_int_equal(peer_take(&tx_client, &got, 1), 0);
    mock_enter(TX_DRIVER_CHANNEL);
    assert_int_equal(peer_take(&tx_client, &got, 1), 1);
}

/* The entry point may defer one call; mock_init() sees to it that none is lost. */
static void test_start_signals(void **state)
{
    static const uint32_t channels[] = {RX_DRIVER_CHANNEL, TX_DRIVER_CHANNEL, RX_CLIENT_CHANNEL,
                                        TX_CLIENT_CHANNEL};
    (void)state;
    configure();
    mock_init();
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(mock.notified[channels[i]], 1);
    }
}

static void test_configuration(void **state)
{
    (void)state;
    configure();
    config->header.kind = CONFIG_NET_VIRT_RX;
    assert_true(mock_init_refused("component: bad configuration: the blob is for another kind"));
    configure();
    config->rx.header.kind = CONFIG_NET_VIRT_TX;
    assert_true(mock_init_refused("component: bad configuration: the blob is for another kind"));
    configure();
    config->tx.header.magic = 0;
    assert_true(mock_init_refused("magic number"));
    configure();
    config->tx.header.version++;
    assert_true(mock_init_refused("another version"));
    configure();
    config->tx.header.size--;
    assert_true(mock_init_refused("another size"));
    configure();
    memset(config->rx.header.instance, 'x', sizeof(config->rx.header.instance));
    assert_true(mock_init_refused("not terminated"));
    configure();
    config->tx.header.stats = 0;
    assert_true(mock_init_refused("no statistics page"));
    configure();
    config->rx.client_count = NET_CLIENTS_MAX + 1;
    assert_true(mock_init_refused("more than 56 clients"));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SENTENCE("frames pass both parts of one PD, each woken by its own peers", test_both_ways),
        SENTENCE("a notification for one part does not run the other", test_own_peers_only),
        SENTENCE("all peers of both parts are told that they have started", test_start_signals),
        SENTENCE("a bad configuration of the PD or of a part is named and stops it",
                 test_configuration),
    };
    int wrong = mock_module(argc, argv);
    return wrong != 0 ? wrong : cmocka_run_group_tests_name("virt", tests, NULL, NULL);
}
