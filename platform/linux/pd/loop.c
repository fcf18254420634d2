/* SPDX-License-Identifier: BSD-2-Clause */
/* The event loop of a PD, as libmicrokit's: init(), all interrupts acknowledged, then for ever: the
 * deferred call, the reply, wait, deliver. Runs on the PD's stack in the sandbox. What the lines
 * hold was written by other PDs: a word that changed is a notification, a message is copied before
 * it is looked at, and all else is private. */
#include "pd.h"
#include <string.h>

/* Which channels were notified and which interrupts fired since the last look. */
static uint64_t take_notifications(void)
{
    uint64_t ids = 0;
    struct pd_listened *end = pd.listened + pd.listened_count;
    for (struct pd_listened *channel = pd.listened; channel != end; channel++) {
        uint32_t now = atomic_load_explicit(channel->word, memory_order_acquire);
        if (now != channel->seen) {
            channel->seen = now;
            ids |= UINT64_C(1) << channel->id;
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
    if (pd.protected_ == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < pd.peer_count; i++) {
        size_t turn = pd.peer_next + i;
        turn -= turn < pd.peer_count ? 0 : pd.peer_count;
        unsigned index = pd.peer_list[turn];
        struct pd_peer *peer = &pd.peers[index];
        uint32_t now = atomic_load_explicit(&peer->in->call.count, memory_order_acquire);
        if (now == peer->calls_seen) {
            continue;
        }
        uint32_t id = *(volatile const uint32_t *)&peer->in->call.channel;
        if (id >= PD_CHANNELS || !pd.channels[id].used || pd.channels[id].peer != index ||
            (pd.channels[id].may & PD_PEER_MAY_CALL) == 0) {
            peer->calls_seen = now;
            continue; /* a call that the system does not allow: its caller waits for ever */
        }
        *info = take_message(&peer->in->call);
        atomic_thread_fence(memory_order_acquire); /* pairs with that in microkit_ppcall() */
        if (atomic_load_explicit(&peer->in->call.begun, memory_order_relaxed) != now) {
            continue; /* withdrawn: what was copied may be of two calls */
        }
        peer->calls_seen = now;
        *ch = id;
        pd.peer_next = turn + 1 < pd.peer_count ? turn + 1 : 0;
        atomic_store_explicit(&pd.state->serving, index + 1, memory_order_relaxed);
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
    atomic_store_explicit(&pd.state->serving, 0, memory_order_relaxed);
    pd_wake(caller);
}

static bool is_withdrawn(const struct pd_peer *peer)
{
    return atomic_load_explicit(&peer->out->call.begun, memory_order_relaxed) != peer->calls_made;
}

bool pd_wait_reply(struct pd_peer *peer)
{
    bool armed = false;
    while (!is_withdrawn(peer) &&
           atomic_load_explicit(&peer->in->reply.count, memory_order_acquire) != peer->calls_made) {
        if (armed) {
            pd_sleep();
        }
        (void)pd_sleep_arm();
        armed = true;
    }
    if (armed) {
        pd_sleep_disarm();
    }
    return !is_withdrawn(peer);
}

/* What a wait ends with: notifications or, when there are none, one call or one child's fault. */
struct event {
    uint64_t ids;
    struct pd_peer *caller;
    microkit_channel ch;
    microkit_msginfo info;
    bool is_fault;
    struct pd_child_fault fault;
};

/* Calls and faults come in turn, so that neither keeps the other waiting for ever. */
static bool take_event(struct event *event)
{
    event->caller = NULL;
    event->is_fault = false;
    event->ids = take_notifications();
    if (event->ids != 0) {
        return true;
    }
    pd.fault_first = !pd.fault_first;
    event->is_fault = pd.fault_first && pd_take_fault(&event->fault);
    if (!event->is_fault) {
        event->caller = take_call(&event->ch, &event->info);
    }
    if (!event->is_fault && event->caller == NULL) {
        event->is_fault = pd_take_fault(&event->fault);
    }
    return event->is_fault || event->caller != NULL;
}

static void wait_event(struct event *event)
{
    if (take_event(event)) {
        return;
    }
    pd_log_flush();
    bool look = pd_sleep_arm();
    while (!look || !take_event(event)) {
        pd_sleep();
        look = true;
        (void)pd_sleep_arm();
    }
    pd_sleep_disarm();
}

static void acknowledge_all(void)
{
    for (uint64_t rest = pd.irq_ids; rest != 0; rest &= rest - 1) {
        microkit_irq_ack((unsigned)__builtin_ctzll(rest));
    }
}

/* Also where a restarted PD begins: nothing below relies on what was before, and as on seL4 a
 * deferred call that was waiting still waits. */
void pd_run(void)
{
    struct event event = {0};
    microkit_msginfo answer = {{0}}; /* as libmicrokit's: what fault() leaves alone stays */
    bool answers = false;
    pd_sleep_disarm();
    atomic_store_explicit(&pd.state->serving, 0, memory_order_relaxed);
    pd.init();
    if ((pd.options & PD_OPTION_PASSIVE) != 0) {
        pd_deferred_lose();
    }
    acknowledge_all();
    for (;;) {
        pd_deferred_send();
        if (event.caller != NULL) {
            reply(event.caller, answer);
        } else if (answers) {
            pd_reply_to_fault(&event.fault, answer);
        }
        answers = false;
        wait_event(&event);
        if (event.caller != NULL) {
            answer = pd.protected_(event.ch, event.info);
        } else if (event.is_fault) {
            answers = pd_deliver_fault(&event.fault, &answer);
        }
        for (; event.ids != 0; event.ids &= event.ids - 1) {
            pd.notified((unsigned)__builtin_ctzll(event.ids));
        }
    }
}

void linux_run(void)
{
    pd_run();
}
