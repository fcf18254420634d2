/* SPDX-License-Identifier: BSD-2-Clause */
/* The initiator of ping-pong (initiator.h): one PD, on channel 0. Owns its side of the connection;
 * counts what pong answers wrongly. */
#include "initiator.h"

#include "ping_pong.h"

#include <microkit.h>

enum { CHANNEL = 0 };

/* Set in the image by the platform's tool. */
__attribute__((used)) volatile uint64_t my_side = 0;
__attribute__((used)) volatile uint64_t peer_side = 0;
__attribute__((used)) volatile uint64_t stats_page = 0;

static const char *const counter_names[INITIATOR_COUNTERS] = {"rounds", "wrong", "violations",
                                                              "writes"};

static struct connection link;
static struct signals signals;
static struct stats_page *stats;
static uint64_t round;
static bool awaiting; /* the answer to `round` */

void initiator_count(enum initiator_counter counter)
{
    stats_add(stats, counter, 1);
}

uint64_t initiator_wrong(void)
{
    return atomic_load64_relaxed(&stats->counters[WRONG].value);
}

static void check(const struct ball *answer)
{
    if (!awaiting || answer->number != round || answer->value != ~ball_value(round)) {
        initiator_count(WRONG);
        return;
    }
    awaiting = false;
    round++;
    initiator_count(ROUNDS);
    if (round == initiator_rounds) {
        initiator_end();
    }
}

static void serve(void)
{
    struct ball ball;
    peer_check(&link, &signals, CHANNEL);
    do {
        while (ball_take(&link, &ball)) {
            check(&ball);
        }
        if (!awaiting && round < initiator_rounds && queue_space(&link, 1) != 0) {
            ball = (struct ball){.number = round, .value = ball_value(round)};
            awaiting = true;
            ball_send(&link, &ball, &signals, CHANNEL);
        }
    } while (!queue_arm(&link, 1));
    stats_set(stats, VIOLATIONS, link.violations);
    signal_end(&signals);
}

void init(void)
{
    log_open(microkit_name);
    stats = (struct stats_page *)(uintptr_t)stats_page;
    stats_open(stats, microkit_name, counter_names, INITIATOR_COUNTERS);
    connection_open(&link, (struct queue_side *)(uintptr_t)my_side,
                    (const struct queue_side *)(uintptr_t)peer_side, CAPACITY, CAPACITY);
    signal_peer(&signals, CHANNEL);
    serve();
}

void notified(microkit_channel channel)
{
    (void)channel;
    serve();
}
