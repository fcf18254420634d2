/* SPDX-License-Identifier: BSD-2-Clause */
/* The transmit virtualiser between a driver and two clients, honest and hostile. */
#include "mock_microkit.h"

#include <string.h>

enum {
    BUFFERS = 32, /* of each client */
    CLIENTS = 2,
    CAPACITY = 64,
    PER_ROUND = 4,
    DRIVER_CHANNEL = 10,
    CLIENT_CHANNEL = 20,
    FLOOD = 20000,
};

static struct net_virt_tx_config *config;
static uint8_t *data[CLIENTS];
static struct peer driver, clients[CLIENTS];
static const uint64_t io[CLIENTS] = {UINT64_C(0x80000000), UINT64_C(0x90000000)};
static const uint8_t mac_of[CLIENTS][6] = {{2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 2}};

static void configure(void)
{
    config = mock_memory(sizeof(*config));
    mock_header(&config->header, CONFIG_NET_VIRT_TX, sizeof(*config));
    config->buffer_size = NET_BUFFER_SIZE;
    config->client_count = CLIENTS;
    peer_make(&driver, &config->driver, CAPACITY, DRIVER_CHANNEL);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        uint64_t size = (uint64_t)BUFFERS * NET_BUFFER_SIZE;
        data[i] = mock_memory(size);
        config->clients[i].data = (struct config_region){(uintptr_t)data[i], io[i], size};
        config->clients[i].per_round = PER_ROUND;
        memcpy(config->clients[i].mac, mac_of[i], 6);
        peer_make(&clients[i], &config->clients[i].connection, CAPACITY, CLIENT_CHANNEL + i);
        for (uint32_t buffer = 0; buffer < BUFFERS; buffer++) {
            memcpy(data[i] + (size_t)buffer * NET_BUFFER_SIZE + 6, mac_of[i], 6);
        }
    }
    mock_configure(config, sizeof(*config));
}

static void start_configured(void)
{
    mock_init();
    peer_start(&driver);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        peer_start(&clients[i]);
    }
}

static void start(void)
{
    configure();
    start_configured();
}

static uint64_t offset_of(uint32_t buffer)
{
    return (uint64_t)buffer * NET_BUFFER_SIZE;
}

static void send_frame(uint32_t client, uint32_t buffer)
{
    peer_put(&clients[client], offset_of(buffer), 60);
}

static void enter_client(uint32_t client)
{
    mock_enter(clients[client].channel);
}

static void driver_returns(const struct net_desc *frame)
{
    peer_put(&driver, frame->address, 0);
}

/* Exactly `count` frames come to the driver; they are in `frames`. */
static void expect_frames(struct net_desc *frames, uint32_t count)
{
    assert_int_equal(peer_take(&driver, frames, CAPACITY), count);
}

static void expect_returned(uint32_t client, uint32_t buffer)
{
    struct net_desc got;
    assert_int_equal(peer_take(&clients[client], &got, 1), 1);
    assert_int_equal(got.address, offset_of(buffer));
}

/* The invariant: each client can send every buffer of its own, once, and gets each back. */
static void assert_all_home(void)
{
    struct net_desc frames[CAPACITY];
    for (uint32_t i = 0; i < CLIENTS; i++) {
        while (peer_take(&clients[i], frames, CAPACITY) != 0) {
        }
        uint64_t in_flight = mock_counter("drop_in_flight");
        for (uint32_t buffer = 0; buffer < BUFFERS; buffer++) {
            send_frame(i, buffer);
        }
        enter_client(i);
        assert_int_equal(mock_counter("drop_in_flight"), in_flight);
        expect_frames(frames, BUFFERS);
        for (uint32_t f = 0; f < BUFFERS; f++) {
            driver_returns(&frames[f]);
        }
        mock_enter(DRIVER_CHANNEL);
        assert_int_equal(peer_take(&clients[i], frames, CAPACITY), BUFFERS);
    }
}

static void test_coherent(void **state)
{
    struct net_desc frames[CAPACITY];
    (void)state;
    configure();
    config->dma_coherent = 1;
    start_configured();
    send_frame(0, 3);
    enter_client(0);
    expect_frames(frames, 1);
    assert_int_equal(mock.cleans, 0);
}

