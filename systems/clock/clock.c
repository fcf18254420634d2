/* SPDX-License-Identifier: BSD-2-Clause */
/* A client of the timer class: asks for a period that follows from its number, the digit at the end
 * of its name, and prints every second how many ticks came, how many periods went without one, and
 * the drift: how far the newest tick is behind the moment at which it was due. Runs as one PD per
 * clock; trusts the timer. */
#include <base/timer.h>
#include <microkit.h>
#include <sddf/log.h>
#include <sddf/stats.h>

#define MS UINT64_C(1000000)

static const uint64_t periods[] = {10 * MS, 35 * MS, 100 * MS};

enum { PERIODS = sizeof(periods) / sizeof(periods[0]) };

static const struct timer_client_config *config;
static struct stats_page *stats;
static uint64_t period, start, reported; /* ns */
static uint64_t ticks, late_max;

enum counter { TICKS, MISSED, DRIFT_US, DRIFT_MAX_US, COUNTERS };

static const char *const counter_names[COUNTERS] = {"ticks", "missed", "drift_us", "drift_max_us"};

/* clock0 has the first period, clock1 the second ... */
static uint32_t number_of(const char *name)
{
    uint32_t number = 0;
    for (uint32_t i = 0; i < CONFIG_INSTANCE_MAX && name[i] != '\0'; i++) {
        number = (uint32_t)(uint8_t)name[i] - '0';
    }
    return number;
}

static void count(uint64_t now)
{
    uint64_t due = (now - start) / period;
    uint64_t drift = (now - start) % period / 1000;
    ticks++;
    late_max = drift > late_max ? drift : late_max;
    stats_set(stats, TICKS, ticks);
    stats_set(stats, MISSED, due > ticks ? due - ticks : 0);
    stats_set(stats, DRIFT_US, drift);
    stats_set(stats, DRIFT_MAX_US, late_max);
    if (now - reported >= TIMER_NS_PER_S) {
        log_value("ticks", ticks);
        log_value("missed", due > ticks ? due - ticks : 0);
        log_value("drift, us", drift);
        reported = now;
    }
}

void init(void)
{
    config = config_get(CONFIG_TIMER_CLIENT, TIMER_CONFIG_VERSION, sizeof(*config));
    stats = (struct stats_page *)(uintptr_t)config->header.stats;
    stats_open(stats, config->header.instance, counter_names, COUNTERS);
    uint32_t number = number_of(config->header.instance);
    if (number >= PERIODS) {
        config_refuse("a clock's name does not end in 0, 1 or 2");
    }
    period = periods[number];
    if (!timer_call(config->channel, TIMER_SET_PERIODIC, 1, period, &start)) {
        config_refuse("the timer refuses the period");
    }
    reported = start;
    log_value("period, us", period / 1000);
}

/* The timer's grid begins when it took the period: the tick for the moment that passed last. A
 * notification before the first is none of ours. */
void notified(microkit_channel channel)
{
    uint64_t now;
    if (channel != config->channel || !timer_now(config->channel, &now) || now - start < period) {
        return;
    }
    count(now);
}
