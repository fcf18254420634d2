/* SPDX-License-Identifier: BSD-2-Clause */
/* Contracts of the transport's functions (sddf/queue.h), proved by `proofs/wp/run`. */
#ifndef CONTRACTS_QUEUE_H
#define CONTRACTS_QUEUE_H

#include "bits.h"

#include <sddf/queue.h>

/* 64-bit words of an entry: of the network class two, a descriptor; of the serial class one. */
#ifndef ENTRY_WORDS
#define ENTRY_WORDS 2
#endif

/* The transport's own proof opens what these two say. Components get by with their names, which
 * spares the provers most of their work. */
#ifdef PROOF_OF_TRANSPORT
/*@ logic integer distance(integer a, integer b) = (uint32_t)(a - b);
  @
  @ predicate linked{L}(struct queue_side *mine, struct queue_side *theirs, shared_u64 *put_entries,
  @                     integer put_capacity, shared_u64 *get_entries, integer get_capacity) =
  @   \valid{L}(&mine->epoch) && \valid{L}(&mine->seen) && \valid{L}(&mine->tail) &&
  @   \valid{L}(&mine->head) && \valid{L}(&mine->mark) &&
  @   \valid_read{L}(&theirs->epoch) && \valid_read{L}(&theirs->seen) &&
  @   \valid_read{L}(&theirs->tail) && \valid_read{L}(&theirs->head) &&
  @   \valid_read{L}(&theirs->mark) &&
  @   \valid{L}(put_entries + (0 .. ENTRY_WORDS * put_capacity - 1)) &&
  @   \valid_read{L}(get_entries + (0 .. ENTRY_WORDS * get_capacity - 1));
  @*/
#else
/*@ axiomatic transport {
  @   logic integer distance(integer a, integer b);
  @   predicate linked(struct queue_side *mine, struct queue_side *theirs, shared_u64 *put_entries,
  @                    integer put_capacity, shared_u64 *get_entries, integer get_capacity);
  @ }
  @*/
#endif

/*@ predicate capacity_valid(integer n) = 0 < n <= 65536;
  @
  @ // Entries of the queue to the peer that it has not released, and of the peer's that were not
  @ // taken yet.
  @ logic integer used(struct connection *c) = distance(c->tail, c->peer_head);
  @ logic integer left(struct connection *c) = distance(c->peer_tail, c->head);
  @
  @ // The state of one side between two calls.
  @ predicate sound(struct connection *c) =
  @   \valid(c) &&
  @   linked(c->mine, c->theirs, c->put_entries, c->put_capacity, c->get_entries,
  @          c->get_capacity) &&
  @   c->put_capacity == c->put_mask + 1 && capacity_valid(c->put_capacity) &&
  @   c->get_capacity == c->get_mask + 1 && capacity_valid(c->get_capacity) &&
  @   0 <= used(c) <= c->put_capacity && 0 <= left(c) <= c->get_capacity;
  @*/

/*@ // What a description maps for a connection, which connection_open() is given.
  @ predicate region_of_mine(struct queue_side *mine, integer capacity) =
  @   \valid(&mine->epoch) && \valid(&mine->seen) && \valid(&mine->tail) &&
  @   \valid(&mine->head) && \valid(&mine->mark) &&
  @   \valid(&mine->entries[0] + (0 .. ENTRY_WORDS * capacity - 1));
  @ predicate region_of_theirs(struct queue_side *theirs, integer capacity) =
  @   \valid_read(&theirs->epoch) && \valid_read(&theirs->seen) && \valid_read(&theirs->tail) &&
  @   \valid_read(&theirs->head) && \valid_read(&theirs->mark) &&
  @   \valid_read(&theirs->entries[0] + (0 .. ENTRY_WORDS * capacity - 1));
  @*/

/* ---- Producing ---- */

/*@ requires sound(c);
    assigns c->peer_head, c->violations;
    ensures sound(c);
    ensures \result <= c->put_capacity - used(c); */
static uint32_t queue_space_look(struct connection *c);

/*@ requires sound(c) && wanted != 0;
    assigns c->peer_head, c->violations;
    ensures sound(c);
    ensures \result <= c->put_capacity - used(c);
    ensures seen: \old(c->put_capacity - used(c)) >= wanted ==>
      used(c) == \old(used(c)) && \result == c->put_capacity - used(c); */
static inline uint32_t queue_space(struct connection *c, uint32_t wanted);

/*@ requires sound(c) && entry_size == 16 && count <= 65536;
    requires \valid_read((const char *)entries + (0 .. 16 * count - 1));
    assigns c->tail;
    ensures \result <= count && \result <= c->put_capacity; */
static inline uint32_t queue_put(struct connection *c, const void *entries, uint32_t count,
                                 size_t entry_size);