static void test_sends(void **state)
{
    struct net_desc frames[CAPACITY];
    (void)state;
    start();
    (void)queue_arm(&driver.c, 1);
    mock.notified[DRIVER_CHANNEL] = 0;
    send_frame(0, 3);
    send_frame(0, 4);
    enter_client(0);
    assert_int_equal(mock.notified[DRIVER_CHANNEL], 1);
    expect_frames(frames, 2);
    assert_true(frames[0].address == io[0] + offset_of(3) && frames[0].length == 60);
    assert_true(frames[1].address == io[0] + offset_of(4));
    assert_int_equal(mock.cleans, 2);
    assert_true(mock.last_clean == (uintptr_t)data[0] + offset_of(4));
    assert_int_equal(mock.last_clean_size, 60);
    driver_returns(&frames[0]);
    driver_returns(&frames[1]);
    mock_enter(DRIVER_CHANNEL);
    expect_returned(0, 3);
    expect_returned(0, 4);
    assert_int_equal(mock_counter("bytes"), 120);
    assert_all_home();
}

static void test_bad_offsets(void **state)
{
    static const uint64_t wrong[] = {(uint64_t)BUFFERS * NET_BUFFER_SIZE,
                                     UINT64_MAX,
                                     1,
                                     2047,
                                     NET_BUFFER_SIZE + 64,
                                     UINT64_C(1) << 43,
                                     UINT64_MAX - NET_BUFFER_SIZE + 1};
    struct net_desc got;
    (void)state;
    start();
    for (uint32_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        peer_put(&clients[0], wrong[i], 60);
        enter_client(0);
        assert_int_equal(mock_counter("drop_bad_offset"), i + 1);
        expect_frames(&got, 0);
        assert_int_equal(peer_take(&clients[0], &got, 1), 0);
    }
    assert_all_home();
}

static void test_bad_lengths(void **state)
{
    static const uint16_t wrong[] = {0, 13, NET_BUFFER_SIZE + 1, UINT16_MAX};
    struct net_desc got;
    (void)state;
    start();
    for (uint32_t i = 0; i < 4; i++) {
        peer_put(&clients[0], offset_of(i), wrong[i]);
        enter_client(0);
        expect_frames(&got, 0);
        expect_returned(0, i);
    }
    assert_int_equal(mock_counter("drop_bad_length"), 4);
    assert_int_equal(mock.cleans, 0);
    assert_all_home();
}

static void test_twice(void **state)
{
    struct net_desc frames[CAPACITY];
    (void)state;
    start();
    send_frame(0, 7);
    send_frame(0, 7);
    enter_client(0);
    expect_frames(frames, 1);
    send_frame(0, 7);
    enter_client(0);
    assert_int_equal(mock_counter("drop_in_flight"), 2);
    driver_returns(&frames[0]);
    mock_enter(DRIVER_CHANNEL);
    expect_returned(0, 7);
    assert_int_equal(peer_take(&clients[0], frames, 1), 0);
    assert_all_home();
}

static void test_source_mac(void **state)
{
    struct net_desc got;
    (void)state;
    start();
    memcpy(data[0] + 6, mac_of[1], 6);
    send_frame(0, 0);
    enter_client(0);
    expect_frames(&got, 0);
    expect_returned(0, 0);
    assert_int_equal(mock_counter("drop_source_mac"), 1);
    memcpy(data[0] + 6, mac_of[0], 6);
    assert_all_home();
}

/* Takes turns: no client gets more than PER_ROUND frames ahead of one that also has some. */
static void test_fairness(void **state)
{
    struct net_desc frames[CAPACITY];
    (void)state;
    start();
    for (uint32_t buffer = 0; buffer < 20; buffer++) {
        send_frame(0, buffer);
    }
    for (uint32_t buffer = 0; buffer < 20; buffer++) {
        send_frame(1, buffer);
    }
    enter_client(0);
    expect_frames(frames, 40);
    uint32_t sent[CLIENTS] = {0};
    uint32_t firsts[CLIENTS] = {0};
    for (uint32_t f = 0; f < 40; f++) {
        uint32_t client = frames[f].address < io[1] ? 0 : 1;
        firsts[client] += f % (2 * PER_ROUND) == 0;
        sent[client]++;
        assert_true(sent[client] <= sent[1 - client] + 2 * PER_ROUND);
        driver_returns(&frames[f]);
    }
    assert_true(firsts[0] != 0 && firsts[1] != 0); /* the turn rotates */
    mock_enter(DRIVER_CHANNEL);
    assert_all_home();
}

