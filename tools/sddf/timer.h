/* SPDX-License-Identifier: BSD-2-Clause */
/* The timer class in the host tool: what "timer" in a system's file says, and what follows from it
 * (sddf/timer.h). Transmit virtualisers with a client that has a rate are clients of the first. */
#ifndef SDDF_TOOL_TIMER_H
#define SDDF_TOOL_TIMER_H

#include "tools/sddf/network.h"

#include <sddf/timer.h>

enum { TIMERS_MAX = 4, TIMER_DRIVER_PRIORITY = 150 /* above all its clients */ };

struct timer_client {
    struct model_component *component; /* NULL: a transmit virtualiser */
    const struct yaml_node *node;
    struct model_pd *pd;
    const struct model_channel *channel;
};

struct timer {
    char name[MODEL_WORD_MAX];
    const struct yaml_node *node;
    const struct board_device *device;
    const struct driver *driver;
    struct model_sched driver_sched;
    struct timer_client clients[TIMER_CLIENTS_MAX];
    size_t client_count;
    struct model_pd *driver_pd;
    const struct model_region *registers; /* NULL: none in memory */
};

/* After the networks. */
void timer_describe(struct model *model, const struct yaml_node *node);
void timer_check(const struct model *model);
void timer_plan(struct model *model, struct timer *timer);
void timer_fill(const struct timer *timer);

#endif
