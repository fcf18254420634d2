/* SPDX-License-Identifier: BSD-2-Clause */
/* Contracts of the checks of buffers and offsets that the virtualisers, the copier and the client
 * library share (sddf/net.h), proved by `proofs/wp/run`. */
#include <sddf/net.h>

/*@ predicate cut(struct net_buffers *b) =
  @   \valid_read(b) && 11 <= b->shift <= 14 && b->count <= NET_BUFFERS_MAX; */

/*@ requires cut(buffers) && \valid(number) && \separated(buffers, number);
    assigns *number;
    ensures \result ==> *number < buffers->count;
    ensures \result ==> offset == *number * (1 << buffers->shift); */
static inline bool net_buffer_at(const struct net_buffers *buffers, uint64_t offset,
                                 uint32_t *number);

/*@ requires cut(buffers) && number < buffers->count;
    assigns \nothing; */
static inline uint64_t net_buffer_offset(const struct net_buffers *buffers, uint32_t number);

/*@ requires \valid(buffers);
    assigns *buffers;
    ensures \result == \null ==> buffers->count <= NET_BUFFERS_MAX;
    ensures \result == \null ==> 11 <= buffers->shift <= 14;
    ensures \result == \null ==> buffers->count * buffer_size <= region_size; */
static inline const char *net_buffers_open(struct net_buffers *buffers, uint64_t region_size,
                                           uint32_t buffer_size);

/*@ requires cut(buffers);
    assigns \nothing;
    ensures \result ==> NET_ETHERNET_HEADER <= length <= (1 << buffers->shift); */
static inline bool net_frame_fits(const struct net_buffers *buffers, uint32_t length);
