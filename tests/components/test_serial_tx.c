/* SPDX-License-Identifier: BSD-2-Clause */
/* The serial transmit virtualiser between a driver and clients, honest and hostile. */
#include "serial_peer.h"

enum { CLIENTS = 3, CAPACITY = 64, DRIVER_CHANNEL = 40, SHOWN_MAX = 1 << 20, ROUNDS = 20000 };

#define RED   "\x1b[31m"
#define RESET "\x1b[0m"
#define ANN   RED "ann" RESET ": "
#define BOB   "bob: "
#define EVE   "\x1b[36meve" RESET ": "

static struct serial_virt_tx_config *config;
static struct peer driver, clients[CLIENTS];
static char shown[SHOWN_MAX];

static void configure(void)
{
    static const char *const names[CLIENTS] = {"ann", "bob", "eve"};
    static const uint32_t colours[CLIENTS] = {SERIAL_RED, SERIAL_PLAIN, SERIAL_CYAN};
    config = mock_memory(sizeof(*config));
    text_header(&config->header, CONFIG_SERIAL_VIRT_TX, sizeof(*config));
    config->client_count = CLIENTS;
    text_peer(&driver, &config->driver, CAPACITY, DRIVER_CHANNEL);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        text_peer(&clients[i], &config->clients[i].connection, CAPACITY, i);
        strcpy(config->clients[i].name, names[i]);
        config->clients[i].colour = colours[i];
    }
    mock_configure(config, sizeof(*config));
    shown[0] = '\0';
}

static void start(void)
{
    configure();
    mock_init();
    peer_start(&driver);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        peer_start(&clients[i]);
    }
}

/* The driver takes all there is, again and again. */
static void drain(void)
{
    for (uint32_t i = 0; i < 1000; i++) {
        size_t before = strlen(shown);
        text_take(&driver, shown, sizeof(shown), UINT32_MAX);
        mock_enter(DRIVER_CHANNEL);
        if (strlen(shown) == before && queue_available(&driver.c) == 0) {
            return;
        }
    }
    fail_msg("the virtualiser has ever more to show");
}

static void say(uint32_t client, const char *text)
{
    assert_int_equal(text_put(&clients[client], text), strlen(text));
    mock_enter((microkit_channel)client);
}

static void expect(const char *text)
{
    drain();
    assert_string_equal(shown, text);
    shown[0] = '\0';
}

static void test_lines(void **state)
{
    (void)state;
    start();
    say(0, "one");
    expect("");
    say(1, "two\n");
    expect(BOB "two\r\n");
    say(0, " and a half\nthree\n\nfo");
    expect(ANN "one and a half\r\n" ANN "three\r\n" ANN "\r\n");
    say(0, "ur\r\n");
    expect(ANN "four\r\n");
    assert_int_equal(mock_counter("lines"), 5);
}

static void test_flush(void **state)
{
    (void)state;
    start();
    say(0, "$ ");
    flush_put(&clients[0]);
    mock_enter(0);
    expect(ANN "$ ");
    say(0, "ls");
    flush_put(&clients[0]);
    mock_enter(0);
    expect("ls");
    say(1, "hello\n");
    expect("\r\n" BOB "hello\r\n");
    say(0, " -l\n");
    expect(ANN " -l\r\n");
    assert_int_equal(mock_counter("flushes"), 2);
}

static void test_long_line(void **state)
{
    char text[SERIAL_LINE_MAX + 12], expected[2 * sizeof(text)];
    (void)state;
    start();
    memset(text, 'x', sizeof(text));
    strcpy(text + SERIAL_LINE_MAX, "the rest\n");
    say(1, text);
    (void)snprintf(expected, sizeof(expected), BOB "%.*s\r\n" BOB "the rest\r\n", SERIAL_LINE_MAX,
                   text);
    expect(expected);
    assert_int_equal(mock_counter("lines_cut"), 1);
}