static void test_lazy_return(void **state)
{
    struct net_desc frames[CAPACITY];
    (void)state;
    start();
    send_frame(0, 1);
    enter_client(0);
    expect_frames(frames, 1);
    assert_false(queue_peer_waits(&driver.c)); /* nobody waits: no completion interrupt */
    assert_true(queue_arm(&clients[0].c, 1));
    mock.notified[DRIVER_CHANNEL] = 0;
    enter_client(0);
    assert_int_equal(mock.notified[DRIVER_CHANNEL], 1);
    assert_true(queue_peer_waits(&driver.c));
    mock.notified[CLIENT_CHANNEL] = 0;
    driver_returns(&frames[0]);
    assert_true(queue_signal(&driver.c));
    mock_enter(DRIVER_CHANNEL);
    assert_int_equal(mock.notified[CLIENT_CHANNEL], 1);
    expect_returned(0, 1);
}

static void test_lazy_return_after_driver_restart(void **state)
{
    struct net_desc frames[CAPACITY];
    (void)state;
    start();
    send_frame(0, 1);
    enter_client(0);
    assert_true(queue_arm(&clients[0].c, 1));
    enter_client(0); /* the driver is asked, and dies */
    peer_start(&driver);
    expect_returned(0, 1);
    send_frame(0, 2);
    enter_client(0);
    expect_frames(frames, 1);
    mock.notified[DRIVER_CHANNEL] = 0;
    assert_true(queue_arm(&clients[0].c, 1));
    enter_client(0);
    assert_int_equal(mock.notified[DRIVER_CHANNEL], 1);
}

static void test_bad_frame_before_good(void **state)
{
    struct net_desc frames[CAPACITY];
    (void)state;
    start();
    (void)queue_arm(&driver.c, 1);
    mock.notified[DRIVER_CHANNEL] = 0;
    peer_put(&clients[0], 1, 60);
    for (uint32_t buffer = 0; buffer < 3 * PER_ROUND; buffer++) {
        send_frame(0, buffer);
    }
    enter_client(0);
    expect_frames(frames, 3 * PER_ROUND);
    assert_int_equal(mock.notified[DRIVER_CHANNEL], 1);
}

static void test_wrong_driver_returns(void **state)
{
    struct net_desc frames[CAPACITY];
    (void)state;
    start();
    send_frame(0, 5);
    enter_client(0);
    expect_frames(frames, 1);
    const uint64_t wrong[] = {0,
                              io[0] + offset_of(6),
                              io[1] + offset_of(5),
                              io[0] + offset_of(5) + 1,
                              io[0] + offset_of(BUFFERS),
                              io[0] - NET_BUFFER_SIZE,
                              UINT64_MAX};
    uint32_t count = sizeof(wrong) / sizeof(wrong[0]);
    for (uint32_t i = 0; i < count; i++) {
        peer_put(&driver, wrong[i], 0);
        mock_enter(DRIVER_CHANNEL);
        assert_int_equal(mock_counter("bad_driver_return"), i + 1);
    }
    driver_returns(&frames[0]);
    driver_returns(&frames[0]);
    mock_enter(DRIVER_CHANNEL);
    assert_int_equal(mock_counter("bad_driver_return"), count + 1);
    expect_returned(0, 5);
    assert_int_equal(peer_take(&clients[0], frames, 1), 0);
    assert_all_home();
}

static void test_driver_restart(void **state)
{
    (void)state;
    start();
    for (uint32_t round = 0; round < 5; round++) {
        for (uint32_t buffer = 0; buffer < BUFFERS; buffer++) {
            send_frame(0, buffer);
        }
        enter_client(0);
        peer_start(&driver);
        for (uint32_t buffer = 0; buffer < BUFFERS; buffer++) {
            expect_returned(0, buffer);
        }
        assert_all_home();
    }
}

static void test_client_restart(void **state)
{
    struct net_desc frames[CAPACITY];
    (void)state;
    start();
    send_frame(0, 1);
    send_frame(0, 2);
    enter_client(0);
    expect_frames(frames, 2);
    peer_start(&clients[0]);
    send_frame(0, 1); /* it cannot know that the device still reads it */
    enter_client(0);
    assert_int_equal(mock_counter("drop_in_flight"), 1);
    driver_returns(&frames[0]);
    driver_returns(&frames[1]);
    mock_enter(DRIVER_CHANNEL);
    expect_returned(0, 1);
    expect_returned(0, 2);
    assert_all_home();
}

