/* SPDX-License-Identifier: BSD-2-Clause */
/* A client's calls to a timer driver (sddf/timer.h). A driver that answers with an error, or with
 * rubbish, is worth as much as none: the caller goes on without. */
#ifndef BASE_TIMER_H
#define BASE_TIMER_H

#include <microkit.h>
#include <sddf/timer.h>
#include <stdbool.h>
#include <stdint.h>

/* Makes a request with `words` (0 or 1) words. False if the driver refused it; else `*now`. */
static inline bool timer_call(uint32_t channel, enum timer_request request, uint16_t words,
                              uint64_t ns, uint64_t *now)
{
    if (words != 0) {
        microkit_mr_set(0, ns);
    }
    microkit_msginfo reply =
        microkit_ppcall((microkit_channel)channel, microkit_msginfo_new((uint64_t)request, words));
    if (microkit_msginfo_get_label(reply) != TIMER_OK || microkit_msginfo_get_count(reply) != 1) {
        return false;
    }
    *now = microkit_mr_get(0);
    return true;
}

static inline bool timer_now(uint32_t channel, uint64_t *now)
{
    return timer_call(channel, TIMER_NOW, 0, 0, now);
}

#endif