/*@ requires sound(c) && entry_size == 8 * ENTRY_WORDS;
    requires used(c) < c->put_capacity;
    assigns c->tail;
    ensures sound(c);
    ensures used(c) == \old(used(c)) + 1;
    ensures \valid(\result + (0 .. ENTRY_WORDS - 1)); */
static inline shared_u64 *queue_put_slot(struct connection *c, size_t entry_size);

/*@ requires sound(c);
    assigns \nothing; */
static inline void queue_publish(struct connection *c);

/*@ requires sound(c);
    assigns c->tail_checked;
    ensures sound(c); */
static inline bool queue_signal(struct connection *c);

/*@ requires sound(c);
    assigns \nothing; */
static inline bool queue_peer_waits(const struct connection *c);

/* ---- Consuming ---- */

/*@ requires sound(c);
    assigns c->peer_tail, c->violations;
    ensures sound(c);
    ensures \result == 0 && c->peer_tail == c->head; */
static uint32_t queue_doubt(struct connection *c, bool same_epoch);

/*@ requires sound(c);
    assigns c->peer_tail, c->violations;
    ensures sound(c);
    ensures \result <= c->get_capacity;
    ensures \result == 0 || \result == left(c); */
static inline uint32_t queue_available(struct connection *c);

/*@ requires sound(c) && entry_size == 16 && count <= 65536;
    requires \valid((char *)entries + (0 .. 16 * count - 1));
    assigns c->head, ((char *)entries)[0 .. 16 * count - 1];
    ensures \result <= count && \result <= c->get_capacity; */
static inline uint32_t queue_get(struct connection *c, void *entries, uint32_t count,
                                 size_t entry_size);

/*@ requires sound(c) && entry_size == 8 * ENTRY_WORDS;
    requires left(c) != 0;
    assigns c->head;
    ensures sound(c);
    ensures left(c) == \old(left(c)) - 1;
    ensures \valid_read(\result + (0 .. ENTRY_WORDS - 1)); */
static inline const shared_u64 *queue_get_slot(struct connection *c, size_t entry_size);

/*@ requires sound(c);
    assigns \nothing;
    ensures \result == left(c); */
static inline uint32_t queue_left(const struct connection *c);

/*@ requires sound(c);
    assigns \nothing; */
static inline void queue_release(struct connection *c);

/*@ requires sound(c);
    assigns \nothing; */
static inline bool queue_arm(struct connection *c, uint32_t k);

/* ---- Waiting for space ---- */

/*@ requires sound(c);
    assigns c->peer_head, c->violations;
    ensures sound(c);
    ensures !\result ==> k <= c->put_capacity - used(c); */
static inline bool queue_arm_space(struct connection *c, uint32_t k);

/*@ requires sound(c);
    assigns c->head_checked;
    ensures sound(c);
    ensures distance(c->head, c->head_checked) == 0;
    ensures \result ==> distance(c->head, \old(c->head_checked)) != 0; */
static inline bool queue_signal_space(struct connection *c);

/* ---- Opening and restart ---- */

/*@ assigns \nothing;
    ensures \result ==> capacity_valid(capacity); */
static inline bool queue_capacity_valid(uint32_t capacity);

/*@ requires \valid(c) && c->put_capacity <= 65536;
    assigns c->ready, c->peer_head;
    ensures !c->ready;
    ensures used(c) == c->put_capacity; */
static inline void queue_close(struct connection *c);

/*@ requires \valid(c) && c->put_capacity <= 65536;
    requires \valid(&c->mine->tail) && \valid(&c->mine->head) && \valid(&c->mine->mark);
    assigns c->tail, c->tail_checked, c->head, c->head_checked, c->peer_tail, c->ready, c->peer_head;
    ensures !c->ready;
    ensures used(c) == c->put_capacity && left(c) == 0; */
static inline void connection_reset(struct connection *c);

/*@ requires \valid(c) && region_of_mine(mine, put_capacity);
    requires region_of_theirs(theirs, get_capacity);
    assigns *c;
    ensures \result ==> sound(c) && !c->ready;
    ensures \result ==> c->put_capacity == put_capacity && c->get_capacity == get_capacity;
    ensures \result ==> used(c) == c->put_capacity && left(c) == 0; */
static inline bool connection_open(struct connection *c, struct queue_side *mine,
                                   const struct queue_side *theirs, uint32_t put_capacity,
                                   uint32_t get_capacity);

/*@ requires sound(c);
    assigns c->ready, c->peer_head;
    ensures sound(c);
    ensures \result == CONNECTION_READY <==> c->ready; */
static inline enum connection_state connection_poll(struct connection *c);

/*@ requires sound(c);
    assigns c->tail, c->tail_checked, c->head, c->head_checked, c->peer_tail, c->ready, c->peer_head, c->resets,
            c->peer_epoch, c->violations;
    ensures sound(c);
    ensures \result ==> used(c) == c->put_capacity && left(c) == 0; */
static inline bool connection_adopt(struct connection *c);

#endif
