/* SPDX-License-Identifier: BSD-2-Clause */
/* What ping, pong and writer share: the entry that goes to and fro on one connection of the
 * framework's queue, and what is right in it. One round is an entry from the initiator and pong's
 * answer to it. */
#ifndef PING_PONG_H
#define PING_PONG_H

#include <base/peer.h>
#include <base/signal.h>
#include <sddf/log.h>
#include <sddf/queue.h>
#include <sddf/stats.h>

enum { CAPACITY = 64 }; /* entries, both ways */

struct ball {
    uint64_t number; /* of the round, from 0 */
    uint64_t value;  /* a function of it: ball_value() on the way there, ~ball_value() back */
};

/* No two numbers share a value: an odd factor, and an exclusive-or with higher bits. */
static inline uint64_t ball_value(uint64_t number)
{
    uint64_t value = (number + 1) * 0x9e3779b97f4a7c15U;
    return value ^ (value >> 31);
}

/* Takes one entry if there is one. */
static inline bool ball_take(struct connection *link, struct ball *ball)
{
    if (queue_available(link) == 0) {
        return false;
    }
    queue_get(link, ball, 1, sizeof(*ball));
    queue_release(link);
    return true;
}

/* Sends one entry, for which the caller has found space. */
static inline void ball_send(struct connection *link, const struct ball *ball,
                             struct signals *signals, uint32_t channel)
{
    queue_put(link, ball, 1, sizeof(*ball));
    queue_publish(link);
    if (queue_signal(link)) {
        signal_peer(signals, channel);
    }
}

#endif
