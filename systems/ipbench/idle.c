/* SPDX-License-Identifier: BSD-2-Clause */
/* The idle component: never waits, and counts the time that it is left with, as ipbench's own
 * target does. It runs at the lowest priority of its core, so each tick of the counter is either
 * one of its rounds' or somebody else's: a round that took longer than rounds do was interrupted,
 * and is not counted. Its page is all that it owns; it trusts nobody. */
#include <microkit.h>
#include <sddf/benchmark.h>
#include <sddf/config.h>
#include <sddf/cycles.h>

enum {
    SAMPLES = 1000, /* rounds that tell how long one takes */
    FACTOR = 8,     /* times as long as rounds mostly are, or more: interrupted. An entry of the
                       kernel takes more. */
};

/* Set by the platform's tool: the page. */
__attribute__((used)) volatile uint64_t idle_page = 0;

/* Bits of a number. */
static uint32_t size_of(uint64_t number)
{
    uint32_t bits = 0;
    while (bits < 64 && (number >> bits) != 0) {
        bits++;
    }
    return bits;
}

/* FACTOR times the power of two above what most rounds take: the shortest would not do, for a
 * virtual machine's counter now and then goes on by next to nothing. */
static uint64_t longest_round(void)
{
    uint32_t of_size[65] = {0};
    uint32_t usual = 0;
    uint64_t last = cycles_now();
    for (uint32_t i = 0; i < SAMPLES; i++) {
        uint64_t now = cycles_now();
        uint32_t size = size_of(now - last);
        of_size[size]++;
        usual = of_size[size] > of_size[usual] ? size : usual;
        last = cycles_now();
    }
    return usual < 60 ? FACTOR * (UINT64_C(1) << usual) : UINT64_MAX;
}

void init(void)
{
    struct benchmark_idle *page = (struct benchmark_idle *)(uintptr_t)idle_page;
    if (page == NULL) {
        config_refuse("no region for the idle time (symbol idle_page)");
    }
    uint64_t limit = longest_round();
    uint64_t idle = 0;
    uint64_t rounds = 0;
    uint64_t last = cycles_now();
    for (;;) {
        uint64_t now = cycles_now();
        idle += now - last < limit ? now - last : 0;
        last = now;
        atomic_store64_relaxed(&page->idle, idle);
        atomic_store64_relaxed(&page->rounds, ++rounds);
    }
}

void notified(microkit_channel channel)
{
    (void)channel;
}
