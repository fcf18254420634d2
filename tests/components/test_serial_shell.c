/* SPDX-License-Identifier: BSD-2-Clause */
/* The serial driver's shell between virtualisers and a device that the test plays. */
#include "serial_peer.h"

enum { CAPACITY = 16, IRQ_CHANNEL = 5, RX_CHANNEL = 10, TX_CHANNEL = 20, TEXT_MAX = 1 << 16 };

static struct serial_driver_config *config;
static struct peer rx, tx;
static char text[TEXT_MAX];

/* ---- The device ---- */

static struct {
    const char *refuses;
    char input[TEXT_MAX], output[TEXT_MAX];
    uint32_t input_at, room; /* bytes that it takes */
    bool endless;            /* has always one more byte */
    bool wants_receive, wants_send;
    uint32_t clears, commits, uncommitted;
    uint64_t errors;
} device;

const char *serial_device_start(const struct serial_driver_config *given)
{
    assert_ptr_equal(given, config);
    return device.refuses;
}

void serial_device_irq_clear(void)
{
    device.clears++;
}

uint32_t serial_device_receive(uint8_t *bytes, uint32_t count_max)
{
    uint32_t count = 0;
    while (count < count_max && (device.endless || device.input[device.input_at] != '\0')) {
        bytes[count++] = (uint8_t)(device.endless ? 'e' : device.input[device.input_at++]);
    }
    return count;
}

uint32_t serial_device_send(const uint8_t *bytes, uint32_t count)
{
    count = count < device.room ? count : device.room;
    assert_true(strlen(device.output) + count < TEXT_MAX);
    strncat(device.output, (const char *)bytes, count);
    device.room -= count;
    device.uncommitted += count;
    return count;
}

void serial_device_commit(void)
{
    device.uncommitted = 0;
    device.commits++;
}

bool serial_device_wait(bool receive, bool send)
{
    assert_int_equal(device.uncommitted, 0);
    device.wants_receive = receive;
    device.wants_send = send;
    return !receive || (!device.endless && device.input[device.input_at] == '\0');
}

uint64_t serial_device_errors(void)
{
    return device.errors;
}

/* ---- ---- */

static void configure(void)
{
    memset(&device, 0, sizeof(device));
    device.room = UINT32_MAX;
    config = mock_memory(sizeof(*config));
    text_header(&config->header, CONFIG_SERIAL_DRIVER, sizeof(*config));
    text_peer(&rx, &config->rx, CAPACITY, RX_CHANNEL);
    text_peer(&tx, &config->tx, CAPACITY, TX_CHANNEL);
    config->irq_channel = IRQ_CHANNEL;
    mock_configure(config, sizeof(*config));
}

static void start(void)
{
    configure();
    mock_init();
    peer_start(&rx);
    peer_start(&tx);
}

static void expect_received(const char *expected)
{
    text[0] = '\0';
    text_take(&rx, text, sizeof(text), UINT32_MAX);
    assert_string_equal(text, expected);
}

static void test_both_ways(void **state)
{
    (void)state;
    start();
    strcpy(device.input, "typed by somebody");
    mock_enter(IRQ_CHANNEL);
    expect_received("typed by somebody");
    assert_int_equal(mock.acknowledged[IRQ_CHANNEL], 1);
    assert_int_equal(device.clears, 1);
    (void)text_put(&tx, "printed by somebody");
    flush_put(&tx);
    (void)text_put(&tx, ", and more");
    mock_enter(TX_CHANNEL);
    assert_string_equal(device.output, "printed by somebody, and more");
    assert_true(device.wants_receive && !device.wants_send);
    assert_int_equal(mock_counter("rx_bytes"), strlen(device.input));
    assert_int_equal(mock_counter("tx_bytes"), strlen(device.output));
    assert_int_equal(mock_counter("interrupts"), 1);
}

static void test_slow_device(void **state)
{
    (void)state;
    start();
    device.room = 3;
    (void)text_put(&tx, "abcdefghijklmnopqrstuvwxyz");
    mock_enter(TX_CHANNEL);
    while (strlen(device.output) < 26) {
        assert_true(device.wants_send);
        size_t before = strlen(device.output);
        device.room = 1 + random_below(12);
        mock_enter(IRQ_CHANNEL);
        assert_true(strlen(device.output) > before);
    }
    assert_string_equal(device.output, "abcdefghijklmnopqrstuvwxyz");
    mock_enter(IRQ_CHANNEL);
    assert_false(device.wants_send);
}

