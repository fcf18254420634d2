/* SPDX-License-Identifier: BSD-2-Clause */
/* The serial class: what travels in its queues, and how its components are configured.
 *
 *     driver === receive virtualiser === client          what is typed
 *     driver === transmit virtualiser === client         what is printed
 *
 * Every === is a connection (queue.h) that carries a stream of bytes one way, in the direction of
 * the data; its other queue stays empty. A stream can fill its queue: its producer then waits for
 * space (queue_arm_space), and its consumer says when there is some (queue_signal_space).
 *
 * An entry is a *chunk*, one word: a count from 0 to 7 in the lowest byte, then that many bytes. So
 * the text lies in the queue itself, is copied out once with its entry, and has no buffer that
 * anybody could hold or change. A chunk without bytes is a *flush*: the transmit virtualiser shows
 * lines when they are whole, and after a flush what there is of one. */
#ifndef SDDF_SERIAL_H
#define SDDF_SERIAL_H

#include <sddf/config.h>
#include <sddf/queue.h>
#include <stdint.h>

enum {
    SERIAL_CLIENTS_MAX = 57, /* of one virtualiser; channel ids end at 61 */
    SERIAL_CHUNK_BYTES = 7,
    SERIAL_CAPACITY = 256, /* chunks of a queue, the usual */
    SERIAL_BURST = 64,     /* chunks that a component moves at once */
    SERIAL_LINE_MAX = 256, /* bytes of a line; a longer one is cut into several */
    SERIAL_NAME_MAX = 32,  /* bytes of a client's name, with the terminating zero */
};

/* A chunk, copied out of its queue. */
struct serial_chunk {
    uint32_t count; /* 0: a flush */
    uint8_t bytes[SERIAL_CHUNK_BYTES];
};

/* Room in a region for one side of a connection of the class. */
#define SERIAL_SIDE_SIZE(capacity) QUEUE_SIDE_SIZE(capacity, sizeof(uint64_t))

/* Puts a chunk of `count` bytes, at most 7, for which queue_space() has granted room. */
static inline void serial_put_chunk(struct connection *c, const uint8_t *bytes, uint32_t count)
{
    uint64_t word = count;
    for (uint32_t i = 0; i < count; i++) {
        word |= (uint64_t)bytes[i] << (8 * (i + 1));
    }
    shared_write(queue_put_slot(c, sizeof(word)), word);
}

/* Chunks that `count` bytes take. */
static inline uint32_t serial_chunks(uint32_t count)
{
    return (count + SERIAL_CHUNK_BYTES - 1) / SERIAL_CHUNK_BYTES;
}

/* Puts as many of the bytes as there is room for, without publishing. Returns how many. */
static inline uint32_t serial_put(struct connection *c, const uint8_t *bytes, uint32_t count)
{
    uint32_t done = 0;
    while (done < count && queue_space(c, 1) != 0) {
        uint32_t left = count - done;
        uint32_t part = left < SERIAL_CHUNK_BYTES ? left : SERIAL_CHUNK_BYTES;
        serial_put_chunk(c, bytes + done, part);
        done += part;
    }
    return done;
}

/* Takes the next chunk of those that queue_available() has found. False if it is none: its count is
 * above 7. */
static inline bool serial_get_chunk(struct connection *c, struct serial_chunk *chunk)
{
    uint64_t word = shared_read(queue_get_slot(c, sizeof(word)));
    chunk->count = (uint32_t)(word & 0xff);
    for (uint32_t i = 0; i < SERIAL_CHUNK_BYTES; i++) {
        chunk->bytes[i] = (uint8_t)(word >> (8 * (i + 1)));
    }
    return chunk->count <= SERIAL_CHUNK_BYTES;
}

/* ---- Configuration ---- */

struct serial_driver_config {
    struct config_header header; /* CONFIG_SERIAL_DRIVER */
    struct config_region registers;
    struct config_region rings;  /* of a device with DMA; address 0 = none */
    struct config_connection rx; /* puts what came in */
    struct config_connection tx; /* gets what shall go out */
    uint32_t irq_channel;
    uint32_t reserved;
};

struct serial_virt_rx_client {
    struct config_connection connection; /* puts what is typed to it */
    char name[SERIAL_NAME_MAX];
};

struct serial_virt_rx_config {
    struct config_header header;       /* CONFIG_SERIAL_VIRT_RX */
    struct config_connection driver;   /* gets what came in */
    struct config_connection announce; /* puts lines of its own; mine 0 = stays silent */
    uint32_t client_count;
    uint32_t escape; /* the character that begins a command */
    struct serial_virt_rx_client clients[SERIAL_CLIENTS_MAX];
};

/* SGR parameters (ECMA-48, 8.3.117): what a client's name is written in. */
enum serial_colour {
    SERIAL_PLAIN = 0,
    SERIAL_RED = 31,
    SERIAL_GREEN,
    SERIAL_YELLOW,
    SERIAL_BLUE,
    SERIAL_MAGENTA,
    SERIAL_CYAN,
};

struct serial_virt_tx_client {
    struct config_connection connection; /* gets what it prints */
    char name[SERIAL_NAME_MAX];          /* before each of its lines */
    uint32_t colour;                     /* enum serial_colour, of the name */
    uint32_t reserved;
};

struct serial_virt_tx_config {
    struct config_header header;     /* CONFIG_SERIAL_VIRT_TX */
    struct config_connection driver; /* puts what shall go out */
    uint32_t client_count;
    uint32_t reserved;
    struct serial_virt_tx_client clients[SERIAL_CLIENTS_MAX];
};

struct serial_client_config {
    struct config_header header; /* CONFIG_SERIAL_CLIENT */
    struct config_connection rx; /* gets what is typed; mine 0 = it gets no input */
    struct config_connection tx; /* puts what it prints */
};

enum { SERIAL_CONFIG_VERSION = 2 };

_Static_assert(sizeof(struct serial_driver_config) == 224, "serial_driver_config");
_Static_assert(sizeof(struct serial_virt_rx_client) == 64, "serial_virt_rx_client");
_Static_assert(sizeof(struct serial_virt_rx_config) == 176 + 64 * SERIAL_CLIENTS_MAX, "virt_rx");
_Static_assert(sizeof(struct serial_virt_tx_client) == 72, "serial_virt_tx_client");
_Static_assert(sizeof(struct serial_virt_tx_config) == 144 + 72 * SERIAL_CLIENTS_MAX, "virt_tx");
_Static_assert(sizeof(struct serial_client_config) == 168, "serial_client_config");

#endif
