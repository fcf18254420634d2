/* SPDX-License-Identifier: BSD-2-Clause */
/* The receive virtualiser between a driver and three clients, honest and hostile. */
#include "mock_microkit.h"

#include <string.h>

enum {
    BUFFERS = 16,
    CLIENTS = 3, /* 0 and 1 want broadcast, 2 does not */
    CAPACITY = 64,
    HELD_MAX = 5,
    DRIVER_CHANNEL = 10,
    CLIENT_CHANNEL = 20,
    FLOOD = 20000,
};
#define IO UINT64_C(0x80000000)

static struct net_virt_rx_config *config;
static uint8_t *data;
static struct peer driver, clients[CLIENTS];
static struct net_desc empty[CAPACITY]; /* what the driver holds */
static uint32_t empty_count;

static const uint8_t broadcast_mac[6] = {255, 255, 255, 255, 255, 255};
static const uint8_t group_mac[6] = {1, 0, 0x5e, 0, 0, 1};
static const uint8_t mac_of[CLIENTS + 1][6] = {
    {2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 2}, {2, 0, 0, 0, 0, 3}, {2, 0, 0, 0, 0, 9}};

static void configure(void)
{
    config = mock_memory(sizeof(*config));
    mock_header(&config->header, CONFIG_NET_VIRT_RX, sizeof(*config));
    data = mock_memory((size_t)BUFFERS * NET_BUFFER_SIZE);
    config->data = (struct config_region){(uintptr_t)data, IO, (uint64_t)BUFFERS * NET_BUFFER_SIZE};
    config->buffer_size = NET_BUFFER_SIZE;
    config->buffer_count = BUFFERS;
    config->client_count = CLIENTS;
    peer_make(&driver, &config->driver, CAPACITY, DRIVER_CHANNEL);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        peer_make(&clients[i], &config->clients[i].connection, CAPACITY, CLIENT_CHANNEL + i);
        memcpy(config->clients[i].mac, mac_of[i], 6);
        config->clients[i].flags = i < 2 ? NET_CLIENT_BROADCAST : 0;
        config->clients[i].held_max = HELD_MAX;
    }
    mock_configure(config, sizeof(*config));
    empty_count = 0;
}

static void driver_collect(void)
{
    empty_count += peer_take(&driver, empty + empty_count, CAPACITY - empty_count);
}

static void start_configured(void)
{
    mock_init();
    peer_start(&driver);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        peer_start(&clients[i]);
    }
    driver_collect();
    assert_int_equal(empty_count, BUFFERS);
}

static void start(void)
{
    configure();
    start_configured();
}

/* The driver puts a frame of 64 bytes into one of its buffers, without running the component. */
static uint64_t frame_put(const uint8_t mac[6])
{
    assert_true(empty_count != 0);
    uint64_t address = empty[--empty_count].address;
    assert_true(address - IO < (uint64_t)BUFFERS * NET_BUFFER_SIZE);
    memcpy(data + (address - IO), mac, 6);
    peer_put(&driver, address, 64);
    return address - IO;
}

static uint64_t frame(const uint8_t mac[6])
{
    uint64_t offset = frame_put(mac);
    mock_enter(DRIVER_CHANNEL);
    return offset;
}

/* The offset of the only frame that a client got. */
static uint64_t received(uint32_t client)
{
    struct net_desc got[2] = {0};
    assert_int_equal(peer_take(&clients[client], got, 2), 1);
    assert_int_equal(got[0].length, 64);
    return got[0].address;
}

static void nothing_received(uint32_t client)
{
    struct net_desc got;
    assert_int_equal(peer_take(&clients[client], &got, 1), 0);
}

static void give_back(uint32_t client, uint64_t offset)
{
    peer_put(&clients[client], offset, 0);
    mock_enter(clients[client].channel);
}