static void test_controls(void **state)
{
    (void)state;
    start();
    say(1, "\x1b[2J\x07\rann: \x9b"
           "31m\xc3\xa9\x7f\n");
    expect(BOB "?[2J??ann: ?31m???\r\n");
    say(1, "\bab\b \b\b\bc\td\b\b\n"); /* not over the name, nor over a tab */
    expect(BOB "?ab\b \b\b\bc\td\b?\r\n");
    assert_int_equal(mock_counter("replaced"), 7 + 2);
}

static void test_backspace_across_lines(void **state)
{
    (void)state;
    start();
    say(1, "abc");
    flush_put(&clients[1]);
    mock_enter(1);
    say(0, "x\n");
    expect(BOB "abc\r\n" ANN "x\r\n");
    say(1, "\b\b\n"); /* its line begins anew: there is nothing of its own to go back over */
    expect(BOB "?\b\r\n");
}

/* All clients have more to say than the driver's queue holds. */
static void test_fair(void **state)
{
    (void)state;
    start();
    for (uint32_t i = 0; i < CLIENTS; i++) {
        for (uint32_t line = 0; line < 20; line++) {
            (void)text_put(&clients[i], "0123456789abc\n");
        }
    }
    mock_enter(0);
    drain();
    for (const char *at = shown; *at != '\0';) {
        const char *names[CLIENTS] = {ANN, BOB, EVE};
        for (uint32_t i = 0; i < CLIENTS; i++) {
            assert_memory_equal(at, names[i], strlen(names[i]));
            at += strlen(names[i]);
            assert_memory_equal(at, "0123456789abc\r\n", 15);
            at += 15;
        }
    }
    assert_int_equal(mock_counter("lines"), 60);
}

/* Nothing is lost, and each is woken for the room that it waits for. */
static void test_backpressure(void **state)
{
    static const char line[] = "a line that is longer than it might be, so that queues fill\n";
    uint32_t lines = 0, wakes = 0;
    (void)state;
    start();
    for (uint32_t i = 0; i < 1000; i++) {
        bool room = queue_space(&clients[0].c, serial_chunks(sizeof(line) - 1)) >=
                    serial_chunks(sizeof(line) - 1);
        if (room) {
            lines++;
            say(0, line);
        } else if (queue_arm_space(&clients[0].c, serial_chunks(sizeof(line) - 1))) {
            uint32_t before = mock.notified[0];
            for (uint32_t step = 0; mock.notified[0] == before; step++) {
                assert_true(step < 100);
                text_take(&driver, shown, sizeof(shown), 5);
                if (queue_signal_space(&driver.c)) { /* as a driver would */
                    mock_enter(DRIVER_CHANNEL);
                }
            }
            wakes++;
        }
    }
    drain();
    assert_true(wakes > 100);
    assert_int_equal(mock_counter("lines"), lines);
    assert_int_equal(strlen(shown), lines * (strlen(ANN) + sizeof(line)));
}

static void test_rubbish(void **state)
{
    (void)state;
    start();
    word_put(&clients[0], 8);
    word_put(&clients[0], UINT64_MAX);
    flush_put(&clients[0]);
    say(0, "fine\n");
    expect(ANN "fine\r\n");
    assert_int_equal(mock_counter("bad_chunks"), 2);
    assert_int_equal(mock_counter("empty_flushes"), 1);
}

static void test_rubbish_without_end(void **state)
{
    struct flood flood;
    uint32_t said = 0;
    (void)state;
    start();
    flood_begin(&flood, &clients[2]);
    while (mock_counter("bad_chunks") < 500) {
        if (queue_space(&clients[1].c, 1) != 0) {
            say(1, "x\n");
            said++;
        }
        shown[0] = '\0';
        text_take(&driver, shown, sizeof(shown), UINT32_MAX);
        mock_enter(DRIVER_CHANNEL);
    }
    flood_end(&flood);
    drain();
    assert_int_equal(mock_counter("lines"), said);
}

static void disturb(struct peer *peer)
{
    struct queue_side *side = peer->mine;
    switch (random_below(6)) {
    case 0:
        atomic_store_release(&side->tail, (uint32_t)random64());
        break;
    case 1:
        atomic_store_release(&side->head, (uint32_t)random64());
        break;
    case 2:
        atomic_store_release(&side->mark, (uint32_t)random64());
        break;
    case 3:
        atomic_store_release(&side->epoch, (uint32_t)random64());
        break;
    case 4:
        for (uint32_t i = 0; i < CAPACITY; i++) {
            shared_write(&side->entries[i], random64());
        }
        atomic_store_release(&side->tail,
                             atomic_load_relaxed(&side->tail) + random_below(CAPACITY + 2));
        break;
    default:
        peer_open(peer);
    }
}

