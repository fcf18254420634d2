/* SPDX-License-Identifier: BSD-2-Clause */
/* A producer sends `entries` entries in batches of any size, checks the mark after one or several
 * publishes, and may end at any time if no more are owed. A consumer takes any number at a time,
 * arms for one or more, and sleeps. Who gives back slots notifies always, or, with `room`, if the
 * producer asked to be woken when one or more are free. */
#include "scenario.h"

enum { PRODUCER, CONSUMER };
enum { PRODUCE, SIGNAL, WAIT, STOPPED, ARM_SPACE };
enum { TAKE, ARM, SLEEP_ARMED, SIGNAL_SPACE };

static struct entry entry_of(uint32_t number)
{
    return (struct entry){.a = 100 + number, .b = 200 + number};
}

static void start(uint32_t agent, struct party *p)
{
    connection_ready(&p->c[0], agent == PRODUCER ? 0 : 1);
}

static void produce(struct party *p)
{
    struct connection *c = &p->c[0];
    struct entry batch[CAPACITY_MAX];
    uint32_t left = run->entries - p->sent;
    uint32_t space = queue_space(c, left);
    SIM_CHECK(space <= run->capacity, "more space than the queue has");
    uint32_t most = left < space ? left : space;
    if (most == 0) {
        p->short_of_space = left != 0;
        p->step = SIGNAL;
        return;
    }
    uint32_t count = 1 + sim_choose(most);
    for (uint32_t i = 0; i < count; i++) {
        batch[i] = entry_of(p->sent + i);
    }
    SIM_CHECK(queue_put(c, batch, count, sizeof(batch[0])) == count, "fewer put than granted");
    queue_publish(c);
    p->sent += count;
    p->unchecked++;
    bool check = p->unchecked == run->publishes || sim_choose(2) == 0;
    p->step = check ? SIGNAL : PRODUCE;
}

static void signal(struct party *p)
{
    if (queue_signal(&p->c[0])) {
        sim_notify(CONSUMER);
    }
    p->unchecked = 0;
    bool owed = p->sent < run->entries && run->threshold > 1;
    if (p->sent == run->entries || (!owed && !p->short_of_space && sim_choose(2) == 0)) {
        p->step = STOPPED;
    } else {
        uint32_t wait = run->room != 0 ? ARM_SPACE : WAIT;
        p->step = p->short_of_space ? wait : PRODUCE;
    }
    p->short_of_space = false;
}

static void producer(struct party *p)
{
    switch (p->step) {
    case PRODUCE:
        produce(p);
        break;
    case SIGNAL:
        signal(p);
        break;
    case ARM_SPACE:
        p->step = queue_arm_space(&p->c[0], 1 + sim_choose(run->room)) ? WAIT : PRODUCE;
        break;
    case WAIT:
        sim_sleep();
        p->step = PRODUCE;
        break;
    default:
        sim_end();
    }
}

/* The most that may be asked for: what the producer still owes without condition. */
static uint32_t threshold_max(const struct party *p)
{
    uint32_t owed = run->entries - p->taken;
    uint32_t most = run->threshold < owed ? run->threshold : owed;
    return most == 0 ? 1 : most;
}

static void take(struct party *p)
{
    struct connection *c = &p->c[0];
    struct entry batch[CAPACITY_MAX];
    uint32_t there = queue_available(c);
    SIM_CHECK(there <= run->capacity, "more entries than the queue has");
    p->step = run->room != 0 ? SIGNAL_SPACE : ARM;
    if (there == 0 || (there < threshold_max(p) && sim_choose(2) == 0)) {
        return; /* nothing, or too few to bother */
    }
    uint32_t count = 1 + sim_choose(there);
    SIM_CHECK(queue_get(c, batch, count, sizeof(batch[0])) == count, "fewer got than available");
    queue_release(c);
    if (run->room == 0) {
        sim_notify(PRODUCER);
    }
    for (uint32_t i = 0; i < count; i++) {
        struct entry expected = entry_of(p->taken + i);
        SIM_CHECK(batch[i].a == expected.a && batch[i].b == expected.b,
                  "an entry is stale, torn, lost or doubled");
    }
    p->taken += count;
    p->step = sim_choose(2) == 0 ? TAKE : p->step;
}

static void consumer(struct party *p)
{
    switch (p->step) {
    case TAKE:
        take(p);
        break;
    case ARM: {
        uint32_t least = p->c[0].peer_tail - p->c[0].head; /* left there for want of more */
        uint32_t most = threshold_max(p);
        uint32_t k = 1 + (least < most ? least + sim_choose(most - least) : sim_choose(most));
        p->step = queue_arm(&p->c[0], k) ? SLEEP_ARMED : TAKE;
        break;
    }
    case SIGNAL_SPACE:
        if (queue_signal_space(&p->c[0])) {
            sim_notify(PRODUCER);
        }
        p->step = ARM;
        break;
    default:
        sim_sleep();
        p->step = TAKE;
    }
}

static bool arrived(const struct machine *machine)
{
    const struct party *p = &machine->agents[PRODUCER].party;
    return p->step == STOPPED && machine->agents[CONSUMER].party.taken == p->sent;
}

const struct scenario stream = {.name = "stream",
                                .agents = 2,
                                .start = start,
                                .step = {producer, consumer},
                                .arrived = arrived};
