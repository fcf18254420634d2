/* SPDX-License-Identifier: BSD-2-Clause */
/* A client's side of the serial class: prints lines, reads what is typed. Linked into the client;
 * trusts neither virtualiser with more than the text.
 *
 *     void notified(microkit_channel channel) {
 *         uint8_t byte;
 *         serial_client_begin(&serial);
 *         do {
 *             while (serial_getc(&serial, &byte)) ... serial_printf(&serial, ...);
 *         } while (!serial_client_may_wait(&serial));
 *         serial_client_end(&serial);
 *     }
 *
 * Printing collects a line here and offers it whole: at its newline, when SERIAL_LINE_MAX bytes are
 * there, or by serial_flush(). It never waits: a line for which the queue has no room is dropped
 * whole and counted. Who must not lose any asks serial_client_room() first, and
 * serial_client_want_room() for a wake. */
#ifndef SERIAL_CLIENT_H
#define SERIAL_CLIENT_H

#include <base/signal.h>
#include <sddf/serial.h>
#include <stdbool.h>
#include <stdint.h>

struct serial_client {
    struct connection rx, tx;
    bool has_rx, has_tx;
    uint32_t rx_channel, tx_channel;
    struct signals signals;

    uint8_t line[SERIAL_LINE_MAX];
    uint32_t length; /* bytes of it */
    bool wants_room; /* see serial_client_want_room() */

    struct serial_chunk chunk; /* taken; */
    uint32_t chunk_at;         /* bytes of it that were read */

    uint64_t dropped;    /* bytes printed without room for them */
    uint64_t bad_chunks; /* of the receive virtualiser's */
};

/* Opens a client's ends; either may be NULL, or have no region: then nothing comes, or goes. NULL,
 * or what is wrong with the configuration. */
const char *serial_client_open(struct serial_client *serial, const struct config_connection *rx,
                               const struct config_connection *tx);

/* First thing in an entry point. */
void serial_client_begin(struct serial_client *serial);

/* True while both virtualisers, as far as there are any, are there: what is typed from now on
 * arrives. */
bool serial_client_ready(const struct serial_client *serial);

/* False if the byte was dropped, or with it the line that it ends. */
bool serial_putc(struct serial_client *serial, char byte);
bool serial_puts(struct serial_client *serial, const char *text);

/* As printf: %c %s %d %i %u %x %p %% and their l, ll and z; a width, padded with spaces or, after a
 * 0, with zeros; - for the left; a precision of %s. No floating point. Prints SERIAL_LINE_MAX bytes
 * at most. False if some were dropped. */
__attribute__((format(printf, 2, 3))) bool serial_printf(struct serial_client *serial,
                                                         const char *format, ...);

/* Offers what there is of a line, to be shown at once. False if it was dropped. */
bool serial_flush(struct serial_client *serial);

/* The next byte that was typed; false if there is none. */
bool serial_getc(struct serial_client *serial, uint8_t *byte);

/* Bytes for which there is room, at least what is left of a whole line's if it says so. */
uint32_t serial_client_room(struct serial_client *serial);

/* Has serial_client_may_wait() ask for a wake when a whole line fits again. */
void serial_client_want_room(struct serial_client *serial);

/* True if there is nothing to read now, and, if it is wanted, no room: the caller may wait. */
bool serial_client_may_wait(struct serial_client *serial);

/* Last thing in an entry point: sends the signals. */
void serial_client_end(struct serial_client *serial);

#endif