/* Eve writes whatever she likes where she can write; Ann's lines arrive whole and in order. */
static void test_hostile(void **state)
{
    uint32_t said = 0, seen = 0;
    char line[32];
    (void)state;
    start();
    for (uint32_t i = 0; i < ROUNDS; i++) {
        disturb(&clients[2]);
        mock_enter(2);
        (void)snprintf(line, sizeof(line), "line %u\n", said);
        if (queue_space(&clients[0].c, 4) >= 4) {
            said++;
            say(0, line);
        }
        shown[0] = '\0';
        for (uint32_t step = 0; step < 200 && strchr(shown, '\n') == NULL; step++) {
            text_take(&driver, shown, sizeof(shown), 8);
            mock_enter(DRIVER_CHANNEL);
        }
        drain();
        for (char *at = shown; (at = strstr(at, ANN)) != NULL; seen++) {
            (void)snprintf(line, sizeof(line), ANN "line %u\r\n", seen);
            assert_memory_equal(at, line, strlen(line));
            at += strlen(line);
        }
        for (const char *c = shown; *c != '\0'; c++) { /* nothing but ours moves the cursor */
            assert_true(*c == '\x1b' || *c == '\r' || *c == '\n' || *c == '\t' || *c == '\b' ||
                        (*c >= ' ' && *c <= '~'));
        }
    }
    assert_true(said > ROUNDS / 2);
    assert_int_equal(seen, said);
}

static void test_restarts(void **state)
{
    (void)state;
    start();
    say(0, "forgotten");
    peer_start(&clients[0]);
    say(0, "new\n");
    expect(ANN "new\r\n");
    for (uint32_t i = 0; i < 32; i++) { /* more than the driver's queue takes */
        (void)text_put(&clients[1], "0123456789\n");
    }
    mock_enter(1);
    assert_true(mock_counter("lines") < 1 + 32);
    peer_start(&driver);
    drain();
    assert_int_equal(mock_counter("lines"), 1 + 32);
    assert_true(strlen(shown) > 5 * strlen(BOB "0123456789\r\n"));
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
    config->clients[1].colour = 30;
    assert_true(mock_init_refused("colour is not one of 31 to 36"));
    config->clients[1].colour = 37;
    assert_true(mock_init_refused("colour is not one of 31 to 36"));
    config->clients[1].colour = 0;
    memset(config->clients[1].name, 'x', SERIAL_NAME_MAX);
    assert_true(mock_init_refused("name is not terminated"));
    config->clients[1].name[3] = config->clients[1].name[SERIAL_NAME_MAX - 1] = '\0';
    config->clients[2].connection.get_capacity = 3;
    assert_true(mock_init_refused("not a power of two"));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SENTENCE("a line is shown when it is whole, with its client's name in its colour",
                 test_lines),
        SENTENCE("a flush shows what there is, until another's line comes between", test_flush),
        SENTENCE("a line that is too long is cut", test_long_line),
        SENTENCE("control characters and bytes beyond ASCII are shown as ?", test_controls),
        SENTENCE("a backspace does not go back over a name", test_backspace_across_lines),
        SENTENCE("clients take turns line by line", test_fair),
        SENTENCE("what the device does not take waits, and its client is woken for room",
                 test_backpressure),
        SENTENCE("chunks that are none and flushes of nothing are counted", test_rubbish),
        SENTENCE("rubbish without end holds up nobody", test_rubbish_without_end),
        SENTENCE("a client that writes anything anywhere changes no line of another's",
                 test_hostile),
        SENTENCE("a client and a driver that restart go on", test_restarts),
        SENTENCE("a wrong configuration is named and stops the virtualiser", test_configuration),
    };
    if (mock_module(argc, argv) != 0) {
        return 2;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
