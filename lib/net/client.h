/* SPDX-License-Identifier: BSD-2-Clause */
/* Client library of the network class: buffers in, buffers out. A client's event loop is
 *
 *     net_client_begin(&net);
 *     do {
 *         count = net_client_receive(&net, frames, NET_BURST);
 *         each frame: net_client_send() it, or net_client_return() it
 *         net_client_push(&net);
 *     } while (!net_client_may_wait(&net));
 *     net_client_end(&net);                    the last thing that the entry point does
 *
 * or, for one that answers each frame at once, client_answer.h's.
 *
 * With a copier (net_client_in_place()) the client has one pool of buffers for both directions: a
 * received frame may be rewritten and sent where it lies, and the library keeps the copier
 * supplied. Without, received frames are read-only and are returned; frames to send are built in
 * buffers from net_client_buffer().
 *
 * Offsets that the peers give are checked, and a buffer that the library has not given away is not
 * taken back, so that a peer's lie costs packets and nothing else. */
#pragma once

#include <base/peer.h>
#include <sddf/net.h>

struct net_client {
    uint8_t holder[NET_BUFFERS_MAX]; /* enum net_client_holder, by buffer of tx_data */
    const struct net_client_config *config;
    struct connection rx, tx;
    struct signals signals;
    struct net_buffers buffers;     /* of tx_data */
    uint32_t free_count;            /* buffers at hand */
    uint32_t at_copier;             /* buffers that wait for frames */
    uint16_t free[NET_BUFFERS_MAX]; /* stack */
    uint64_t tx_down;               /* frames not sent: the virtualiser is not there (yet) */
    uint64_t no_buffer;             /* frames not answered: all buffers are under way */
    uint64_t bad_returns;           /* offsets out of range, or of buffers not given away */
};

enum net_client_holder { NET_HELD_FREE, NET_HELD_COPIER, NET_HELD_CLIENT, NET_HELD_TX };

/* Opens both connections. NULL, or what is wrong with the configuration. */
const char *net_client_open(struct net_client *net, const struct net_client_config *config);

/* True if received frames may be rewritten and sent where they lie. */
static inline bool net_client_in_place(const struct net_client *net)
{
    return net->config->rx_buffers != 0;
}

void net_client_begin(struct net_client *net);

/* Up to `count_max` received frames, checked to lie in one buffer each. */
uint32_t net_client_receive(struct net_client *net, struct net_desc *frames, uint32_t count_max);

/* Where a received frame, or a buffer to send, lies. */
static inline const uint8_t *net_client_received(const struct net_client *net,
                                                 const struct net_desc *frame)
{
    return (const uint8_t *)(uintptr_t)(net->config->rx_data.address + frame->address);
}

static inline uint8_t *net_client_data(const struct net_client *net, const struct net_desc *buffer)
{
    return (uint8_t *)(uintptr_t)(net->config->tx_data.address + buffer->address);
}

/* A received frame that is done with. */
void net_client_return(struct net_client *net, const struct net_desc *frame);

/* A buffer to build a frame in; false if all are under way. */
bool net_client_buffer(struct net_client *net, struct net_desc *buffer);

/* A buffer that is not needed after all. */
void net_client_release(struct net_client *net, const struct net_desc *buffer);

/* Sends a frame of `frame->length` bytes that lies in a buffer of tx_data: one from
 * net_client_buffer(), or a received one with net_client_in_place(). */
void net_client_send(struct net_client *net, const struct net_desc *frame);

/* Publishes what was sent and returned. */
void net_client_push(struct net_client *net);

/* Asks for the wakes that are needed; true if there is nothing to do now. */
bool net_client_may_wait(struct net_client *net);
void net_client_end(struct net_client *net);
