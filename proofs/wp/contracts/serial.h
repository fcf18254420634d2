/* SPDX-License-Identifier: BSD-2-Clause */
/* Contracts of the serial class's chunks (sddf/serial.h). Proved by `proofs/wp/run`. */
#ifndef CONTRACTS_SERIAL_H
#define CONTRACTS_SERIAL_H

#define ENTRY_WORDS 1
#include "queue.h"

#include <sddf/serial.h>

/*@ requires sound(c) && used(c) < c->put_capacity && count <= SERIAL_CHUNK_BYTES;
    requires \valid_read(bytes + (0 .. count - 1));
    assigns c->tail;
    ensures sound(c) && used(c) == \old(used(c)) + 1; */
static inline void serial_put_chunk(struct connection *c, const uint8_t *bytes, uint32_t count);

/*@ requires count <= UINT32_MAX - SERIAL_CHUNK_BYTES;
    assigns \nothing;
    ensures \result * SERIAL_CHUNK_BYTES >= count;
    ensures \result * SERIAL_CHUNK_BYTES < count + SERIAL_CHUNK_BYTES; */
static inline uint32_t serial_chunks(uint32_t count);

/*@ requires sound(c) && \valid_read(bytes + (0 .. count - 1));
    requires count <= UINT32_MAX - SERIAL_CHUNK_BYTES;
    assigns c->tail, c->peer_head, c->violations;
    ensures sound(c);
    ensures \result <= count;
    ensures whole: \forall integer n; count <= n * SERIAL_CHUNK_BYTES < count + SERIAL_CHUNK_BYTES &&
      n <= \old(c->put_capacity - used(c)) ==>
      \result == count && used(c) == \old(used(c)) + n; */
static inline uint32_t serial_put(struct connection *c, const uint8_t *bytes, uint32_t count);

/*@ requires sound(c) && left(c) != 0 && \valid(chunk) && \separated(c, chunk);
    assigns c->head, *chunk;
    ensures sound(c) && left(c) == \old(left(c)) - 1;
    ensures \result ==> chunk->count <= SERIAL_CHUNK_BYTES; */
static inline bool serial_get_chunk(struct connection *c, struct serial_chunk *chunk);

#endif
