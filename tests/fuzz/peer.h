/* SPDX-License-Identifier: BSD-2-Clause */
/* The other ends of a component's connections. An honest peer uses queue.h; a hostile one does so,
 * too, and between that writes any of its words. */
#ifndef FUZZ_PEER_H
#define FUZZ_PEER_H

#include "harness.h"

struct fuzz_peer {
    struct connection c;
    struct queue_side *mine; /* what the peer can write */
    struct queue_side *component;
    uint32_t capacity;
    uint32_t scanned;      /* of what the component has offered, by peer_offered() */
    uint32_t watched_seen; /* what the component had adopted before the entry; see peer_watch() */
    bool paced;            /* trusted not to flood: see peer_move() */
    uint32_t entries;      /* of the component since the peer opened: 2 and it is ready */
};

/* What a descriptor of a peer may name: buffers from `base`, of which `count` exist. */
struct fuzz_buffers {
    uint64_t base;
    uint32_t count;
};

/* Once, at the first input. */
void peer_make(struct fuzz_peer *peer, struct config_connection *config, uint32_t capacity,
               uint32_t channel);
void peer_open(struct fuzz_peer *peer);
void peer_poll(struct fuzz_peer *peer);
/* Opens, and lets component and peer adopt each other. */
void peer_start(struct fuzz_peer *peer);
/* The component was entered: looks whether it is there, and counts. */
void peer_entered(struct fuzz_peer *peer);
/* True if both sides are open and have seen one another. */
bool peer_settled(const struct fuzz_peer *peer);

bool peer_put(struct fuzz_peer *peer, struct net_desc buffer);
bool peer_take(struct fuzz_peer *peer, struct net_desc *buffer);
/* Takes all that is there, as an honest peer whose entries peer_offered() has looked at. */
void peer_drain(struct fuzz_peer *peer);
/* Before an entry, and before anything looks whether the component is there: lets the next
 * peer_offered() know whether the component adopted the peer, and so began anew. */
void peer_watch(struct fuzz_peer *peer);
/* The next entry that the component has offered since the last call, whatever the peer thinks. The
 * first call is between peer_watch() and an entry, and any other use of the peer. */
bool peer_offered(struct fuzz_peer *peer, struct net_desc *buffer);

/* A descriptor from the input: a buffer that exists, a neighbour of one, or anything. */
struct net_desc peer_desc(const struct fuzz_buffers *buffers);
/* One move of a hostile peer, by the input; honest moves are among them. */
void peer_move(struct fuzz_peer *peer, const struct fuzz_buffers *buffers);

#endif
