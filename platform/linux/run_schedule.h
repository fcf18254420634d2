/* SPDX-License-Identifier: BSD-2-Clause */
/* How the PDs of a run share the machine's cores. By default SCHED_OTHER with nice values from the
 * priorities, and a budget below its period as a quota of a control group; with --realtime
 * SCHED_FIFO with the priorities' order, and budgets kept by the runner. What of the description is
 * not kept here is said, a line each. */
#ifndef LINUX_RUN_SCHEDULE_H
#define LINUX_RUN_SCHEDULE_H

#include "watcher.h"

/* Of one child; decided before anything is started. */
struct run_schedule {
    int nice;
    int fifo;     /* priority under SCHED_FIFO; 0 = SCHED_OTHER */
    int core;     /* -1 = any */
    bool limited; /* its budget is below its period, and is kept */
};

struct run_scheduling {
    struct cgroups cgroups;
    struct watcher watcher;
    int rest; /* with --realtime, the core that PDs leave to the rest of the machine */
    int keeper_fifo;
    int device_core;
};

struct run;
/* What each PD gets, and what it does not; false when --realtime is not possible here. */
bool run_schedule_plan(struct run *run);
/* Of a device model. */
struct run_schedule run_schedule_of_device(const struct run *run);
/* Before the first child. */
bool run_schedule_begin(struct run *run);
/* In a new process, before exec: only what a signal handler may do. */
bool run_schedule_become(const struct run_schedule *schedule);
/* In the runner, after the fork and before the PD is told anything. */
bool run_schedule_enter(struct run *run, unsigned pd);
/* False when a real-time run has lost its dead-man timer. Call when a child has ended. */
bool run_schedule_watched(struct run *run);
/* After the last child. */
void run_schedule_end(struct run *run);

#endif
