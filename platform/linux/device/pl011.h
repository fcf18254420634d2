/* SPDX-License-Identifier: BSD-2-Clause */
/* A model of Arm's PrimeCell UART, PL011 (ARM DDI 0183G): registers, FIFOs, interrupt. What its
 * pins are connected to is the caller's: it puts bytes in and takes bytes out. Speed and format of
 * the line are kept and mean nothing. Trusts nothing in an access. */
#ifndef LINUX_DEVICE_PL011_H
#define LINUX_DEVICE_PL011_H

#include <stdbool.h>
#include <stdint.h>

enum {
    PL011_FIFO = 16, /* section 2.4.1, revisions up to r1p4 */
    PL011_REGISTERS_SIZE = 0x1000,
};

struct pl011_fifo {
    uint8_t bytes[PL011_FIFO];
    uint32_t head, tail; /* free-running */
};

struct pl011 {
    struct pl011_fifo rx, tx;
    uint32_t control, line_control, levels, mask, raw;
    uint32_t baud_integer, baud_fraction;
    bool overrun; /* section 3.3.1: marks the next byte that comes */
};

void pl011_reset(struct pl011 *uart);

/* A register access of `size` bytes; false if no such register can be read, or written, so. */
bool pl011_write(struct pl011 *uart, uint32_t offset, uint32_t size, uint32_t value);
bool pl011_read(struct pl011 *uart, uint32_t offset, uint32_t size, uint32_t *value);

/* The interrupt's line. */
bool pl011_line(const struct pl011 *uart);

/* Bytes that the receiver has room for; it takes none while it is off. */
uint32_t pl011_rx_room(const struct pl011 *uart);
/* A byte comes in. Where there is no room it is lost, an overrun. */
void pl011_rx_put(struct pl011 *uart, uint8_t byte);
/* Nothing has come for 32 bit periods (section 2.8.3). */
void pl011_rx_idle(struct pl011 *uart);

/* Bytes that wait to be sent, copied from the oldest on, `count_max` at most; and `count` of them
 * are gone. */
uint32_t pl011_tx_peek(const struct pl011 *uart, uint8_t *bytes, uint32_t count_max);
void pl011_tx_sent(struct pl011 *uart, uint32_t count);

#endif
