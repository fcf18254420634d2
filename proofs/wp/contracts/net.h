/* SPDX-License-Identifier: BSD-2-Clause */
/* Contracts of what the virtualisers, the copier and the client library share: descriptors and the
 * checks of buffers and offsets (sddf/net.h). Proved by `proofs/wp/run`. */
#ifndef CONTRACTS_NET_H
#define CONTRACTS_NET_H

#include "queue.h"

#include <sddf/net.h>

/* ---- Descriptors ---- */

/*@ requires sound(c) && used(c) < c->put_capacity;
    assigns c->tail;
    ensures sound(c) && used(c) == \old(used(c)) + 1; */
static inline void net_put_one(struct connection *c, struct net_desc buffer);

/*@ requires sound(c) && left(c) != 0;
    assigns c->head;
    ensures sound(c) && left(c) == \old(left(c)) - 1; */
static inline struct net_desc net_get_one(struct connection *c);

/*@ requires sound(c);
    assigns c->peer_tail, c->violations;
    ensures sound(c);
    ensures \result <= NET_BURST && \result <= left(c); */
static inline uint32_t net_available(struct connection *c);

/* ---- Buffers ---- */

/*@ // A data region cut into buffers: bytes of one, of all, and where one starts: 2^shift, and twice
  @ // a product with it. Products are left to bits.smt2; provers of integers lose their way in them.
  @ axiomatic sizes {
  @   logic integer bytes_of(integer shift);
  @   logic integer bytes_of_all(integer shift, integer count);
  @   logic integer start_of(integer shift, integer number);
  @   axiom bytes_range: \forall integer s; 11 <= s <= 14 ==> 2048 <= bytes_of(s) <= 16384;
  @ }
  @*/
#ifdef PROOF_OF_TRANSPORT
/*@ axiomatic powers {
  @   axiom bytes_power: \forall integer s; 11 <= s <= 14 ==> bytes_of(s) == 1 << s;
  @ }
  @*/
#endif
/*@ logic integer bytes(struct net_buffers *b) = bytes_of(b->shift);
  @ logic integer bytes_all(struct net_buffers *b) = bytes_of_all(b->shift, b->count);
  @ logic integer start(struct net_buffers *b, integer number) = start_of(b->shift, number);
  @ predicate cut(struct net_buffers *b) =
  @   \valid_read(b) && 11 <= b->shift <= 14 && b->count <= NET_BUFFERS_MAX;
  @*/

/*@ requires cut(buffers) && \valid(number) && \separated(buffers, number);
    assigns *number;
    ensures at: \result ==> *number < buffers->count;
    ensures at: \result ==> offset == start(buffers, *number);
    ensures end: \result ==> offset + bytes(buffers) <= bytes_all(buffers); */
static inline bool net_buffer_at(const struct net_buffers *buffers, uint64_t offset,
                                 uint32_t *number);

/*@ requires cut(buffers) && number < buffers->count;
    assigns \nothing;
    ensures start: \result == start(buffers, number);
    ensures end: \result + bytes(buffers) <= bytes_all(buffers); */
static inline uint64_t net_buffer_offset(const struct net_buffers *buffers, uint32_t number);

/*@ requires \valid(buffers);
    assigns *buffers;
    ensures \result == \null ==> cut(buffers);
    ensures \result == \null ==> bytes(buffers) == buffer_size;
    ensures \result == \null ==> bytes_all(buffers) <= region_size; */
static inline const char *net_buffers_open(struct net_buffers *buffers, uint64_t region_size,
                                           uint32_t buffer_size);

/*@ requires cut(buffers);
    assigns \nothing;
    ensures \result ==> NET_ETHERNET_HEADER <= length <= bytes(buffers); */
static inline bool net_frame_fits(const struct net_buffers *buffers, uint32_t length);

/* ---- Frames: read where a region is mapped, and nowhere else ---- */

/*@ requires readable((uint64_t)frame, 8);
    assigns \nothing;
    ensures \result <= NET_MAC_MASK; */
static inline uint64_t net_frame_destination(const shared_u64 *frame);

/*@ requires readable((uint64_t)frame, 16);
    assigns \nothing; */
static inline uint64_t net_frame_source(const shared_u64 *frame);

#endif
