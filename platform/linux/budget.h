/* SPDX-License-Identifier: BSD-2-Clause */
/* Keeps the budgets of PDs that run in real time, where no control group does: a thread of the
 * runner, above every PD and on a core that no PD has, compares each PD's CPU clock with its
 * period. A PD that used its budget is stopped (SIGSTOP) until its next period; what it took beyond
 * it is taken off the next. As long as it works, the thread tells the watcher that it lives. */
#ifndef LINUX_BUDGET_H
#define LINUX_BUDGET_H

#include "watcher.h"

/* Starts the thread under SCHED_FIFO; 0, or the error number why not. */
int budget_start(const struct watcher *watcher, int fifo, unsigned core);
/* Keeps `pid`'s budget from now until it ends; false when that is not possible. */
bool budget_keep(pid_t pid, uint64_t budget_us, uint64_t period_us);
/* Ends the thread; what it stopped stays so. */
void budget_stop(void);

#endif