/* The invariant: with `missing` buffers held elsewhere, the driver has all others, each once. */
static void assert_driver_has_all_but(uint32_t missing)
{
    bool seen[BUFFERS] = {false};
    mock_enter(DRIVER_CHANNEL);
    mock_enter(DRIVER_CHANNEL);
    driver_collect();
    assert_int_equal(empty_count, BUFFERS - missing);
    for (uint32_t i = 0; i < empty_count; i++) {
        uint64_t number = (empty[i].address - IO) / NET_BUFFER_SIZE;
        assert_int_equal((empty[i].address - IO) % NET_BUFFER_SIZE, 0);
        assert_true(number < BUFFERS && !seen[number]);
        seen[number] = true;
    }
}

static void test_coherent(void **state)
{
    (void)state;
    configure();
    config->dma_coherent = 1;
    start_configured();
    uint64_t offset = frame(mac_of[0]);
    assert_int_equal(received(0), offset);
    assert_int_equal(mock.invalidates, 0);
}

static void test_demultiplex(void **state)
{
    (void)state;
    start();
    for (uint32_t i = 0; i < CLIENTS; i++) {
        uint64_t offset = frame(mac_of[i]);
        for (uint32_t other = 0; other < CLIENTS; other++) {
            if (other != i) {
                nothing_received(other);
            }
        }
        assert_int_equal(received(i), offset);
        assert_true(mock.last_invalidate == (uintptr_t)data + offset);
        assert_int_equal(mock.last_invalidate_size, 64);
        give_back(i, offset);
    }
    assert_int_equal(mock.invalidates, CLIENTS);
    frame(mac_of[CLIENTS]);
    frame(group_mac);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        nothing_received(i);
    }
    assert_int_equal(mock_counter("drop_no_client"), 2);
    assert_driver_has_all_but(0);
}

static void test_broadcast(void **state)
{
    (void)state;
    start();
    uint64_t offset = frame(broadcast_mac);
    assert_int_equal(received(0), offset);
    assert_int_equal(received(1), offset);
    nothing_received(2);
    give_back(0, offset);
    assert_driver_has_all_but(1);
    give_back(0, offset); /* twice: the other's share is not its own to return */
    assert_driver_has_all_but(1);
    assert_int_equal(mock_counter("bad_client_return"), 1);
    give_back(2, offset); /* never had it */
    assert_driver_has_all_but(1);
    give_back(1, offset);
    assert_driver_has_all_but(0);
    assert_int_equal(mock_counter("bad_client_return"), 2);
}

static void test_held_max(void **state)
{
    (void)state;
    start();
    for (uint32_t i = 0; i < 3 * HELD_MAX; i++) {
        frame(mac_of[0]); /* never returned */
        driver_collect();
    }
    assert_int_equal(mock_counter("drop_client_full"), 2 * HELD_MAX);
    for (uint32_t i = 0; i < 50; i++) {
        uint64_t offset = frame(broadcast_mac);
        assert_int_equal(received(1), offset);
        give_back(1, offset);
        driver_collect();
    }
    assert_driver_has_all_but(HELD_MAX);
}

static void test_wrong_returns(void **state)
{
    static const uint64_t wrong[] = {1,
                                     NET_BUFFER_SIZE - 1,
                                     NET_BUFFER_SIZE + 8,
                                     (uint64_t)BUFFERS * NET_BUFFER_SIZE,
                                     UINT64_MAX,
                                     UINT64_MAX - NET_BUFFER_SIZE + 1,
                                     IO,
                                     UINT64_C(1) << 43}; /* wraps in 32 bits of buffer number */
    (void)state;
    start();
    uint64_t offset = frame(mac_of[0]);
    (void)received(0);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        give_back(0, wrong[i]);
        assert_int_equal(mock_counter("bad_client_return"), i + 1);
    }
    assert_driver_has_all_but(1);
    give_back(0, offset);
    assert_driver_has_all_but(0);
}