static void test_lying_client(void **state)
{
    struct net_desc frames[CAPACITY];
    (void)state;
    start();
    static const uint32_t lies[] = {CAPACITY + 1, UINT32_MAX, 1U << 31};
    for (uint32_t i = 0; i < 3; i++) {
        atomic_store_release(&clients[0].mine->tail, lies[i]);
        atomic_store_release(&clients[0].mine->head, lies[i]);
        atomic_store_release(&clients[0].mine->mark, lies[i]);
        enter_client(0);
        send_frame(1, i);
        enter_client(1);
        expect_frames(frames, 1);
        driver_returns(&frames[0]);
        mock_enter(DRIVER_CHANNEL);
        expect_returned(1, i);
    }
    assert_true(mock_counter("violations") != 0);
}

/* ---- Peers on other cores: they act while the component runs, in the cache's hook ---- */

static void rubbish_now(uintptr_t address)
{
    (void)address;
    while (queue_space(&clients[0].c, 1) != 0) {
        struct net_desc junk = {.address = random64(), .length = (uint16_t)random64()};
        net_put(&clients[0].c, &junk, 1);
    }
    queue_publish(&clients[0].c);
}

static void test_rubbish_for_ever(void **state)
{
    struct net_desc frames[CAPACITY];
    (void)state;
    start();
    mock.on_cache = rubbish_now;
    for (uint32_t i = 0; i < 5000; i++) {
        rubbish_now(0);
        send_frame(1, i % BUFFERS);
        enter_client(0);
        expect_frames(frames, 1);
        assert_true(frames[0].address == io[1] + offset_of(i % BUFFERS));
        driver_returns(&frames[0]);
        mock_enter(DRIVER_CHANNEL);
        expect_returned(1, i % BUFFERS);
    }
    assert_true(mock_counter("drop_bad_offset") > 5000);
}

static void restart_half_done(uintptr_t address)
{
    (void)address;
    mock.on_cache = NULL;
    atomic_store_release(&clients[0].mine->epoch, clients[0].c.epoch + 1);
    atomic_store_release(&clients[0].mine->tail, clients[0].c.tail + 1);
}

static void test_restart_within_activation(void **state)
{
    struct net_desc frames[CAPACITY];
    (void)state;
    start();
    mock.on_cache = restart_half_done;
    send_frame(1, 0);
    enter_client(1);
    assert_null(mock.on_cache);
    expect_frames(frames, 1);
}

static uint64_t flooded;

/* Client 0 sends for ever and the driver sends at once; client 1 waits for its buffer. */
static void flood(uintptr_t address)
{
    struct net_desc frames[CAPACITY];
    (void)address;
    if (mock.notified[CLIENT_CHANNEL + 1] != 0) {
        mock.on_cache = NULL; /* what the test waits for */
        return;
    }
    if (++flooded >= FLOOD) {
        return;
    }
    uint32_t count = peer_take(&driver, frames, CAPACITY);
    for (uint32_t i = 0; i < count; i++) {
        driver_returns(&frames[i]);
    }
    if (queue_space(&clients[0].c, 1) != 0) {
        send_frame(0, (uint32_t)(flooded % BUFFERS));
    }
}

static void test_return_during_flood(void **state)
{
    (void)state;
    start();
    (void)queue_arm(&clients[1].c, 1);
    mock.notified[CLIENT_CHANNEL + 1] = 0;
    flooded = 0;
    mock.on_cache = flood;
    for (uint32_t buffer = 0; buffer < 16; buffer++) {
        send_frame(0, buffer);
    }
    send_frame(1, 0);
    enter_client(1);
    assert_null(mock.on_cache); /* the buffer came back, and before the flood's end */
}

