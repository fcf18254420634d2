/* SPDX-License-Identifier: BSD-2-Clause */
/* Either side of a connection may restart at any store, fence or sleep, also while it opens or
 * adopts.
 *
 * `restart`: both send `entries` entries in each incarnation, marked with the epochs of who sent
 * and for whom. `buffers`: the first owns buffers, of which it sends `entries` in all; the second
 * gives them back; who sees the other restart takes back, or forgets, what that held. */
#include "scenario.h"

enum { OWNER, HOLDER };
enum { OPEN, POLL, RECEIVE, SEND, WAIT, ASLEEP };

#define ALL ((1U << run->capacity) - 1)

static void start(uint32_t agent, struct party *p)
{
    p->at_home = agent == OWNER ? ALL : 0;
}

static uint32_t epochs_of(uint32_t from, uint32_t to)
{
    return from << 8 | to;
}

static void open_or_poll(uint32_t me, struct party *p)
{
    struct connection *c = &p->c[0];
    if (p->step == OPEN) {
        SIM_CHECK(
            connection_open(c, sim_sides[me], sim_sides[me ^ 1], run->capacity, run->capacity),
            "not opened");
        sim_notify(me ^ 1);
        p->step = POLL;
        return;
    }
    enum connection_state state = connection_poll(c);
    p->step = state == CONNECTION_READY ? RECEIVE : ASLEEP;
    p->unchecked = false; /* nothing moved yet in this round */
    SIM_CHECK(c->ready || (queue_space(c, 1) == 0 && queue_available(c) == 0),
              "a connection that is down lets something pass");
    if (state == CONNECTION_RESTARTED) {
        p->sent = p->taken = 0;
        start(me, p);
        if (connection_adopt(c)) {
            sim_notify(me ^ 1);
            p->step = POLL;
        }
    }
}

static void send(uint32_t me, struct party *p, uint32_t number)
{
    struct connection *c = &p->c[0];
    shared_u64 *slot = queue_put_slot(c, sizeof(struct entry));
    shared_write(&slot[0], epochs_of(c->epoch, c->peer_epoch));
    shared_write(&slot[1], number);
    queue_publish(c);
    p->sent++;
    p->unchecked = true;
    if (queue_signal(c)) {
        sim_notify(me ^ 1);
    }
}

/* Takes one entry, if there is one; its number. */
static uint32_t receive(uint32_t me, struct party *p, uint32_t none)
{
    struct connection *c = &p->c[0];
    if (queue_available(c) == 0) {
        return none;
    }
    const shared_u64 *slot = queue_get_slot(c, sizeof(struct entry));
    struct entry entry = {.a = shared_read(&slot[0]), .b = shared_read(&slot[1])};
    queue_release(c);
    sim_notify(me ^ 1);
    SIM_CHECK(entry.a == epochs_of(c->peer_epoch, c->epoch),
              "an entry of another incarnation is consumed");
    p->taken++;
    p->unchecked = true;
    return (uint32_t)entry.b;
}

static void wait(struct party *p)
{
    if (p->step == WAIT) {
        /* Polled only when woken, as components do: once per activation. */
        p->step = p->unchecked || !queue_arm(&p->c[0], 1) ? RECEIVE : ASLEEP;
        p->unchecked = false;
    } else {
        sim_sleep();
        p->step = POLL;
    }
}

static uint32_t entries_from(uint32_t agent)
{
    return agent == 1 && run->one_way ? 0 : run->entries;
}

static void both_send(uint32_t me, struct party *p)
{
    switch (p->step) {
    case OPEN:
    case POLL:
        open_or_poll(me, p);
        break;
    case RECEIVE: {
        uint32_t expected = p->taken;
        uint32_t number = receive(me, p, UINT32_MAX);
        SIM_CHECK(number == UINT32_MAX || number == expected, "an entry is lost, doubled or late");
        p->step = SEND;
        break;
    }
    case SEND:
        if (p->sent < entries_from(me) && queue_space(&p->c[0], 1) != 0) {
            send(me, p, p->sent);
        }
        p->step = WAIT;
        break;
    default:
        wait(p);
    }
}

static void own_or_hold(uint32_t me, struct party *p)
{
    switch (p->step) {
    case OPEN:
    case POLL:
        open_or_poll(me, p);
        break;
    case RECEIVE: {
        uint32_t buffer = receive(me, p, CAPACITY_MAX);
        SIM_CHECK((p->at_home >> buffer & 1) == 0, "a buffer is doubled");
        p->at_home |= (1U << buffer) & ALL;
        p->step = SEND;
        break;
    }
    case SEND:
        if (p->at_home != 0 && (me == HOLDER || p->sent < run->entries) &&
            queue_space(&p->c[0], 1) != 0) {
            uint32_t buffer = (uint32_t)__builtin_ctz(p->at_home);
            p->at_home &= p->at_home - 1;
            send(me, p, buffer);
        }
        p->step = WAIT;
        break;
    default:
        wait(p);
    }
}

static void both_0(struct party *p)
{
    both_send(0, p);
}

static void both_1(struct party *p)
{
    both_send(1, p);
}

static void owner(struct party *p)
{
    own_or_hold(OWNER, p);
}

static void holder(struct party *p)
{
    own_or_hold(HOLDER, p);
}

static bool both_arrived(const struct machine *machine)
{
    const struct party *a = &machine->agents[0].party, *b = &machine->agents[1].party;
    return a->sent == entries_from(0) && b->taken == a->sent && b->sent == entries_from(1) &&
           a->taken == b->sent;
}

static bool all_at_home(const struct machine *machine)
{
    return machine->agents[OWNER].party.sent == run->entries &&
           machine->agents[OWNER].party.at_home == ALL &&
           machine->agents[HOLDER].party.at_home == 0;
}

const struct scenario restart = {.name = "restart",
                                 .opens = true,
                                 .agents = 2,
                                 .start = start,
                                 .step = {both_0, both_1},
                                 .arrived = both_arrived};

const struct scenario buffers = {.name = "restart with buffers",
                                 .opens = true,
                                 .agents = 2,
                                 .start = start,
                                 .step = {owner, holder},
                                 .arrived = all_at_home};