static void test_lying_tail(void **state)
{
    (void)state;
    start();
    static const uint32_t lies[] = {CAPACITY + 1, UINT32_MAX, 1U << 31};
    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        atomic_store_release(&clients[0].mine->tail, lies[i]);
        atomic_store_release(&clients[0].mine->head, lies[i]);
        mock_enter(CLIENT_CHANNEL);
        frame(mac_of[0]);
        uint64_t offset = frame(mac_of[1]);
        assert_int_equal(received(1), offset);
        give_back(1, offset);
        driver_collect();
    }
    assert_true(mock_counter("violations") != 0);
}

/* ---- Peers on other cores: they act while the component runs, in the cache's hook ---- */

static uint64_t flooded;

static void garbage_now(uintptr_t address)
{
    (void)address;
    struct net_desc junk = {.address = random64()};
    if (queue_space(&clients[0].c, 1) != 0) {
        net_put(&clients[0].c, &junk, 1);
        queue_publish(&clients[0].c);
    }
}

static void test_garbage_for_ever(void **state)
{
    (void)state;
    start();
    mock.on_cache = garbage_now;
    for (uint32_t i = 0; i < 5000; i++) {
        for (uint32_t k = 0; k < CAPACITY; k++) {
            garbage_now(0);
        }
        mock_enter(CLIENT_CHANNEL);
        uint64_t offset = frame(mac_of[1]);
        assert_int_equal(received(1), offset);
        give_back(1, offset);
        driver_collect();
    }
    assert_true(mock_counter("bad_client_return") >= 5000);
    assert_driver_has_all_but(0);
}

static void restart_half_done(uintptr_t address)
{
    (void)address;
    mock.on_cache = NULL;
    atomic_store_release(&clients[0].mine->epoch, clients[0].c.epoch + 1);
    atomic_store_release(&clients[0].mine->tail, clients[0].c.tail + 1);
}

/* The client is armed upon: it holds buffers and the driver is short of them. While the component
 * runs, it begins a restart that it never ends, with an entry to see. */
static void test_restart_within_activation(void **state)
{
    (void)state;
    start();
    for (uint32_t i = 0; i < HELD_MAX - 1; i++) {
        frame(mac_of[0]);
        frame(mac_of[1]);
    }
    mock.on_cache = restart_half_done;
    frame(mac_of[1]);
    assert_null(mock.on_cache);
    for (uint32_t i = 0; i < HELD_MAX; i++) {
        struct net_desc got;
        assert_int_equal(peer_take(&clients[1], &got, 1), 1);
        give_back(1, got.address);
    }
}

static void flood_client_0(uintptr_t address)
{
    struct net_desc got[CAPACITY];
    (void)address;
    if (++flooded >= FLOOD) {
        return;
    }
    uint32_t count = peer_take(&clients[0], got, CAPACITY);
    for (uint32_t i = 0; i < count; i++) {
        peer_put(&clients[0], got[i].address, 0);
    }
    driver_collect();
    (void)frame_put(mac_of[0]);
    if (mock.notified[CLIENT_CHANNEL + 1] != 0) {
        mock.on_cache = NULL; /* what the test waits for */
    }
}

static void test_wake_during_flood(void **state)
{
    (void)state;
    start();
    (void)queue_arm(&clients[1].c, 1);
    mock.notified[CLIENT_CHANNEL + 1] = 0;
    flooded = 0;
    mock.on_cache = flood_client_0;
    (void)frame_put(mac_of[1]);
    (void)frame(mac_of[0]);
    assert_null(mock.on_cache); /* woken, and before the flood's end */
}

/* ---- The driver lies, restarts ---- */

static void test_wrong_driver_returns(void **state)
{
    (void)state;
    start();
    uint64_t offset = frame(mac_of[0]);
    static const uint64_t wrong[] = {0,      2048,       IO - 2048,
                                     IO + 1, UINT64_MAX, IO + (uint64_t)BUFFERS * NET_BUFFER_SIZE};
    uint32_t count = sizeof(wrong) / sizeof(wrong[0]);
    for (uint32_t i = 0; i < count; i++) {
        peer_put(&driver, wrong[i], 64);
        mock_enter(DRIVER_CHANNEL);
        assert_int_equal(mock_counter("bad_driver_return"), i + 1);
    }
    peer_put(&driver, IO + offset, 64); /* again */
    mock_enter(DRIVER_CHANNEL);
    assert_int_equal(mock_counter("bad_driver_return"), count + 1);
    assert_int_equal(received(0), offset);
    give_back(0, offset);
    assert_driver_has_all_but(0);
}

