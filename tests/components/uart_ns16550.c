/* SPDX-License-Identifier: BSD-2-Clause */
/* A model of the NS16550A: PC16550D data sheet, section 8. */
#include "uart.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <platform/mmio.h>

enum { FIFO = 16, SIZE = 8 };
enum { IER_RECEIVED = 1, IER_EMPTY = 2, LSR_READY = 1, LSR_OVERRUN = 2, LSR_EMPTY = 0x60 };

const char *const uart_refusal = "no NS16550A at the configured address";

static struct {
    uint8_t rx[FIFO], tx[FIFO];
    uint32_t rx_count, tx_count, overrun;
    uint8_t ier, fcr, lcr, mcr, scr;
    bool empty_pending; /* the interrupt of section 8.6 that the transmitter is empty */
    uint32_t another;
} uart;

void uart_reset(void)
{
    static const typeof(uart) fresh;
    uart = fresh;
    uart.lcr = 0x80; /* as a careless firmware leaves it */
}

void uart_be_another(uint32_t which)
{
    uart.another = 1 + which;
}

uint32_t uart_registers_size(void)
{
    return SIZE;
}

static uint8_t take_received(void)
{
    uint8_t byte = uart.rx[0];
    assert_true(uart.rx_count != 0); /* a driver looks first */
    uart.rx_count--;
    for (uint32_t i = 0; i < uart.rx_count; i++) {
        uart.rx[i] = uart.rx[i + 1];
    }
    return byte;
}

uint64_t mock_mmio_read(uintptr_t address, unsigned size_bytes)
{
    uint8_t status =
        (uint8_t)((uart.rx_count != 0 ? LSR_READY : 0) | (uart.overrun != 0 ? LSR_OVERRUN : 0) |
                  (uart.tx_count == 0 ? LSR_EMPTY : 0));
    assert_int_equal(size_bytes, 1);
    switch (address - UART_REGISTERS) {
    case 0:
        assert_int_equal(uart.lcr & 0x80, 0);
        return take_received();
    case 1:
        return uart.ier;
    case 2: /* reading it takes the interrupt back */
        uart.empty_pending = false;
        return 0xc1;
    case 3:
        return uart.lcr;
    case 4:
        return uart.mcr;
    case 5:
        uart.overrun = 0;
        return status;
    case 7:
        return uart.another == 1 ? 0xff : uart.another == 2 ? 0 : uart.scr;
    default:
        fail_msg("read of register %lu", (unsigned long)(address - UART_REGISTERS));
        return 0;
    }
}

static void send(uint8_t byte)
{
    assert_true(uart.tx_count < FIFO); /* a driver counts */
    uart.tx[uart.tx_count++] = byte;
    uart.empty_pending = false;
}

static void allow(uint8_t value)
{
    bool newly = (value & IER_EMPTY) != 0 && (uart.ier & IER_EMPTY) == 0;
    uart.ier = value;
    uart.empty_pending |= newly && uart.tx_count == 0;
}

void mock_mmio_write(uintptr_t address, unsigned size_bytes, uint64_t value)
{
    uint8_t byte = (uint8_t)value;
    assert_int_equal(size_bytes, 1);
    switch (address - UART_REGISTERS) {
    case 0:
        assert_int_equal(uart.lcr & 0x80, 0); /* else it is the divisor's */
        send(byte);
        break;
    case 1:
        assert_int_equal(uart.lcr & 0x80, 0);
        allow(byte);
        break;
    case 2:
        uart.fcr = byte;
        break;
    case 3:
        uart.lcr = byte;
        break;
    case 4:
        uart.mcr = byte;
        break;
    case 7:
        uart.scr = byte;
        break;
    default:
        fail_msg("write of register %lu", (unsigned long)(address - UART_REGISTERS));
    }
}

void mock_mmio_barrier(void)
{
}

bool uart_interrupt(void)
{
    return ((uart.ier & IER_RECEIVED) != 0 && uart.rx_count != 0) ||
           ((uart.ier & IER_EMPTY) != 0 && uart.empty_pending);
}

bool uart_put(uint8_t byte)
{
    assert_int_equal(uart.fcr & 1, 1); /* FIFOs are on */
    if (uart.rx_count == FIFO) {
        uart.overrun = 1;
        return false;
    }
    uart.rx[uart.rx_count++] = byte;
    return true;
}

void uart_silence(void)
{
}

uint32_t uart_take(uint8_t *bytes, uint32_t count_max)
{
    uint32_t count = uart.tx_count < count_max ? uart.tx_count : count_max;
    for (uint32_t i = 0; i < count; i++) {
        bytes[i] = uart.tx[i];
    }
    for (uint32_t i = count; i < uart.tx_count; i++) {
        uart.tx[i - count] = uart.tx[i];
    }
    uart.empty_pending |= count != 0 && uart.tx_count == count;
    uart.tx_count -= count;
    return count;
}
