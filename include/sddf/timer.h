/* SPDX-License-Identifier: BSD-2-Clause */
/* The timer class: one clock, and a timeout for each client of a timer driver, by protected
 * procedure call. The driver stands above its clients in priority.
 *
 *     request, by label          words                      reply, after its label
 *     TIMER_NOW                  -                          now
 *     TIMER_SET_AT               when                       now
 *     TIMER_SET_AFTER            how long from now          now
 *     TIMER_SET_PERIODIC         period                     now
 *     TIMER_CANCEL               -                          now
 *
 * All times are nanoseconds since some moment before the system's start, by the timer's own clock,
 * rounded down to what it resolves: they never go back and never wrap. What TIMER_SET_AFTER asks
 * for counts from the end of that step, so no less time passes. A reply's label is one of enum
 * timer_error; `now` comes with TIMER_OK only.
 *
 * A client has one timeout: a new one takes the place of the one before. A timeout is a
 * notification on the channel of the calls, not before its time; one in the past comes at once. A
 * period that was missed (the client or the driver had no time) is not made up for: the next one
 * stands on the same grid. Every notification is a hint: after TIMER_CANCEL, or a new timeout, that
 * of the old one may still come. */
#ifndef SDDF_TIMER_H
#define SDDF_TIMER_H

#include <sddf/config.h>
#include <stdint.h>

enum timer_request {
    TIMER_NOW = 1,
    TIMER_SET_AT,
    TIMER_SET_AFTER,
    TIMER_SET_PERIODIC,
    TIMER_CANCEL,
};

enum timer_error {
    TIMER_OK,
    TIMER_ERROR_REQUEST,     /* no request has this label */
    TIMER_ERROR_WORDS,       /* too few or too many words for this request */
    TIMER_ERROR_PERIOD,      /* shorter than TIMER_PERIOD_MIN_NS */
    TIMER_ERROR_TOO_FAR,     /* later than TIMER_TIME_MAX_NS */
    TIMER_ERROR_NOT_A_CLIENT /* the channel is not one of the driver's clients' */
};

#define TIMER_NS_PER_S      UINT64_C(1000000000)
#define TIMER_PERIOD_MIN_NS UINT64_C(100000)    /* so that a client cannot keep the driver busy */
#define TIMER_TIME_MAX_NS   (UINT64_C(1) << 62) /* 146 years: sums of two times do not wrap */

enum { TIMER_CLIENTS_MAX = 56 };

/* ---- Configuration ---- */

struct timer_driver_config {
    struct config_header header;    /* CONFIG_TIMER_DRIVER */
    struct config_region registers; /* address 0: the timer has none in memory */
    uint32_t irq_channel;
    uint32_t client_count;
    uint32_t clock_hz; /* how fast the device counts; 0: it says so itself */
    uint32_t reserved;
    uint32_t channels[TIMER_CLIENTS_MAX];
};

struct timer_client_config {
    struct config_header header; /* CONFIG_TIMER_CLIENT */
    uint32_t channel;
    uint32_t reserved;
};

enum { TIMER_CONFIG_VERSION = 3 };

_Static_assert(sizeof(struct timer_driver_config) == 144 + 4 * TIMER_CLIENTS_MAX, "timer_driver");
_Static_assert(sizeof(struct timer_client_config) == 112, "timer_client");

#endif
