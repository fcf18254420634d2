/* SPDX-License-Identifier: BSD-2-Clause */
/* See pl011.h. Sections are those of ARM DDI 0183G. */
#include "pl011.h"

enum { /* section 3.2, table 3-1 */
       DR = 0x000,
       RSR = 0x004,
       FR = 0x018,
       IBRD = 0x024,
       FBRD = 0x028,
       LCR_H = 0x02c,
       CR = 0x030,
       IFLS = 0x034,
       IMSC = 0x038,
       RIS = 0x03c,
       MIS = 0x040,
       ICR = 0x044,
       DMACR = 0x048,
       PERIPH_ID0 = 0xfe0,
};

enum {
    DR_OVERRUN = 1 << 11,
    FR_BUSY = 1 << 3,
    FR_RXFE = 1 << 4,
    FR_TXFF = 1 << 5,
    FR_RXFF = 1 << 6,
    FR_TXFE = 1 << 7,
    LCR_H_FEN = 1 << 4,
    CR_UARTEN = 1 << 0,
    CR_TXE = 1 << 8,
    CR_RXE = 1 << 9,
    CR_RESET = CR_TXE | CR_RXE, /* section 3.3.8 */
    IFLS_RESET = 0x12,          /* both at half, section 3.3.9 */
    INT_RX = 1 << 4,
    INT_TX = 1 << 5,
    INT_RT = 1 << 6,
    INT_OE = 1 << 10,
    INT_ALL = 0x7ff,
};

/* Sections 3.3.15 and 3.3.16: revision r1p4. */
static const uint8_t identification[] = {0x11, 0x10, 0x24, 0x00, 0x0d, 0xf0, 0x05, 0xb1};

static uint32_t used(const struct pl011_fifo *fifo)
{
    return fifo->tail - fifo->head;
}

/* Section 3.3.7: without FEN a FIFO is one byte. */
static uint32_t depth(const struct pl011 *uart)
{
    return (uart->line_control & LCR_H_FEN) != 0 ? PL011_FIFO : 1;
}

/* Section 3.3.9: 1/8, 1/4, 1/2, 3/4, 7/8 of a FIFO, by the three bits of `select`; one byte without
 * FIFOs. */
static uint32_t trigger(const struct pl011 *uart, uint32_t select)
{
    static const uint32_t eighths[8] = {1, 2, 4, 6, 7, 4, 4, 4}; /* the last three are reserved */
    return depth(uart) == 1 ? 1 : PL011_FIFO * eighths[select & 7] / 8;
}

static bool is_on(const struct pl011 *uart, uint32_t half)
{
    return (uart->control & CR_UARTEN) != 0 && (uart->control & half) != 0;
}

void pl011_reset(struct pl011 *uart)
{
    *uart = (struct pl011){.control = CR_RESET, .levels = IFLS_RESET};
}

bool pl011_line(const struct pl011 *uart)
{
    return (uart->raw & uart->mask) != 0;
}

/* ---- Receiving ---- */

uint32_t pl011_rx_room(const struct pl011 *uart)
{
    return is_on(uart, CR_RXE) && used(&uart->rx) < depth(uart) ? depth(uart) - used(&uart->rx) : 0;
}

void pl011_rx_put(struct pl011 *uart, uint8_t byte)
{
    if (!is_on(uart, CR_RXE)) {
        return;
    }
    if (used(&uart->rx) >= depth(uart)) {
        uart->overrun = true;
        uart->raw |= INT_OE;
        return;
    }
    uart->rx.bytes[uart->rx.tail++ % PL011_FIFO] = byte;
    if (used(&uart->rx) >= trigger(uart, uart->levels >> 3)) {
        uart->raw |= INT_RX;
    }
}

void pl011_rx_idle(struct pl011 *uart)
{
    if (used(&uart->rx) != 0) {
        uart->raw |= INT_RT;
    }
}

static uint32_t read_data(struct pl011 *uart)
{
    struct pl011_fifo *rx = &uart->rx;
    if (used(rx) == 0) {
        return 0;
    }
    uint32_t value = rx->bytes[rx->head++ % PL011_FIFO] | (uart->overrun ? DR_OVERRUN : 0U);
    uart->overrun = false;
    if (used(rx) < trigger(uart, uart->levels >> 3)) {
        uart->raw &= ~(uint32_t)INT_RX;
    }
    if (used(rx) == 0) {
        uart->raw &= ~(uint32_t)INT_RT;
    }
    return value;
}