static void test_wrong_lengths(void **state)
{
    static const uint16_t lengths[] = {0, 13, NET_BUFFER_SIZE + 1, UINT16_MAX};
    (void)state;
    start();
    for (uint32_t i = 0; i < 4; i++) {
        peer_put(&driver, empty[--empty_count].address, lengths[i]);
        mock_enter(DRIVER_CHANNEL);
    }
    assert_int_equal(mock_counter("drop_bad_length"), 4);
    assert_int_equal(mock.invalidates, 0);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        nothing_received(i);
    }
    assert_driver_has_all_but(0);
}

static void test_client_restart(void **state)
{
    (void)state;
    start();
    for (uint32_t round = 0; round < 5; round++) {
        uint64_t offset = frame(broadcast_mac);
        frame(mac_of[0]);
        peer_start(&clients[0]);
        nothing_received(0);
        give_back(0, offset); /* held by its former self */
        assert_driver_has_all_but(1);
        assert_int_equal(received(1), offset);
        give_back(1, offset);
        assert_driver_has_all_but(0);
    }
    assert_int_equal(mock_counter("bad_client_return"), 5);
    uint64_t offset = frame(mac_of[0]);
    assert_int_equal(received(0), offset);
}

static void test_restarts_for_ever(void **state)
{
    (void)state;
    start();
    for (uint32_t i = 0; i < 1000; i++) {
        peer_open(&clients[0]);
        peer_poll(&clients[0]);
        mock_enter(CLIENT_CHANNEL);
        uint64_t offset = frame(broadcast_mac);
        assert_int_equal(received(1), offset);
        give_back(1, offset);
        driver_collect();
    }
    assert_true(mock_counter("violations") != 0);
}

static void test_driver_restart(void **state)
{
    (void)state;
    start();
    uint64_t offset = frame(mac_of[0]);
    for (uint32_t round = 0; round < 5; round++) {
        empty_count = 0;
        peer_start(&driver);
        assert_driver_has_all_but(1);
    }
    assert_int_equal(received(0), offset);
    give_back(0, offset);
    assert_driver_has_all_but(0);
}

static void test_single_buffer(void **state)
{
    (void)state;
    configure();
    config->buffer_count = 1;
    mock_init();
    peer_start(&driver);
    peer_start(&clients[0]);
    driver_collect();
    for (uint32_t i = 0; i < 100; i++) {
        assert_int_equal(empty_count, 1);
        uint64_t offset = frame(mac_of[0]);
        assert_int_equal(received(0), offset);
        peer_put(&clients[0], offset, 0);
        assert_true(queue_signal(&clients[0].c)); /* else the driver waits for ever */
        mock_enter(CLIENT_CHANNEL);
        driver_collect();
    }
}

/* Everybody acts at random, client 2 returns garbage too; at the end all buffers come home. */
static void test_random(void **state)
{
    struct net_desc got[CLIENTS][CAPACITY];
    uint32_t held[CLIENTS] = {0};
    (void)state;
    start();
    for (uint32_t step = 0; step < 200000; step++) {
        uint32_t i = random_below(CLIENTS + 1);
        if (i == CLIENTS) {
            driver_collect();
            for (uint32_t n = random_below(4); n > 0 && empty_count != 0; n--) {
                frame_put(random_below(3) == 0 ? broadcast_mac : mac_of[random_below(4)]);
            }
            mock_enter(DRIVER_CHANNEL);
            continue;
        }
        held[i] += peer_take(&clients[i], got[i] + held[i], random_below(3));
        assert_true(held[i] <= HELD_MAX);
        for (uint32_t n = random_below(4); n > 0 && held[i] != 0; n--) {
            peer_put(&clients[i], got[i][--held[i]].address, 0);
        }
        if (i == 2 && random_below(4) == 0) {
            peer_put(&clients[i], (UINT64_MAX - 7) * random_below(2) + 1, 0);
        }
        mock_enter(clients[i].channel);
    }
    for (uint32_t i = 0; i < CLIENTS; i++) {
        held[i] += peer_take(&clients[i], got[i] + held[i], CAPACITY - held[i]);
        while (held[i] != 0) {
            give_back(i, got[i][--held[i]].address);
        }
    }
    assert_driver_has_all_but(0);
    assert_int_equal(mock_counter("bad_driver_return"), 0);
}