/* Everybody acts at random and client 1 sends rubbish too; at the end all is home. */
static void test_random(void **state)
{
    struct net_desc in_flight[CAPACITY + 2], got[CAPACITY];
    uint32_t flying = 0, count;
    bool mine[BUFFERS];
    (void)state;
    start();
    memset(mine, 1, sizeof(mine));
    for (uint32_t step = 0; step < 100000; step++) {
        flying += peer_take(&driver, in_flight + flying, random_below(8));
        assert_true(flying <= BUFFERS * CLIENTS);
        for (uint32_t n = random_below(8); n > 0 && flying != 0; n--) {
            uint32_t which = random_below(flying);
            driver_returns(&in_flight[which]);
            in_flight[which] = in_flight[--flying];
        }
        mock_enter(DRIVER_CHANNEL);
        count = peer_take(&clients[0], got, CAPACITY);
        for (uint32_t i = 0; i < count; i++) {
            uint64_t buffer = got[i].address / NET_BUFFER_SIZE;
            assert_true(buffer < BUFFERS && !mine[buffer]);
            mine[buffer] = true;
        }
        uint32_t buffer = random_below(BUFFERS);
        if (mine[buffer]) {
            mine[buffer] = false;
            send_frame(0, buffer);
        }
        (void)peer_take(&clients[1], got, CAPACITY);
        if (queue_space(&clients[1].c, 1) != 0) {
            peer_put(&clients[1], offset_of(random_below(BUFFERS + 1)) + (random_below(9) == 0),
                     (uint16_t)random_below(80));
        }
        enter_client(random_below(2));
    }
    for (uint32_t i = 0; i < CAPACITY; i++) { /* the rest goes home */
        enter_client(0);
        flying += peer_take(&driver, in_flight + flying, CAPACITY + 2 - flying);
        while (flying != 0) {
            driver_returns(&in_flight[--flying]);
        }
        mock_enter(DRIVER_CHANNEL);
        (void)peer_take(&clients[1], got, CAPACITY);
        (void)peer_take(&clients[0], got, CAPACITY);
    }
    assert_int_equal(mock_counter("bad_driver_return"), 0);
    assert_all_home();
}

static void test_configuration(void **state)
{
    (void)state;
    configure();
    config->client_count = NET_CLIENTS_MAX + 1;
    assert_true(mock_init_refused("56 clients"));
    configure();
    config->buffer_size = 0;
    assert_true(mock_init_refused("buffer size"));
    configure();
    config->clients[1].per_round = 0;
    assert_true(mock_init_refused("frames per round"));
    configure();
    config->clients[1].data.size = UINT64_MAX;
    assert_true(mock_init_refused("4096 buffers"));
    configure();
    config->driver.put_capacity = 0;
    assert_true(mock_init_refused("driver's queue capacity"));
    configure();
    config->clients[0].connection.get_capacity = 65;
    assert_true(mock_init_refused("client's queue capacity"));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SENTENCE("a frame goes to the driver by its I/O address and comes back", test_sends),
        SENTENCE("no cache is touched for a device that sees the caches", test_coherent),
        SENTENCE("an offset that is no buffer of the client's is refused", test_bad_offsets),
        SENTENCE("a frame of impossible length is refused and given back", test_bad_lengths),
        SENTENCE("a buffer in flight is not sent again", test_twice),
        SENTENCE("a foreign source address is refused", test_source_mac),
        SENTENCE("clients take turns of a bounded number of frames", test_fairness),
        SENTENCE("a client that waits for buffers makes the driver return them", test_lazy_return),
        SENTENCE("a driver that restarted is told again that a client waits",
                 test_lazy_return_after_driver_restart),
        SENTENCE("a bad frame does not hold up the good ones behind it, nor their signal",
                 test_bad_frame_before_good),
        SENTENCE("the driver can return only what is in flight", test_wrong_driver_returns),
        SENTENCE("a driver's restart gives the clients their buffers back", test_driver_restart),
        SENTENCE("a client's restart does not send what is in flight twice", test_client_restart),
        SENTENCE("a client that lies about its indices harms nobody else", test_lying_client),
        SENTENCE("a client that sends rubbish for ever keeps nobody from sending",
                 test_rubbish_for_ever),
        SENTENCE("a client that begins a restart during an activation does not make it endless",
                 test_restart_within_activation),
        SENTENCE("a client gets its buffers back while another floods", test_return_during_flood),
        SENTENCE("buffers are conserved under random traffic", test_random),
        SENTENCE("a bad configuration is named and stops the component", test_configuration),
    };
    int wrong = mock_module(argc, argv);
    return wrong != 0 ? wrong : cmocka_run_group_tests_name("virt_tx", tests, NULL, NULL);
}
