/* SPDX-License-Identifier: BSD-2-Clause */
/* The timer driver's shell, the same for every device (device.h). Runs as one PD per device, above
 * its clients, passive unless the description says otherwise: a call then takes its client's time,
 * and the device's interrupt that of the notification. Owns the device and the clients' deadlines.
 * Trusts no client: a request is checked, a wrong one counted and answered by its error, and no
 * client can touch another's timeout. */
#include "deadlines.h"
#include "device.h"

#include <base/signal.h>
#include <microkit.h>
#include <sddf/log.h>
#include <sddf/stats.h>

enum { CHANNELS = 62, NO_CLIENT = UINT8_MAX }; /* Microkit's channel ids */

static const struct timer_driver_config *config;
static struct stats_page *stats;
static struct deadlines deadlines;
static uint64_t periods[TIMER_CLIENTS_MAX]; /* 0: one shot */
static uint8_t client_by_channel[CHANNELS];
static uint64_t latest; /* that was told to anybody */
static uint64_t alarm;  /* that the device was last set to */
static bool waiting;    /* for it; an interrupt ends that */
static struct signals signals;

enum counter { REQUESTS, BAD_REQUESTS, TIMEOUTS, PERIODS_MISSED, INTERRUPTS, COUNTERS };

static const char *const counter_names[COUNTERS] = {
    "requests", "bad_requests", "timeouts", "periods_missed", "interrupts",
};

/* Monotonic even if the device is not, and never so late that a period from then on would wrap. */
static uint64_t now(void)
{
    uint64_t device = timer_device_now();
    device = device < TIMER_TIME_MAX_NS ? device : TIMER_TIME_MAX_NS;
    latest = device > latest ? device : latest;
    return latest;
}

static void set_alarm(void)
{
    uint64_t next = deadlines_next(&deadlines);
    if (next != alarm || !waiting) {
        alarm = next;
        waiting = true;
        timer_device_alarm(next);
    }
}

/* The first moment after `time` on the grid of `due` and `period`. */
static uint64_t next_period(uint64_t due, uint64_t period, uint64_t time)
{
    uint64_t missed = (time - due) / period;
    stats_add(stats, PERIODS_MISSED, missed);
    return due + (missed + 1) * period;
}

/* Bounded: each client is taken once at most, since a period ends after `time` and does not wrap:
 * neither a deadline nor `time` is above TIMER_TIME_MAX_NS but for one period, which is not either.
 */
static void expire(void)
{
    uint64_t time = now();
    uint32_t client;
    while (deadlines_take(&deadlines, time, &client)) {
        stats_add(stats, TIMEOUTS, 1);
        signal_peer(&signals, config->channels[client]);
        if (periods[client] != 0) {
            deadlines_set(&deadlines, client,
                          next_period(deadlines.when[client], periods[client], time));
        }
    }
    set_alarm();
}

/* ---- Requests ---- */

static enum timer_error set(uint32_t client, uint64_t when, uint64_t period)
{
    if (when > TIMER_TIME_MAX_NS) {
        return TIMER_ERROR_TOO_FAR;
    }
    periods[client] = period;
    deadlines_set(&deadlines, client, when);
    set_alarm();
    return TIMER_OK;
}

/* `time` is at most TIMER_TIME_MAX_NS, `ns` is not to be trusted. */
static enum timer_error set_after(uint32_t client, uint64_t time, uint64_t ns, uint64_t period)
{
    if (ns > TIMER_TIME_MAX_NS) {
        return TIMER_ERROR_TOO_FAR;
    }
    return set(client, time + ns, period);
}

/* It is `time` at least; so that it is not early, it counts from what it may be at most. */
static enum timer_error set_once(uint32_t client, uint64_t time, uint64_t ns)
{
    return set_after(client, time + timer_device_slack_ns(), ns, 0);
}

static enum timer_error serve(uint32_t client, microkit_msginfo message, uint64_t time)
{
    uint64_t request = microkit_msginfo_get_label(message);
    bool has_argument = request >= TIMER_SET_AT && request <= TIMER_SET_PERIODIC;
    if (request < TIMER_NOW || request > TIMER_CANCEL) {
        return TIMER_ERROR_REQUEST;
    }
    if (microkit_msginfo_get_count(message) != (has_argument ? 1 : 0)) {
        return TIMER_ERROR_WORDS;
    }
    uint64_t ns = has_argument ? microkit_mr_get(0) : 0;
    switch ((enum timer_request)request) {
    case TIMER_NOW:
        return TIMER_OK;
    case TIMER_SET_AT:
        return set(client, ns, 0);
    case TIMER_SET_AFTER:
        return set_once(client, time, ns);
    case TIMER_SET_PERIODIC:
        return ns < TIMER_PERIOD_MIN_NS ? TIMER_ERROR_PERIOD : set_after(client, time, ns, ns);
    case TIMER_CANCEL:
        deadlines_cancel(&deadlines, client);
        set_alarm();
        return TIMER_OK;
    }
    return TIMER_ERROR_REQUEST;
}

microkit_msginfo protected(microkit_channel channel, microkit_msginfo message)
{
    uint32_t client = channel < CHANNELS ? client_by_channel[channel] : NO_CLIENT;
    enum timer_error error = TIMER_ERROR_NOT_A_CLIENT;
    uint64_t time = now();
    if (client != NO_CLIENT) {
        error = serve(client, message, time);
    }
    stats_add(stats, REQUESTS, 1);
    if (error != TIMER_OK) {
        stats_add(stats, BAD_REQUESTS, 1);
        return microkit_msginfo_new((uint64_t)error, 0);
    }
    microkit_mr_set(0, time);
    return microkit_msginfo_new(TIMER_OK, 1);
}

/* ---- Start, interrupts ---- */

static void clients_open(void)
{
    if (config->client_count > TIMER_CLIENTS_MAX) {
        config_refuse("more than 56 clients");
    }
    for (uint32_t channel = 0; channel < CHANNELS; channel++) {
        client_by_channel[channel] = NO_CLIENT;
    }
    for (uint32_t i = 0; i < config->client_count; i++) {
        uint32_t channel = config->channels[i];
        if (channel >= CHANNELS || client_by_channel[channel] != NO_CLIENT ||
            channel == config->irq_channel) {
            config_refuse("a client's channel is above 61 or given twice");
        }
        client_by_channel[channel] = (uint8_t)i;
    }
}

void init(void)
{
    config = config_get(CONFIG_TIMER_DRIVER, TIMER_CONFIG_VERSION, sizeof(*config));
    stats = (struct stats_page *)(uintptr_t)config->header.stats;
    stats_open(stats, config->header.instance, counter_names, COUNTERS);
    clients_open();
    const char *why = timer_device_start(config);
    if (why != NULL) {
        log_line(why);
        log_stop();
    }
    alarm = UINT64_MAX;
    waiting = true;
}

/* A notification of a client's says nothing and is looked at like an interrupt. The alarm moves,
 * and with it the interrupt's line goes down, before it is acknowledged. */
void notified(microkit_channel channel)
{
    bool interrupt = channel == config->irq_channel;
    waiting = waiting && !interrupt;
    expire();
    if (interrupt) {
        stats_add(stats, INTERRUPTS, 1);
        microkit_irq_ack(channel);
    }
    signal_end(&signals);
}