static void test_configuration(void **state)
{
    (void)state;
    mock_configure(NULL, 0);
    assert_true(mock_init_refused("component: bad configuration: no blob"));
    configure();
    config->header.magic = 1;
    assert_true(mock_init_refused("magic number"));
    configure();
    config->header.kind = CONFIG_NET_VIRT_TX;
    assert_true(mock_init_refused("another kind"));
    configure();
    config->header.version++;
    assert_true(mock_init_refused("another version"));
    configure();
    mock_configure(config, sizeof(*config) - 1);
    assert_true(mock_init_refused("another size"));
    configure();
    memset(config->header.instance, 'x', CONFIG_INSTANCE_MAX);
    assert_true(mock_init_refused("not terminated"));
    configure();
    config->header.stats = 0;
    assert_true(mock_init_refused("statistics"));
    configure();
    config->client_count = NET_CLIENTS_MAX + 1;
    assert_true(mock_init_refused("56 clients"));
    configure();
    config->buffer_count++;
    assert_true(mock_init_refused("do not fit"));
    configure();
    config->buffer_size = 0;
    assert_true(mock_init_refused("power of two"));
    configure();
    config->buffer_size = NET_BUFFER_SIZE + 64;
    assert_true(mock_init_refused("power of two"));
    configure();
    config->driver.get_capacity = 3;
    assert_true(mock_init_refused("driver's queue capacity"));
    configure();
    config->clients[2].connection.put_capacity = QUEUE_CAPACITY_MAX * 2;
    assert_true(mock_init_refused("client's queue capacity"));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SENTENCE("a frame goes to the client with its MAC, and to nobody else", test_demultiplex),
        SENTENCE("no cache is touched for a device that sees the caches", test_coherent),
        SENTENCE("a broadcast buffer goes back to the driver after its last holder's return",
                 test_broadcast),
        SENTENCE("a client that returns nothing loses its own frames only", test_held_max),
        SENTENCE("a return that is no buffer of the client's is counted and changes nothing",
                 test_wrong_returns),
        SENTENCE("a client that lies about its indices harms nobody else", test_lying_tail),
        SENTENCE("a client that returns garbage for ever keeps nobody from being served",
                 test_garbage_for_ever),
        SENTENCE("a client that begins a restart during an activation does not make it endless",
                 test_restart_within_activation),
        SENTENCE("a client's wake does not wait for the end of another's flood",
                 test_wake_during_flood),
        SENTENCE("what the driver does not hold it cannot return", test_wrong_driver_returns),
        SENTENCE("a frame of impossible length is dropped and its buffer kept", test_wrong_lengths),
        SENTENCE("a client's restart brings back what it held and nothing else",
                 test_client_restart),
        SENTENCE("a client that restarts for ever is shut out alone", test_restarts_for_ever),
        SENTENCE("a driver's restart gives it every buffer that no client holds",
                 test_driver_restart),
        SENTENCE("a single buffer goes round", test_single_buffer),
        SENTENCE("buffers are conserved under random traffic", test_random),
        SENTENCE("a bad configuration is named and stops the component", test_configuration),
    };
    int wrong = mock_module(argc, argv);
    return wrong != 0 ? wrong : cmocka_run_group_tests_name("virt_rx", tests, NULL, NULL);
}
