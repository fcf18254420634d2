/* SPDX-License-Identifier: BSD-2-Clause */
/* The benchmark component: says how busy the CPU was between two calls of its client
 * (sddf/benchmark.h), from the idle component's page, and shows in its statistics what the kernel
 * counted meanwhile, where it does. Stands above its client; trusts the idle component. */
#include <microkit.h>
#include <sddf/benchmark.h>
#include <sddf/config.h>
#include <sddf/cycles.h>
#include <sddf/stats.h>
#include <sddf/utilisation.h>

/* Set by the platform's tool: the idle component's page, and this one's statistics page. */
__attribute__((used)) volatile uint64_t idle_page = 0;
__attribute__((used)) volatile uint64_t benchmark_stats = 0;

enum counter {
    INTERVALS,
    TOTAL_TICKS,
    IDLE_TICKS,
    KERNEL_TOTAL_CYCLES, /* from here on 0 where the kernel counts nothing */
    KERNEL_CYCLES,
    KERNEL_ENTRIES,
    KERNEL_SCHEDULES,
    BAD_REQUESTS,
    COUNTERS
};

static const char *const counter_names[COUNTERS] = {
    "intervals",     "total_ticks",    "idle_ticks",       "kernel_total_cycles",
    "kernel_cycles", "kernel_entries", "kernel_schedules", "bad_requests"};

static struct stats_page *stats;
static const struct benchmark_idle *page;
static bool started;
static uint64_t start_ticks, start_idle;

void init(void)
{
    stats = (struct stats_page *)(uintptr_t)benchmark_stats;
    page = (const struct benchmark_idle *)(uintptr_t)idle_page;
    if (stats == NULL || page == NULL) {
        config_refuse("no region for idle_page or benchmark_stats");
    }
    stats_open(stats, microkit_name, counter_names, COUNTERS);
}

void notified(microkit_channel channel)
{
    (void)channel;
}

static microkit_msginfo refuse(enum benchmark_error error)
{
    stats_add(stats, BAD_REQUESTS, 1);
    return microkit_msginfo_new((uint64_t)error, 0);
}

/* The idle component has not counted yet: nobody could tell it from a busy CPU. */
static bool is_counting(void)
{
    return atomic_load64_relaxed(&page->rounds) != 0;
}

static microkit_msginfo start(void)
{
    started = true;
    (void)utilisation_start();
    start_idle = atomic_load64_relaxed(&page->idle);
    start_ticks = cycles_now();
    return microkit_msginfo_new(BENCHMARK_OK, 0);
}

static microkit_msginfo stop(void)
{
    uint64_t total = cycles_now() - start_ticks;
    uint64_t idle = atomic_load64_relaxed(&page->idle) - start_idle;
    struct utilisation kernel = {0};
    (void)utilisation_stop(&kernel);
    started = false;
    stats_add(stats, INTERVALS, 1);
    stats_set(stats, TOTAL_TICKS, total);
    stats_set(stats, IDLE_TICKS, idle);
    stats_set(stats, KERNEL_TOTAL_CYCLES, kernel.cycles);
    stats_set(stats, KERNEL_CYCLES, kernel.kernel_cycles);
    stats_set(stats, KERNEL_ENTRIES, kernel.kernel_entries);
    stats_set(stats, KERNEL_SCHEDULES, kernel.schedules);
    microkit_mr_set(0, total);
    microkit_mr_set(1, idle);
    return microkit_msginfo_new(BENCHMARK_OK, 2);
}

microkit_msginfo protected(microkit_channel channel, microkit_msginfo message)
{
    (void)channel;
    uint64_t request = microkit_msginfo_get_label(message);
    if (request == BENCHMARK_START && is_counting()) {
        return start();
    }
    if (request == BENCHMARK_STOP && started) {
        return stop();
    }
    return refuse(request == BENCHMARK_START || request == BENCHMARK_STOP
                      ? BENCHMARK_ERROR_NOT_STARTED
                      : BENCHMARK_ERROR_REQUEST);
}
