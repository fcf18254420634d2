/* SPDX-License-Identifier: BSD-2-Clause */
/* See report.h. Runs in the echo client's PD; trusts its timer and its serial device's
 * virtualisers. */
#include <base/timer.h>
#include <sddf/log.h>
#include <serial/format.h>
#include <serial/log.h>
#include <stddef.h>

#include "report.h"

#define NS_PER_MS UINT64_C(1000000)

static const struct stats_page *stats;
static uint32_t echoed;                         /* the counter's number */
static const struct timer_client_config *timer; /* NULL: none */
static uint64_t said_at, said;                  /* ns; datagrams by then */

static __attribute__((format(printf, 1, 2))) void say(const char *format, ...)
{
    char line[LOG_LINE_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)format_text(line, sizeof(line), format, arguments);
    va_end(arguments);
    log_line(line);
}

static uint64_t counter(uint32_t number)
{
    return atomic_load64_relaxed(&stats->counters[number].value);
}

static void say_statistics(void)
{
    for (uint32_t number = 0; number < stats->count; number++) {
        if (counter(number) != 0) {
            log_value(stats->counters[number].name, counter(number));
        }
    }
}

/* Silence says as much as a zero. */
static void say_rate(void)
{
    uint64_t now;
    if (!timer_now(timer->channel, &now) || now - said_at < TIMER_NS_PER_S) {
        return;
    }
    uint64_t count = counter(echoed) - said;
    if (count != 0) {
        say("%lu echoed in %lu ms", count, (now - said_at) / NS_PER_MS);
    }
    said_at = now;
    said += count;
}

void report_open(const struct net_client_config *config, const struct stats_page *page,
                 uint32_t echoed_counter)
{
    const uint8_t *ip = config->ip, *mac = config->mac;
    stats = page;
    echoed = echoed_counter;
    say("%u.%u.%u.%u/%u on %s, %02x:%02x:%02x:%02x:%02x:%02x", ip[0], ip[1], ip[2], ip[3],
        config->prefix_length, config->header.device, mac[0], mac[1], mac[2], mac[3], mac[4],
        mac[5]);
    timer = config_find(CONFIG_TIMER_CLIENT, TIMER_CONFIG_VERSION, sizeof(*timer), 0);
    if (timer != NULL &&
        !timer_call(timer->channel, TIMER_SET_PERIODIC, 1, TIMER_NS_PER_S, &said_at)) {
        config_refuse("the timer refuses a period of a second");
    }
}

__attribute__((cold, noinline)) void report(void)
{
    if (serial_log_serve()) {
        say_statistics();
    }
    if (timer != NULL) {
        say_rate();
    }
}
