/* SPDX-License-Identifier: BSD-2-Clause */
/* Signals of one activation: all but the last are sent at once, the last is combined with the wait
 * that follows (one kernel entry less on seL4); signal_end() is the last thing that an entry point
 * does. Microkit keeps one deferred call per *wait* and may deliver several channels in one wake: a
 * second deferred call would replace the first, so it is sent at once instead. A driver may be
 * passive, and after the init() of a passive PD Microkit puts a signal of its own in that one
 * place: what init() deferred would be lost, so a driver's sends all at once. */
#ifndef BASE_SIGNAL_H
#define BASE_SIGNAL_H

#include <microkit.h>
#include <stdbool.h>
#include <stdint.h>

struct signals {
    bool pending;
    uint32_t channel; /* the newest, not sent yet */
    uint64_t sent;    /* for statistics */
};

/* Sends the one that is pending. Before another round of work: peers on other cores shall not wait
 * for the end of a flood. */
static __attribute__((noinline, unused)) void signal_now(struct signals *signals)
{
    if (signals->pending) {
        microkit_notify(signals->channel);
        signals->pending = false;
    }
}

static inline void signal_peer(struct signals *signals, uint32_t channel)
{
    if (signals->pending && signals->channel != channel) {
        signal_now(signals);
    }
    signals->sent += !signals->pending;
    signals->pending = true;
    signals->channel = channel;
}

/* Takes the pending one back, for whoever it is for to learn of it otherwise. False if there is
 * none. */
static inline bool signal_withdraw(struct signals *signals)
{
    bool pending = signals->pending;
    signals->pending = false;
    signals->sent -= pending;
    return pending;
}

static inline void signal_end(struct signals *signals)
{
    if (!signals->pending) {
        return;
    }
    if (microkit_have_signal) {
        microkit_notify(signals->channel);
    } else {
        microkit_deferred_notify(signals->channel);
    }
    signals->pending = false;
}

#endif
