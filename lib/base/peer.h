/* SPDX-License-Identifier: BSD-2-Clause */
/* What every component does when the peer at the other end of a connection (re)opened. */
#ifndef BASE_PEER_H
#define BASE_PEER_H

#include <base/signal.h>
#include <sddf/queue.h>

/* Adopts a peer for which connection_poll() said CONNECTION_RESTARTED, after its buffers were taken
 * back. It is told, and looked at once more, since it may have adopted us already and spent its
 * notification. */
static __attribute__((cold, noinline, unused)) void
peer_adopt(struct connection *c, struct signals *signals, uint32_t channel)
{
    if (connection_adopt(c)) {
        signal_peer(signals, channel);
        connection_poll(c);
    }
}

/* The whole of it where a peer holds nothing that must be taken back. */
static inline void peer_check(struct connection *c, struct signals *signals, uint32_t channel)
{
    if (connection_poll(c) == CONNECTION_RESTARTED) {
        peer_adopt(c, signals, channel);
    }
}

#endif
