/* SPDX-License-Identifier: BSD-2-Clause */
/* The serial receive virtualiser between a driver, clients, honest and hostile, and the transmit
 * virtualiser that it announces by. */
#include "serial_peer.h"

enum {
    CLIENTS = 12,
    CAPACITY = 64,
    DRIVER_CHANNEL = 40,
    ANNOUNCE_CHANNEL = 41,
    ESCAPE = 0x1d,
    TEXT_MAX = 1 << 16,
    ROUNDS = 20000
};

static struct serial_virt_rx_config *config;
static struct peer driver, announce, clients[CLIENTS];
static char text[TEXT_MAX];

static void configure(void)
{
    config = mock_memory(sizeof(*config));
    text_header(&config->header, CONFIG_SERIAL_VIRT_RX, sizeof(*config));
    config->client_count = CLIENTS;
    config->escape = ESCAPE;
    text_peer(&driver, &config->driver, CAPACITY, DRIVER_CHANNEL);
    text_peer(&announce, &config->announce, CAPACITY, ANNOUNCE_CHANNEL);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        text_peer(&clients[i], &config->clients[i].connection, CAPACITY, i);
        (void)snprintf(config->clients[i].name, SERIAL_NAME_MAX, "c%u", i);
    }
    mock_configure(config, sizeof(*config));
}

static void start(void)
{
    configure();
    mock_init();
    peer_start(&driver);
    peer_start(&announce);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        peer_start(&clients[i]);
    }
}

static void type(const char *keys)
{
    assert_int_equal(text_put(&driver, keys), strlen(keys));
    mock_enter(DRIVER_CHANNEL);
}

static void expect_of(struct peer *peer, const char *expected)
{
    text[0] = '\0';
    text_take(peer, text, sizeof(text), UINT32_MAX);
    assert_string_equal(text, expected);
}

static void expect(uint32_t client, const char *expected)
{
    expect_of(&clients[client], expected);
}

static void test_switches(void **state)
{
    (void)state;
    start();
    type("first");
    type("\x1d"
         "1one\x1d"
         "2");
    type("two\x1dnthree");
    expect(0, "first");
    expect(1, "one");
    expect(2, "two");
    expect(3, "three");
    expect_of(&announce, "input goes to 1, c1\ninput goes to 2, c2\ninput goes to 3, c3\n");
    assert_int_equal(mock_counter("switches"), 3);
}

static void test_round(void **state)
{
    (void)state;
    start();
    type("\x1d"
         "9");
    for (uint32_t i = 9; i < CLIENTS; i++) {
        type("\x1dn");
    }
    type("home");
    expect(0, "home");
}

static void test_commands(void **state)
{
    (void)state;
    start();
    config->client_count = CLIENTS;
    type("a\x1d");
    expect(0, "a");
    type("\x1d");
    expect(0, "\x1d");
    type("\x1dz\x1d\r\x1d:b");
    expect(0, "b");
    assert_int_equal(mock_counter("bad_commands"), 3);
    assert_int_equal(mock_counter("switches"), 0);
    expect_of(&announce, "");
    type("\x1d?");
    text[0] = '\0';
    text_take(&announce, text, sizeof(text), UINT32_MAX);
    assert_non_null(strstr(text, "0: c0\n1: c1\n"));
}

static void test_full(void **state)
{
    (void)state;
    start();
    for (uint32_t i = 0; i < 100; i++) {
        type("0123456");
        peer_poll(&driver);
    }
    assert_int_equal(mock_counter("bytes"), CAPACITY * SERIAL_CHUNK_BYTES);
    assert_int_equal(mock_counter("drop_full"), (100 - CAPACITY) * SERIAL_CHUNK_BYTES);
    type("\x1d"
         "1hello");
    expect(1, "hello");
}

/* The driver, whose queue was full, is woken when there is room. */
static void test_driver_waits(void **state)
{
    (void)state;
    start();
    while (queue_space(&driver.c, 1) != 0) {
        word_put(&driver, 1 | 'x' << 8);
    }
    assert_true(queue_arm_space(&driver.c, 1));
    uint32_t before = mock.notified[DRIVER_CHANNEL];
    mock_enter(DRIVER_CHANNEL);
    assert_int_equal(mock.notified[DRIVER_CHANNEL], before + 1);
}