/* ---- Sending ---- */

static void write_data(struct pl011 *uart, uint8_t byte)
{
    if (used(&uart->tx) >= depth(uart)) {
        return; /* section 3.3.3: who does not look at TXFF loses it */
    }
    uart->tx.bytes[uart->tx.tail++ % PL011_FIFO] = byte;
    if (used(&uart->tx) > trigger(uart, uart->levels) || depth(uart) == 1) {
        uart->raw &= ~(uint32_t)INT_TX;
    }
}

uint32_t pl011_tx_peek(const struct pl011 *uart, uint8_t *bytes, uint32_t count_max)
{
    uint32_t count = is_on(uart, CR_TXE) ? used(&uart->tx) : 0;
    count = count < count_max ? count : count_max;
    for (uint32_t i = 0; i < count; i++) {
        bytes[i] = uart->tx.bytes[(uart->tx.head + i) % PL011_FIFO];
    }
    return count;
}

/* Section 2.8.2: a transition through the level raises the interrupt, not the level itself. */
void pl011_tx_sent(struct pl011 *uart, uint32_t count)
{
    uint32_t level = depth(uart) == 1 ? 0 : trigger(uart, uart->levels);
    uint32_t before = used(&uart->tx);
    uart->tx.head += count < before ? count : before;
    if (before > level && used(&uart->tx) <= level) {
        uart->raw |= INT_TX;
    }
}

/* ---- Registers ---- */

static uint32_t flags(const struct pl011 *uart)
{
    uint32_t received = used(&uart->rx), waiting = used(&uart->tx);
    return (received == 0 ? FR_RXFE : 0U) | (received >= depth(uart) ? FR_RXFF : 0U) |
           (waiting == 0 ? FR_TXFE : FR_BUSY) | (waiting >= depth(uart) ? FR_TXFF : 0U);
}

/* Sections 3.3.15 and 3.3.16: a byte each, in words. */
static uint32_t identify(uint32_t offset)
{
    return identification[(offset - PERIPH_ID0) / 4];
}

/* Registers have 32 bits at most, and are read by any width up to that (section 3.1: the bus is 16
 * bits wide, and the others read as 0). */
bool pl011_read(struct pl011 *uart, uint32_t offset, uint32_t size, uint32_t *value)
{
    if (size > 4 || offset % 4 != 0) {
        return false;
    }
    switch (offset) {
    case DR:
        *value = read_data(uart);
        return true;
    case RSR:
    case DMACR:
        *value = 0;
        return true;
    case FR:
        *value = flags(uart);
        return true;
    case IBRD:
        *value = uart->baud_integer;
        return true;
    case FBRD:
        *value = uart->baud_fraction;
        return true;
    case LCR_H:
        *value = uart->line_control;
        return true;
    case CR:
        *value = uart->control;
        return true;
    case IFLS:
        *value = uart->levels;
        return true;
    case IMSC:
        *value = uart->mask;
        return true;
    case RIS:
        *value = uart->raw;
        return true;
    case MIS:
        *value = uart->raw & uart->mask;
        return true;
    default:
        *value = offset >= PERIPH_ID0 ? identify(offset) : 0;
        return offset >= PERIPH_ID0;
    }
}

/* Section 3.3.7: turning FIFOs off flushes them. */
static void write_line_control(struct pl011 *uart, uint32_t value)
{
    if (((uart->line_control ^ value) & LCR_H_FEN) != 0) {
        uart->rx.head = uart->rx.tail;
        uart->tx.head = uart->tx.tail;
    }
    uart->line_control = value & 0xff;
}

bool pl011_write(struct pl011 *uart, uint32_t offset, uint32_t size, uint32_t value)
{
    if (size > 4 || offset % 4 != 0) {
        return false;
    }
    switch (offset) {
    case DR:
        write_data(uart, (uint8_t)value);
        return true;
    case RSR:
    case DMACR:
        return true;
    case IBRD:
        uart->baud_integer = value & 0xffff;
        return true;
    case FBRD:
        uart->baud_fraction = value & 0x3f;
        return true;
    case LCR_H:
        write_line_control(uart, value);
        return true;
    case CR:
        uart->control = value & 0xffff;
        return true;
    case IFLS:
        uart->levels = value & 0x3f;
        return true;
    case IMSC:
        uart->mask = value & INT_ALL;
        return true;
    case ICR:
        uart->raw &= ~(value & INT_ALL);
        return true;
    default:
        return false;
    }
}
