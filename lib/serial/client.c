/* SPDX-License-Identifier: BSD-2-Clause */
/* See client.h. */
#include <base/peer.h>
#include <serial/client.h>
#include <serial/format.h>
#include <stdarg.h>
#include <stddef.h>

enum { LINE_CHUNKS = (SERIAL_LINE_MAX + SERIAL_CHUNK_BYTES - 1) / SERIAL_CHUNK_BYTES + 1 };

static bool is_there(const struct config_connection *config)
{
    return config != NULL && config->mine != 0;
}

const char *serial_client_open(struct serial_client *serial, const struct config_connection *rx,
                               const struct config_connection *tx)
{
    bool has_rx = is_there(rx);
    bool has_tx = is_there(tx);
    *serial = (struct serial_client){.has_rx = has_rx, .has_tx = has_tx};
    if ((has_rx && !config_connect(&serial->rx, rx)) ||
        (has_tx && !config_connect(&serial->tx, tx))) {
        return "a queue's capacity is not a power of two up to 65536";
    }
    if (has_tx && tx->put_capacity < LINE_CHUNKS) {
        return "the queue of what is printed holds no whole line: 38 chunks, 64 entries at least";
    }
    if (serial->has_rx) {
        serial->rx_channel = rx->channel;
        signal_peer(&serial->signals, rx->channel);
    }
    if (serial->has_tx) {
        serial->tx_channel = tx->channel;
        signal_peer(&serial->signals, tx->channel);
    }
    return NULL;
}

/* What a virtualiser that restarted had is gone; the line that is begun here is not. */
void serial_client_begin(struct serial_client *serial)
{
    if (serial->has_rx) {
        peer_check(&serial->rx, &serial->signals, serial->rx_channel);
    }
    if (serial->has_tx) {
        peer_check(&serial->tx, &serial->signals, serial->tx_channel);
    }
}

bool serial_client_ready(const struct serial_client *serial)
{
    return (!serial->has_rx || serial->rx.ready) && (!serial->has_tx || serial->tx.ready);
}

/* ---- Printing ---- */

/* Offers the line, whole or not at all; `flush`: it may stand there without its newline. */
static bool offer(struct serial_client *serial, bool flush)
{
    uint32_t length = serial->length;
    uint32_t chunks = serial_chunks(length) + flush;
    serial->length = 0;
    if (!serial->has_tx || queue_space(&serial->tx, chunks) < chunks) {
        serial->dropped += length;
        return false;
    }
    (void)serial_put(&serial->tx, serial->line, length);
    if (flush) {
        serial_put_chunk(&serial->tx, NULL, 0);
    }
    queue_publish(&serial->tx);
    if (queue_signal(&serial->tx)) {
        signal_peer(&serial->signals, serial->tx_channel);
    }
    return true;
}

bool serial_putc(struct serial_client *serial, char byte)
{
    serial->line[serial->length++] = (uint8_t)byte;
    return (byte != '\n' && serial->length < SERIAL_LINE_MAX) || offer(serial, false);
}

bool serial_puts(struct serial_client *serial, const char *text)
{
    bool good = true;
    for (; *text != '\0'; text++) {
        good &= serial_putc(serial, *text);
    }
    return good;
}

bool serial_printf(struct serial_client *serial, const char *format, ...)
{
    char text[SERIAL_LINE_MAX + 1];
    va_list arguments;
    va_start(arguments, format);
    (void)format_text(text, sizeof(text), format, arguments);
    va_end(arguments);
    return serial_puts(serial, text);
}

bool serial_flush(struct serial_client *serial)
{
    return serial->length == 0 || offer(serial, true);
}

uint32_t serial_client_room(struct serial_client *serial)
{
    uint32_t space = serial->has_tx ? queue_space(&serial->tx, LINE_CHUNKS) : 0;
    uint32_t used = serial_chunks(serial->length) + 1; /* of the line at hand, and its flush */
    return space > used ? (space - used) * SERIAL_CHUNK_BYTES : 0;
}

void serial_client_want_room(struct serial_client *serial)
{
    serial->wants_room = true;
}

/* ---- Reading ---- */

bool serial_getc(struct serial_client *serial, uint8_t *byte)
{
    while (serial->chunk_at == serial->chunk.count) {
        if (!serial->has_rx || queue_available(&serial->rx) == 0) {
            return false;
        }
        serial->chunk_at = 0;
        if (!serial_get_chunk(&serial->rx, &serial->chunk)) {
            serial->chunk.count = 0;
            serial->bad_chunks++;
        }
        queue_release(&serial->rx);
    }
    *byte = serial->chunk.bytes[serial->chunk_at++];
    return true;
}

/* ---- Waiting ---- */

bool serial_client_may_wait(struct serial_client *serial)
{
    bool nothing = serial->chunk_at == serial->chunk.count;
    nothing &= !serial->has_rx || queue_arm(&serial->rx, 1);
    if (serial->wants_room && serial->has_tx) {
        serial->wants_room = false;
        nothing &= queue_arm_space(&serial->tx, LINE_CHUNKS);
    }
    return nothing;
}

void serial_client_end(struct serial_client *serial)
{
    signal_end(&serial->signals);
}
