/* SPDX-License-Identifier: BSD-2-Clause */
/* The model of the Linux platform. */
#include "uart.h"

#include "pl011.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <platform/mmio.h>

const char *const uart_refusal = "no PL011 at the configured address";

static struct pl011 uart;
static uint32_t another; /* the offset that reads otherwise */

void uart_reset(void)
{
    pl011_reset(&uart);
    another = UINT32_MAX;
}

void uart_be_another(uint32_t which)
{
    another = 0xfe0 + 4 * which;
}

uint32_t uart_registers_size(void)
{
    return PL011_REGISTERS_SIZE;
}

uint64_t mock_mmio_read(uintptr_t address, unsigned size_bytes)
{
    uint32_t value = 0;
    uint32_t offset = (uint32_t)(address - UART_REGISTERS);
    assert_true(pl011_read(&uart, offset, size_bytes, &value));
    return offset == another ? value ^ 1 : value;
}

void mock_mmio_write(uintptr_t address, unsigned size_bytes, uint64_t value)
{
    assert_true(
        pl011_write(&uart, (uint32_t)(address - UART_REGISTERS), size_bytes, (uint32_t)value));
}

void mock_mmio_barrier(void)
{
}

bool uart_interrupt(void)
{
    return pl011_line(&uart);
}

bool uart_put(uint8_t byte)
{
    bool room = pl011_rx_room(&uart) != 0;
    pl011_rx_put(&uart, byte);
    return room;
}

void uart_silence(void)
{
    pl011_rx_idle(&uart);
}

uint32_t uart_take(uint8_t *bytes, uint32_t count_max)
{
    uint32_t count = pl011_tx_peek(&uart, bytes, count_max);
    pl011_tx_sent(&uart, count);
    return count;
}
