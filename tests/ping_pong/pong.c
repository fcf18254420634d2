/* SPDX-License-Identifier: BSD-2-Clause */
/* pong: answers the rounds of one or two initiators, on channels 0 and 1. Runs as one PD; owns its
 * side of each connection; trusts neither. */
#include "ping_pong.h"

#include <microkit.h>

enum { LINKS = 2 };
enum counter { ROUNDS_0, ROUNDS_1, WRONG, VIOLATIONS, COUNTERS };

/* Set in the image by the platform's tool; those of link 1 stay 0 where there is none. */
__attribute__((used)) volatile uint64_t my_side_0 = 0;
__attribute__((used)) volatile uint64_t peer_side_0 = 0;
__attribute__((used)) volatile uint64_t my_side_1 = 0;
__attribute__((used)) volatile uint64_t peer_side_1 = 0;
__attribute__((used)) volatile uint64_t stats_page = 0;

static const char *const counter_names[COUNTERS] = {"rounds_0", "rounds_1", "wrong", "violations"};

static struct connection links[LINKS];
static uint64_t rounds[LINKS];
static uint32_t link_count;
static struct signals signals;
static struct stats_page *stats;

/* Takes no more than it can answer. */
static void answer(uint32_t i)
{
    struct ball ball;
    struct connection *link = &links[i];
    peer_check(link, &signals, i);
    do {
        while (queue_space(link, 1) != 0 && ball_take(link, &ball)) {
            if (ball.number != rounds[i] || ball.value != ball_value(rounds[i])) {
                stats_add(stats, WRONG, 1);
            }
            rounds[i]++;
            stats_add(stats, ROUNDS_0 + i, 1);
            ball.value = ~ball.value;
            ball_send(link, &ball, &signals, i);
        }
        /* A peer that takes no answers wakes us with its next ball, not before. */
    } while (!queue_arm(link, 1) && queue_space(link, 1) != 0);
}

static void serve(void)
{
    uint64_t violations = 0;
    for (uint32_t i = 0; i < link_count; i++) {
        answer(i);
        violations += links[i].violations;
    }
    stats_set(stats, VIOLATIONS, violations);
    signal_end(&signals);
}

static void open_link(uint64_t mine, uint64_t theirs)
{
    connection_open(&links[link_count], (struct queue_side *)(uintptr_t)mine,
                    (const struct queue_side *)(uintptr_t)theirs, CAPACITY, CAPACITY);
    signal_peer(&signals, link_count);
    link_count++;
}

void init(void)
{
    log_open(microkit_name);
    stats = (struct stats_page *)(uintptr_t)stats_page;
    stats_open(stats, microkit_name, counter_names, COUNTERS);
    open_link(my_side_0, peer_side_0);
    if (my_side_1 != 0) {
        open_link(my_side_1, peer_side_1);
    }
    serve();
}

void notified(microkit_channel channel)
{
    (void)channel;
    serve();
}
