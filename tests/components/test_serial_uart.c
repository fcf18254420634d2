/* SPDX-License-Identifier: BSD-2-Clause */
/* A UART's driver, shell and device together, on a model of the UART (uart.h). The driver is
 * entered when its peers notify it or the UART's line is up, and never otherwise: an interrupt that
 * it forgets to ask for shows as bytes that stay behind. */
#include "serial_peer.h"
#include "uart.h"

enum { CAPACITY = 16, IRQ_CHANNEL = 5, RX_CHANNEL = 10, TX_CHANNEL = 20, ROUNDS = 50000 };

static struct serial_driver_config *config;
static struct peer rx, tx;

static void configure(void)
{
    uart_reset();
    config = mock_memory(sizeof(*config));
    text_header(&config->header, CONFIG_SERIAL_DRIVER, sizeof(*config));
    text_peer(&rx, &config->rx, CAPACITY, RX_CHANNEL);
    text_peer(&tx, &config->tx, CAPACITY, TX_CHANNEL);
    config->irq_channel = IRQ_CHANNEL;
    config->registers =
        (struct config_region){.address = UART_REGISTERS, .size = uart_registers_size()};
    mock_configure(config, sizeof(*config));
}

static void start(void)
{
    configure();
    mock_init();
    peer_start(&rx);
    peer_start(&tx);
}

/* Delivers the interrupt while its line is up. */
static void settle(void)
{
    for (uint32_t i = 0; uart_interrupt(); i++) {
        assert_true(i < 100); /* else the line stays up whatever the driver does */
        mock_enter(IRQ_CHANNEL);
    }
}

static uint8_t byte_of(uint32_t number)
{
    return (uint8_t)(number * 7 + number / 256);
}

static uint32_t put_next, sent_next, line_next, taken_next;

/* Clients to the line: the virtualiser puts when there is room, and waits for it otherwise. */
static void print_some(void)
{
    uint8_t bytes[32];
    uint32_t count = random_below(sizeof(bytes));
    for (uint32_t i = 0; i < count; i++) {
        bytes[i] = byte_of(put_next + i);
    }
    put_next += serial_put(&tx.c, bytes, count);
    queue_publish(&tx.c);
    if (queue_signal(&tx.c)) {
        mock_enter(TX_CHANNEL);
    }
}

static void line_takes_some(uint32_t count_max)
{
    uint8_t bytes[64];
    uint32_t count = uart_take(bytes, count_max);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(bytes[i], byte_of(sent_next++));
    }
    settle();
}

/* The line to the clients. */
static void line_puts_some(void)
{
    uint32_t count = random_below(20);
    for (uint32_t i = 0; i < count && uart_put(byte_of(line_next)); i++) {
        line_next++;
    }
    uart_silence();
    settle();
}

static void take_some(void)
{
    struct serial_chunk chunk;
    uint32_t available = queue_available(&rx.c);
    available = available < 5 ? available : 5;
    for (uint32_t i = 0; i < available; i++) {
        assert_true(serial_get_chunk(&rx.c, &chunk));
        for (uint32_t b = 0; b < chunk.count; b++) {
            assert_int_equal(chunk.bytes[b], byte_of(taken_next++));
        }
    }
    queue_release(&rx.c);
    if (queue_signal_space(&rx.c)) {
        mock_enter(RX_CHANNEL);
        settle();
    }
}

/* A byte that found no room is not counted by the line here, so nothing may be missing at all. */
static void test_traffic(void **state)
{
    (void)state;
    start();
    put_next = sent_next = line_next = taken_next = 0;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        switch (random_below(4)) {
        case 0:
            print_some();
            break;
        case 1:
            line_takes_some(1 + random_below(32));
            break;
        case 2:
            line_puts_some();
            break;
        default:
            take_some();
        }
    }
    for (uint32_t i = 0; i < 1000; i++) {
        line_takes_some(16);
        take_some();
    }
    assert_int_equal(sent_next, put_next);
    assert_int_equal(taken_next, line_next);
    assert_true(put_next > ROUNDS && line_next > ROUNDS / 2);
}

static void test_overrun(void **state)
{
    (void)state;
    start();
    for (uint32_t i = 0; i < 1000; i++) {
        (void)uart_put('x'); /* nobody takes interrupts */
    }
    uart_silence();
    settle();
    uart_put('y');
    uart_silence();
    settle();
    assert_true(mock_counter("device_errors") != 0);
}

static void test_quiet(void **state)
{
    char text[8] = "";
    (void)state;
    start();
    assert_false(uart_interrupt());
    (void)uart_put('k'); /* below any trigger level */
    uart_silence();
    settle();
    text_take(&rx, text, sizeof(text), UINT32_MAX);
    assert_string_equal(text, "k");
    (void)text_put(&tx, "short");
    mock_enter(TX_CHANNEL);
    line_takes_some(0);
    uint8_t bytes[16];
    assert_int_equal(uart_take(bytes, sizeof(bytes)), 5);
    assert_false(uart_interrupt()); /* nothing more to send: nobody asks when there is room */
}

static void test_configuration(void **state)
{
    (void)state;
    configure();
    for (uint32_t i = 0; i < UART_IDENTITIES; i++) {
        uart_be_another(i);
        assert_true(mock_init_refused(uart_refusal));
    }
    config->registers.size = 4;
    assert_true(mock_init_refused("fewer are mapped"));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SENTENCE("every byte goes both ways in order, woken by interrupts alone", test_traffic),
        SENTENCE("bytes that the UART lost are counted", test_overrun),
        SENTENCE("it interrupts for a single byte and not for nothing", test_quiet),
        SENTENCE("a device that is another is named", test_configuration),
    };
    if (mock_module(argc, argv) != 0) {
        return 2;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
