/* SPDX-License-Identifier: BSD-2-Clause */
/* A second process of the runner that sees it end, however it ends, and removes its control groups
 * then; with a dead-man timer it also ends a runner from which it hears nothing, and with it,
 * since they die with the runner, every PD. It reads one pipe that only the runner holds. */
#ifndef LINUX_WATCHER_H
#define LINUX_WATCHER_H

#include "cgroup.h"

enum { WATCHER_SILENCE_MS = 2000, WATCHER_BEAT_MS = 500 };

struct watcher {
    pid_t pid; /* 0 = none */
    int beat;  /* write end of the pipe, non-blocking; a byte says "alive" */
};

/* `fifo` = its priority under SCHED_FIFO, which also sets the dead-man timer; 0 = neither. The
 * calling process must outlive nothing it has not handed to this process's care. */
bool watcher_start(struct watcher *watcher, const struct cgroups *cgroups, int fifo);
void watcher_beat(const struct watcher *watcher);
/* Has everything removed and waits for it. */
void watcher_stop(struct watcher *watcher);

#endif
