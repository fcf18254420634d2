/* SPDX-License-Identifier: BSD-2-Clause */
/* The event loop of a PD, as libmicrokit's: init(), all interrupts acknowledged, then for ever: the
 * reply or the deferred call, wait, deliver. Runs on the PD's stack in the sandbox. What the lines
 * hold was written by other PDs: a word that changed is a notification, a message is copied before
 * it is looked at, and all else is private. */
#include "pd.h"
#include <string.h>
#include <unistd.h>

void pd_wake(const struct pd_peer *peer)
{
    /* Pairs with the fence in sleep_armed(): either this sees `sleeping`, or the peer sees the word
     * stored before. */
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load_explicit(&peer->state->sleeping, memory_order_relaxed) != 0) {
        ssize_t written = write(peer->wake, "", 1); /* a full pipe wakes as well */
        (void)written;
    }
}

static void sleep_arm(void)
{
    atomic_store_explicit(&pd.state->sleeping, 1, memory_order_relaxed);
    (void)link_sleep();
    atomic_thread_fence(memory_order_seq_cst);
}

static void sleep_disarm(void)
{
    atomic_store_explicit(&pd.state->sleeping, 0, memory_order_relaxed);
    link_awake();
}

/* Sleeps until somebody writes to the wake pipe, and empties it; what it holds means nothing. The
 * read end waits; the write ends, in other hands, never do. */
static void sleep_armed(void)
{
    uint8_t drained[PD_WAKE_DRAIN];
    if (read(pd.wake_fd, drained, sizeof(drained)) == 0) {
        pd_exit(PD_EXIT_START); /* no write end is left: the runner is gone */
    }
}

/* Which channels were notified and which interrupts fired since the last look. */
static uint64_t take_notifications(void)
{
    uint64_t ids = 0;
    for (size_t i = 0; i < pd.listen_count; i++) {
        unsigned id = pd.listen[i];
        struct pd_channel *channel = &pd.channels[id];
        uint32_t now =
            atomic_load_explicit(&pd.peers[channel->peer].in->notified[id], memory_order_acquire);
        if (now != channel->seen) {
            channel->seen = now;
            ids |= UINT64_C(1) << id;
        }
    }
    for (uint64_t rest = pd.irq_ids; rest != 0; rest &= rest - 1) {
        unsigned id = (unsigned)__builtin_ctzll(rest);
        if (pd.irqs[id] != NULL && link_irq_take(pd.irqs[id])) {
            ids |= UINT64_C(1) << id;
        }
    }
    return ids;
}

/* Copies a message once and bounds its length; only the copy is used. */
static microkit_msginfo take_message(const struct pd_message *message)
{
    microkit_msginfo info = {{*(volatile const uint64_t *)&message->info}};
    seL4_Word count = microkit_msginfo_get_count(info);
    count = count <= PD_MESSAGE_WORDS ? count : PD_MESSAGE_WORDS;
    for (seL4_Word i = 0; i < count; i++) {
        pd.message[i] = *(volatile const uint64_t *)&message->words[i];
    }
    return microkit_msginfo_new(microkit_msginfo_get_label(info), (uint16_t)count);
}

/* The next caller in turn, or NULL; its message then stands in the message registers. */
static struct pd_peer *take_call(microkit_channel *ch, microkit_msginfo *info)
{
    for (size_t i = 0; i < pd.peer_count; i++) {
        size_t turn = (pd.peer_next + i) % pd.peer_count;
        unsigned index = pd.peer_list[turn];
        struct pd_peer *peer = &pd.peers[index];
        uint32_t now = atomic_load_explicit(&peer->in->call.count, memory_order_acquire);
        if (now == peer->calls_seen) {
            continue;
        }
        peer->calls_seen = now;
        uint32_t id = *(volatile const uint32_t *)&peer->in->call.channel;
        if (id >= PD_CHANNELS || !pd.channels[id].used || pd.channels[id].peer != index ||
            (pd.channels[id].may & PD_PEER_MAY_CALL) == 0 || pd.protected_ == NULL) {
            continue; /* a call that the system does not allow: its caller waits for ever */
        }
        *info = take_message(&peer->in->call);
        *ch = id;
        pd.peer_next = turn + 1;
        return peer;
    }
    return NULL;
}

static void reply(struct pd_peer *caller, microkit_msginfo info)
{
    struct pd_message *message = &caller->out->reply;
    seL4_Word count = microkit_msginfo_get_count(info);
    count = count <= PD_MESSAGE_WORDS ? count : PD_MESSAGE_WORDS;
    memcpy(message->words, pd.message, count * sizeof(uint64_t));
    message->info =
        microkit_msginfo_new(microkit_msginfo_get_label(info), (uint16_t)count).words[0];
    /* The reply carries the number of the call that it answers. */
    atomic_store_explicit(&message->count, caller->calls_seen, memory_order_release);
    pd_wake(caller);
}

void pd_wait_reply(struct pd_peer *peer)
{
    bool armed = false;
    while (atomic_load_explicit(&peer->in->reply.count, memory_order_acquire) != peer->calls_made) {
        if (armed) {
            sleep_armed();
        }
        sleep_arm();
        armed = true;
    }
    if (armed) {
        sleep_disarm();
    }
}

/* Waits for notifications or, when there are none, one call. */
static uint64_t wait_event(struct pd_peer **caller, microkit_channel *ch, microkit_msginfo *info)
{
    bool armed = false;
    uint64_t ids;
    *caller = NULL;
    for (;;) {
        ids = take_notifications();
        if (ids != 0) {
            break;
        }
        *caller = take_call(ch, info);
        if (*caller != NULL) {
            break;
        }
        if (armed) {
            sleep_armed();
        } else {
            pd_log_flush();
        }
        sleep_arm();
        armed = true;
    }
    if (armed) {
        sleep_disarm();
    }
    return ids;
}

static void acknowledge_all(void)
{
    for (uint64_t rest = pd.irq_ids; rest != 0; rest &= rest - 1) {
        microkit_irq_ack((unsigned)__builtin_ctzll(rest));
    }
}

void pd_run(void)
{
    struct pd_peer *caller = NULL;
    microkit_msginfo info = {{0}};
    microkit_channel ch = 0;
    pd.init();
    acknowledge_all();
    for (;;) {
        if (caller != NULL) {
            reply(caller, info); /* a deferred call waits for the next wait without reply */
        } else {
            pd_deferred_send();
        }
        uint64_t ids = wait_event(&caller, &ch, &info);
        if (caller != NULL) {
            info = pd.protected_(ch, info);
        }
        for (; ids != 0; ids &= ids - 1) {
            pd.notified((unsigned)__builtin_ctzll(ids));
        }
    }
}