/* The virtualiser waits for room in the queue; the device gives it. */
static void test_wakes_for_room(void **state)
{
    (void)state;
    start();
    device.room = 0;
    while (queue_space(&tx.c, 1) != 0) {
        (void)text_put(&tx, "0123456");
    }
    mock_enter(TX_CHANNEL); /* takes one, for which there is no room */
    (void)text_put(&tx, "0123456");
    assert_true(queue_arm_space(&tx.c, 2));
    uint32_t before = mock.notified[TX_CHANNEL];
    device.room = 7;
    mock_enter(IRQ_CHANNEL);
    assert_int_equal(mock.notified[TX_CHANNEL], before);
    device.room = 14;
    mock_enter(IRQ_CHANNEL);
    assert_int_equal(mock.notified[TX_CHANNEL], before + 1);
}

/* What does not fit into the queue stays in the device, without interrupts. */
static void test_full_queue(void **state)
{
    (void)state;
    start();
    memset(device.input, 'x', 1000);
    mock_enter(IRQ_CHANNEL);
    assert_int_equal(device.input_at, CAPACITY * SERIAL_CHUNK_BYTES);
    assert_false(device.wants_receive);
    uint32_t taken = 0;
    while (taken < 1000) {
        text[0] = '\0';
        text_take(&rx, text, sizeof(text), 3);
        taken += (uint32_t)strlen(text);
        assert_true(strlen(text) != 0);
        assert_true(queue_signal_space(&rx.c) || device.input_at == 1000);
        mock_enter(RX_CHANNEL);
    }
    assert_true(device.wants_receive);
}

static void test_endless(void **state)
{
    (void)state;
    start();
    device.endless = true;
    mock_enter(IRQ_CHANNEL);
    assert_int_equal(mock_counter("rx_bytes"), CAPACITY * SERIAL_CHUNK_BYTES);
    assert_false(device.wants_receive);
}

static void test_rubbish(void **state)
{
    (void)state;
    start();
    word_put(&tx, 0xff);
    (void)text_put(&tx, "good");
    word_put(&tx, 8);
    mock_enter(TX_CHANNEL);
    assert_string_equal(device.output, "good");
    assert_int_equal(mock_counter("bad_chunks"), 2);
    for (uint32_t i = 0; i < 10000; i++) {
        shared_u32 *const words[] = {&tx.mine->tail, &rx.mine->head, &tx.mine->mark, &rx.mine->mark,
                                     &tx.mine->epoch};
        atomic_store_release(words[random_below(5)], (uint32_t)random64());
        device.output[0] = '\0';
        mock_enter(TX_CHANNEL);
        assert_true(strlen(device.output) <= CAPACITY * SERIAL_CHUNK_BYTES);
    }
    assert_true(mock_counter("violations") != 0);
}

static void test_restarts(void **state)
{
    (void)state;
    start();
    device.room = 0;
    (void)text_put(&tx, "0123456789");
    mock_enter(TX_CHANNEL);
    peer_start(&tx);
    device.room = 100;
    (void)text_put(&tx, "!");
    mock_enter(TX_CHANNEL);
    assert_string_equal(device.output, "0123456!"); /* what was taken, and what is new */
    peer_start(&rx);
    strcpy(device.input, "new");
    mock_enter(IRQ_CHANNEL);
    expect_received("new");
}

static void test_configuration(void **state)
{
    (void)state;
    configure();
    device.refuses = "no such device";
    assert_true(mock_init_refused("component: no such device"));
    config->rx.put_capacity = 3;
    assert_true(mock_init_refused("not a power of two"));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SENTENCE("bytes go both ways in order, and a flush is none", test_both_ways),
        SENTENCE("a device with little room gets all, by its interrupts", test_slow_device),
        SENTENCE("the virtualiser is woken when the room is there that it asked for",
                 test_wakes_for_room),
        SENTENCE("what the receive virtualiser has no room for stays in the device",
                 test_full_queue),
        SENTENCE("a device that never runs out of bytes is left when the queue is full",
                 test_endless),
        SENTENCE("a virtualiser's rubbish is counted and reaches no device", test_rubbish),
        SENTENCE("a virtualiser that restarts goes on", test_restarts),
        SENTENCE("a device that does not answer is named", test_configuration),
    };
    if (mock_module(argc, argv) != 0) {
        return 2;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
