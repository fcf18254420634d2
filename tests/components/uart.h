/* SPDX-License-Identifier: BSD-2-Clause */
/* A UART as test_serial_uart.c plays with one: registers, a line, an interrupt. */
#ifndef UART_H
#define UART_H

#include <stdbool.h>
#include <stdint.h>

enum { UART_REGISTERS = 0x09000000, UART_IDENTITIES = 2 };

extern const char *const uart_refusal; /* what its driver says of another device */

void uart_reset(void);
/* Something else answers at the address, in one of several ways. */
void uart_be_another(uint32_t which);
bool uart_interrupt(void);
/* A byte comes by the line; false if there was no room: it is lost. */
bool uart_put(uint8_t byte);
/* The line was silent for a while. */
void uart_silence(void);
/* Up to `count_max` bytes leave by the line. */
uint32_t uart_take(uint8_t *bytes, uint32_t count_max);
uint32_t uart_registers_size(void);

#endif
