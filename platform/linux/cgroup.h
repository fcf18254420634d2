/* SPDX-License-Identifier: BSD-2-Clause */
/* CPU quotas by control groups, version 1 or 2: whichever hierarchy of this machine has the CPU
 * controller. A group per PD lies directly in the runner's own group, so that PDs with and without
 * a quota compete as equals. Its name says whose it is (PID namespace, process, start time), so
 * that what a killed runner leaves is known as such: nothing else is ever removed. */
#ifndef LINUX_CGROUP_H
#define LINUX_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { CGROUP_PATH_MAX = 1024, CGROUP_WHY_MAX = 256 };

struct cgroups {
    int version;      /* 1 or 2; 0 = quotas are not possible here */
    bool enables_cpu; /* version 2: nobody but other runners hands on the controller */
    char directory[CGROUP_PATH_MAX]; /* of the runner's own group */
    char prefix[64];                 /* of the names of our groups */
    char why[CGROUP_WHY_MAX];        /* what is not possible and why, after a failure */
};

/* Microseconds, within what Linux takes. */
struct cgroup_quota {
    uint64_t budget, period;
    bool more; /* than asked for: the share is below the least that Linux keeps */
};

/* The same share of a CPU as budget in period, never more unless it says so. Linux takes budgets
 * of 1 ms and up and periods of up to 1 s (kernel/sched: min_cfs_quota_period and
 * max_cfs_quota_period), so what is finer becomes coarser. */
struct cgroup_quota cgroup_quota_of(uint64_t budget_us, uint64_t period_us);

/* Looks for the controller; `mounts` and `own` are /proc/self/mounts and /proc/self/cgroup. */
bool cgroup_find(struct cgroups *cgroups, const char *mounts, const char *own);
/* Makes group `number` with that quota, which competes like a process of that nice value. */
bool cgroup_make(struct cgroups *cgroups, unsigned number, const struct cgroup_quota *quota,
                 int nice);
bool cgroup_enter(struct cgroups *cgroups, unsigned number, pid_t pid);
/* Removes this runner's groups, where nobody is in them any more; false when some are left. */
bool cgroup_remove(const struct cgroups *cgroups);
/* Removes the groups of runners that are gone. */
void cgroup_remove_stale(const struct cgroups *cgroups);

#endif
