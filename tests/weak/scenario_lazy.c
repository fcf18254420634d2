/* SPDX-License-Identifier: BSD-2-Clause */
/* Lazy transmit reclaim: a client sends its buffers through a virtualiser to a driver, which gives
 * them back only when somebody waits for them. The order of looks, arms and notifications is that
 * of lib/net/client.c, virt/net/tx.c and drivers/net/shell.c. Sets of buffers say who holds what.
 */
#include "scenario.h"

enum { CLIENT, VIRTUALISER, DRIVER };
enum { RECEIVE, SEND, SIGNAL, WAIT, ASLEEP, INTERRUPTED, ENDED };

#define ALL ((1U << run->capacity) - 1)

static uint32_t put(struct connection *c, uint32_t set)
{
    struct entry batch[CAPACITY_MAX];
    uint32_t count = 0;
    for (uint32_t buffer = 0; buffer < run->capacity; buffer++) {
        if ((set >> buffer & 1) != 0) {
            batch[count++] = (struct entry){.a = buffer, .b = 100 + buffer};
        }
    }
    SIM_CHECK(queue_space(c, count) >= count, "no space, though a queue holds all buffers");
    SIM_CHECK(queue_put(c, batch, count, sizeof(batch[0])) == count, "fewer put than granted");
    queue_publish(c);
    return set;
}

/* All that is there; `had` must have none of it. */
static uint32_t get(struct connection *c, uint32_t had)
{
    struct entry batch[CAPACITY_MAX];
    if (queue_available(c) == 0) {
        return 0;
    }
    uint32_t set = 0, count = queue_get(c, batch, CAPACITY_MAX, sizeof(batch[0]));
    queue_release(c);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t bit = 1U << (batch[i].a & 31);
        SIM_CHECK(batch[i].a < run->capacity && batch[i].b == 100 + batch[i].a,
                  "an entry is stale or torn");
        SIM_CHECK(((set | had) & bit) == 0, "a buffer is doubled");
        set |= bit;
    }
    return set;
}

static uint32_t lowest(uint32_t set, uint32_t count)
{
    uint32_t rest = set;
    for (uint32_t i = 0; i < count; i++) {
        rest &= rest - 1;
    }
    return set & ~rest;
}

static void start(uint32_t agent, struct party *p)
{
    if (agent == CLIENT) {
        connection_ready(&p->c[0], 0);
        p->at_home = ALL;
    } else {
        connection_ready(&p->c[0], agent == VIRTUALISER ? 1 : 3);
        if (agent == VIRTUALISER) {
            connection_ready(&p->c[1], 2);
        }
    }
}

static void client(struct party *p)
{
    struct connection *c = &p->c[0];
    switch (p->step) {
    case RECEIVE: {
        uint32_t set = get(c, p->at_home);
        p->at_home |= set;
        p->step = SEND;
        break;
    }
    case SEND:
        if (p->sent == run->entries) {
            p->step = p->at_home == ALL ? ENDED : WAIT;
        } else if (p->at_home == 0) {
            p->step = sim_choose(2) == 0 ? WAIT : ENDED;
        } else {
            uint32_t held = (uint32_t)__builtin_popcount(p->at_home);
            uint32_t left = run->entries - p->sent;
            uint32_t count = 1 + sim_choose(held < left ? held : left);
            p->at_home &= ~put(c, lowest(p->at_home, count));
            p->sent += count;
            p->step = SIGNAL;
        }
        break;
    case SIGNAL:
        if (queue_signal(c)) {
            sim_notify(VIRTUALISER);
        }
        p->step = RECEIVE;
        break;
    case WAIT: {
        uint32_t away = run->capacity - (uint32_t)__builtin_popcount(p->at_home);
        uint32_t most = run->threshold < away ? run->threshold : away;
        bool nothing = queue_arm(c, 1 + sim_choose(most));
        sim_notify(VIRTUALISER);
        p->step = nothing ? ASLEEP : RECEIVE;
        break;
    }
    case ASLEEP:
        sim_sleep();
        p->step = RECEIVE;
        break;
    default:
        sim_end();
    }
}

/* `away` are the buffers in flight, `waiting` says that the driver was asked. */
static void virtualiser(struct party *p)
{
    struct connection *up = &p->c[0], *down = &p->c[1];
    switch (p->step) {
    case RECEIVE: { /* from the driver, and back to the client */
        uint32_t set = get(down, ALL & ~p->away);
        p->waiting = set != 0 ? 0 : p->waiting;
        p->away &= ~set;
        p->unchecked = set != 0 ? put(up, set) : 0;
        p->step = SEND;
        break;
    }
    case SEND: {
        uint32_t set = get(up, p->away);
        p->away |= set;
        p->unchecked |= set != 0 ? put(down, set) : 0;
        p->step = SIGNAL;
        break;
    }
    case SIGNAL:
        if (queue_signal(up)) {
            sim_notify(CLIENT);
        }
        if (queue_signal(down)) {
            sim_notify(DRIVER);
        }
        p->step = p->unchecked != 0 ? RECEIVE : WAIT;
        break;
    case WAIT: {
        bool nothing = true;
        if (queue_peer_waits(up) && p->away != 0) {
            nothing = queue_arm(down, 1);
            if (nothing && p->waiting == 0) {
                p->waiting = 1;
                sim_notify(DRIVER);
            }
        }
        nothing &= queue_arm(up, 1);
        p->step = nothing ? ASLEEP : RECEIVE;
        break;
    }
    default:
        sim_sleep();
        p->step = RECEIVE;
    }
}

/* `away` are the buffers in the device, which may have sent any number of them when it is looked
 * at, and sends at least one before it interrupts. */
static void driver(struct party *p)
{
    struct connection *c = &p->c[0];
    uint32_t in_device = (uint32_t)__builtin_popcount(p->away);
    switch (p->step) {
    case RECEIVE:
    case INTERRUPTED: {
        uint32_t least = p->step == INTERRUPTED;
        uint32_t set = lowest(p->away, least + sim_choose(in_device + 1 - least));
        p->unchecked = set != 0 ? put(c, set) : 0;
        p->away &= ~set;
        p->step = SEND;
        break;
    }
    case SEND: {
        uint32_t set = get(c, p->away);
        p->away |= set;
        p->unchecked |= set;
        p->step = SIGNAL;
        break;
    }
    case SIGNAL:
        if (queue_signal(c)) {
            sim_notify(VIRTUALISER);
        }
        p->step = p->unchecked != 0 ? RECEIVE : WAIT;
        break;
    case WAIT: {
        bool nothing = queue_arm(c, 1);
        bool interrupt_on = queue_peer_waits(c) && in_device != 0;
        p->step = !nothing ? RECEIVE : interrupt_on ? INTERRUPTED : ASLEEP;
        break;
    }
    default:
        sim_sleep();
        p->step = RECEIVE;
    }
}

static bool arrived(const struct machine *machine)
{
    return machine->agents[CLIENT].party.step == ENDED;
}

const struct scenario lazy = {.name = "lazy reclaim",
                              .agents = 3,
                              .start = start,
                              .step = {client, virtualiser, driver},
                              .arrived = arrived};