static void test_rubbish(void **state)
{
    (void)state;
    start();
    word_put(&driver, 9);
    word_put(&driver, UINT64_MAX);
    word_put(&driver, 0);
    type("good");
    expect(0, "good");
    assert_int_equal(mock_counter("bad_chunks"), 2);
    atomic_store_release(&driver.mine->tail, 12345678);
    mock_enter(DRIVER_CHANNEL);
    assert_true(mock_counter("violations") != 0);
}

static void test_rubbish_without_end(void **state)
{
    struct flood flood;
    (void)state;
    start();
    flood_begin(&flood, &driver);
    while (mock_counter("bad_chunks") < 500) {
        mock_enter(DRIVER_CHANNEL);
    }
    flood_end(&flood);
}

/* All clients but the first write what they like where they can; it misses nothing. */
static void test_hostile(void **state)
{
    char typed[16];
    (void)state;
    start();
    for (uint32_t i = 0; i < ROUNDS; i++) {
        struct queue_side *side = clients[1 + random_below(CLIENTS - 1)].mine;
        shared_u32 *const words[] = {&side->tail, &side->head, &side->mark, &side->epoch,
                                     &side->seen};
        atomic_store_release(words[random_below(5)], (uint32_t)random64());
        mock_enter((microkit_channel)(1 + random_below(CLIENTS - 1)));
        if (random_below(4) == 0) {
            (void)snprintf(typed, sizeof(typed), "\x1d%uto nobody", 1 + random_below(9));
            type(typed);
            type("\x1d"
                 "0");
        }
        (void)snprintf(typed, sizeof(typed), "%u", i);
        type(typed);
        expect(0, typed);
        text[0] = '\0';
        text_take(&announce, text, sizeof(text), UINT32_MAX);
    }
}

static void test_restarts(void **state)
{
    (void)state;
    start();
    type("lost");
    peer_start(&clients[0]);
    type("new");
    expect(0, "new");
    peer_start(&driver);
    type("too");
    expect(0, "too");
}

static void test_silent(void **state)
{
    (void)state;
    configure();
    config->announce = (struct config_connection){0};
    mock_init();
    peer_start(&driver);
    peer_start(&clients[1]);
    type("\x1d"
         "1quiet");
    expect(1, "quiet");
}

static void test_configuration(void **state)
{
    (void)state;
    configure();
    config->client_count = 0;
    assert_true(mock_init_refused("not 1 to 56 clients"));
    config->client_count = SERIAL_CLIENTS_MAX + 1;
    assert_true(mock_init_refused("not 1 to 56 clients"));
    config->client_count = CLIENTS;
    config->escape = 256;
    assert_true(mock_init_refused("escape character"));
    config->escape = ESCAPE;
    config->announce.put_capacity = 32;
    assert_true(mock_init_refused("holds no whole line"));
    config->announce.put_capacity = CAPACITY;
    memset(config->clients[1].name, 'x', SERIAL_NAME_MAX);
    assert_true(mock_init_refused("name is not terminated"));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SENTENCE("the input goes to one client, and to another after the escape and its number",
                 test_switches),
        SENTENCE("the escape and n go round the clients", test_round),
        SENTENCE("no client sees a command; one that is none is counted", test_commands),
        SENTENCE("a client that does not read loses its input, and nobody else's", test_full),
        SENTENCE("a driver that waits for room is woken", test_driver_waits),
        SENTENCE("chunks that are none are counted and dropped", test_rubbish),
        SENTENCE("a driver that puts rubbish without end is left at last",
                 test_rubbish_without_end),
        SENTENCE("clients that write anything anywhere take no input from another", test_hostile),
        SENTENCE("a client and a driver that restart go on", test_restarts),
        SENTENCE("it works without anybody to announce to", test_silent),
        SENTENCE("a wrong configuration is named and stops the virtualiser", test_configuration),
    };
    if (mock_module(argc, argv) != 0) {
        return 2;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
