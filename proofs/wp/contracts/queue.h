/* SPDX-License-Identifier: BSD-2-Clause */
/* Contracts of the transport's functions (sddf/queue.h), proved by `proofs/wp/run`. */
#include <sddf/queue.h>

/*@ // Of words of 32 bits, proved by bits.smt2: provers of integers do not know them.
  @ axiomatic words {
  @   axiom mask: \forall integer x, m; 0 <= x && 0 <= m ==> 0 <= (x & m) <= m;
  @ }
  @*/

/*@ predicate capacity_valid(integer n) = 0 < n <= 65536;
  @
  @ // The state of one side between two calls. Entries are of 16 bytes: two words.
  @ predicate sound(struct connection *c) =
  @   \valid(c) &&
  @   \valid(&c->mine->epoch) && \valid(&c->mine->seen) && \valid(&c->mine->tail) &&
  @   \valid(&c->mine->head) && \valid(&c->mine->mark) &&
  @   \valid_read(&c->theirs->epoch) && \valid_read(&c->theirs->seen) &&
  @   \valid_read(&c->theirs->tail) && \valid_read(&c->theirs->head) &&
  @   \valid_read(&c->theirs->mark) &&
  @   c->put_capacity == c->put_mask + 1 && capacity_valid(c->put_capacity) &&
  @   c->get_capacity == c->get_mask + 1 && capacity_valid(c->get_capacity) &&
  @   \valid(c->put_entries + (0 .. 2 * c->put_capacity - 1)) &&
  @   \valid_read(c->get_entries + (0 .. 2 * c->get_capacity - 1)) &&
  @   (uint32_t)(c->tail - c->peer_head) <= c->put_capacity &&
  @   (uint32_t)(c->peer_tail - c->head) <= c->get_capacity;
  @*/

/* ---- Producing ---- */

/*@ requires sound(c);
    assigns c->peer_head, c->violations;
    ensures sound(c);
    ensures \result <= c->put_capacity; */
static uint32_t queue_space_look(struct connection *c);

/*@ requires sound(c) && wanted != 0;
    assigns c->peer_head, c->violations;
    ensures sound(c);
    ensures \result <= c->put_capacity; */
static inline uint32_t queue_space(struct connection *c, uint32_t wanted);

/*@ requires sound(c) && entry_size == 16 && count <= 65536;
    requires \valid_read((const char *)entries + (0 .. 16 * count - 1));
    assigns c->tail, c->put_entries[0 .. 2 * c->put_capacity - 1];
    ensures \result <= count && \result <= c->put_capacity; */
static inline uint32_t queue_put(struct connection *c, const void *entries, uint32_t count,
                                 size_t entry_size);

/*@ requires sound(c) && entry_size == 16;
    requires (uint32_t)(c->tail - c->peer_head) < c->put_capacity;
    assigns c->tail;
    ensures sound(c);
    ensures \valid(\result + (0 .. 1)); */
static inline shared_u64 *queue_put_slot(struct connection *c, size_t entry_size);

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
    ensures \result == 0 || \result == (uint32_t)(c->peer_tail - c->head); */
static inline uint32_t queue_available(struct connection *c);

/*@ requires sound(c) && entry_size == 16 && count <= 65536;
    requires \valid((char *)entries + (0 .. 16 * count - 1));
    assigns c->head, ((char *)entries)[0 .. 16 * count - 1];
    ensures \result <= count && \result <= c->get_capacity; */
static inline uint32_t queue_get(struct connection *c, void *entries, uint32_t count,
                                 size_t entry_size);

/*@ requires sound(c) && entry_size == 16;
    requires c->peer_tail != c->head;
    assigns c->head;
    ensures sound(c);
    ensures \valid_read(\result + (0 .. 1)); */
static inline const shared_u64 *queue_get_slot(struct connection *c, size_t entry_size);

/* ---- Restart ---- */

/*@ requires \valid(c) && c->put_capacity <= 65536;
    assigns c->ready, c->peer_head;
    ensures !c->ready;
    ensures (uint32_t)(c->tail - c->peer_head) == c->put_capacity; */
static inline void queue_close(struct connection *c);

/*@ requires sound(c);
    assigns c->ready, c->peer_head;
    ensures sound(c);
    ensures \result == CONNECTION_READY <==> c->ready; */
static inline enum connection_state connection_poll(struct connection *c);
