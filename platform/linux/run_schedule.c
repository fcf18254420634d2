/* SPDX-License-Identifier: BSD-2-Clause */
/* See run_schedule.h. */
#include "budget.h"
#include "run.h"
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum {
    NICE_LAST = 19,
    NICE_FIRST = -20,
    PRIORITY_LAST = 254,
    RTTIME_SOFT_US = 5000000, /* without waiting once */
    RTTIME_HARD_US = 6000000,
};

/* The lowest nice value that a child may take. Linux grants it by capability or RLIMIT_NICE. */
static int nice_first(void)
{
    int own = getpriority(PRIO_PROCESS, 0);
    if (setpriority(PRIO_PROCESS, 0, NICE_FIRST) == 0) {
        (void)setpriority(PRIO_PROCESS, 0, own);
        return NICE_FIRST;
    }
    run_say("this process may not lower its nice value: priorities 0 to 254 become %d to %d",
            NICE_LAST, own);
    return own;
}

/* Priorities 0 to 254 as nice values NICE_LAST to `first`. */
static int nice_of(unsigned priority, int first)
{
    return NICE_LAST - (int)priority * (NICE_LAST - first) / PRIORITY_LAST;
}

/* Linux has 99 real-time priorities and Microkit 255, but no system has more than 63 PDs: their
 * order is kept exactly, from 1 up. */
static int fifo_of(const struct system_description *system, unsigned priority)
{
    bool lower[PRIORITY_LAST + 1] = {false};
    int fifo = 1;
    for (size_t i = 0; i < system->pd_count; i++) {
        unsigned other = system->pds[i].priority;
        if (other < priority && !lower[other]) {
            lower[other] = true;
            fifo++;
        }
    }
    return fifo;
}

/* The core that PDs leave alone: the last that none of them asks for, else the last. -1 when this
 * process has only one. */
static int choose_rest(const struct run *run, const cpu_set_t *cores)
{
    int rest = -1;
    if (CPU_COUNT(cores) < 2) {
        return -1;
    }
    for (int core = 0; core < CPU_SETSIZE; core++) {
        bool wanted = false;
        for (size_t i = 0; i < run->system->pd_count; i++) {
            int asks = run->options.cpu >= 0 ? run->options.cpu : (int)run->system->pds[i].cpu;
            wanted = wanted || asks == core;
        }
        rest = CPU_ISSET((unsigned)core, cores) && !wanted ? core : rest;
    }
    for (int core = CPU_SETSIZE - 1; rest < 0 && core >= 0; core--) {
        rest = CPU_ISSET((unsigned)core, cores) ? core : rest;
    }
    return rest;
}

/* The core that the PD asks for, or one that there is. */
static int core_of(const struct run *run, const struct system_pd *pd, const cpu_set_t *cores)
{
    int core = run->options.cpu >= 0 ? run->options.cpu : (int)pd->cpu;
    bool real_time = run->options.realtime;
    bool there = core < CPU_SETSIZE && CPU_ISSET((unsigned)core, cores);
    if (there && !(real_time && core == run->scheduling.rest)) {
        return core;
    }
    if (!real_time) {
        run_say("%s: core %d is not among those that this process may use: it runs on any",
                pd->name, core);
        return -1;
    }
    int other = 0;
    while (!CPU_ISSET((unsigned)other, cores) || other == run->scheduling.rest) {
        other++; /* ends: there are two cores or more */
    }
    run_say("%s: core %d is %s: it runs on core %d", pd->name, core,
            there ? "left to the rest of the machine" : "not among those that this process may use",
            other);
    return other;
}

static void say_without_effect(const struct run *run)
{
    const struct system_description *system = run->system;
    bool domains = false;
    for (size_t i = 0; i < system->pd_count; i++) {
        const struct system_pd *pd = &system->pds[i];
        domains = domains || pd->domain[0] != '\0';
        if (pd->capability_count > 0) {
            run_say("%s: <cspace> has no effect: Linux has no capabilities of seL4", pd->name);
        }
        if (run->options.verbose && !pd->fpu) {
            run_say("%s: fpu=\"false\" has no effect: a Linux process always has one", pd->name);
        }
        if (run->options.verbose && pd->passive) {
            run_say("%s: passive has no effect: calls take its own time, not their caller's",
                    pd->name);
        }
    }
    if (domains) {
        run_say("<domains> has no effect: Linux keeps no domain schedule, so PDs of different "
                "domains see one another's timing");
    }
}

static bool is_limited(const struct system_pd *pd)
{
    return pd->budget_us < pd->period_us;
}

static void say_quota(const struct run *run, const struct system_pd *pd)
{
    struct cgroup_quota quota = cgroup_quota_of(pd->budget_us, pd->period_us);
    bool exact = quota.budget == pd->budget_us && quota.period == pd->period_us;
    if (quota.more || (run->options.verbose && !exact)) {
        run_say("%s: %" PRIu64 " us of %" PRIu64 " us is kept as %" PRIu64 " us of %" PRIu64
                " us, %s",
                pd->name, pd->budget_us, pd->period_us, quota.budget, quota.period,
                quota.more ? "the least that Linux keeps" : "since Linux keeps 1 ms and up");
    }
}

static bool plan_realtime(struct run *run, const cpu_set_t *cores)
{
    run->scheduling.rest = choose_rest(run, cores);
    if (run->scheduling.rest < 0) {
        run_say("--realtime: this process may use one core only, and one must be left to the rest "
                "of the machine: give it two, or leave --realtime out");
        return false;
    }
    for (size_t i = 0; i < run->system->pd_count; i++) {
        int fifo = fifo_of(run->system, run->system->pds[i].priority);
        run->pds[i].schedule.fifo = fifo;
        run->scheduling.keeper_fifo =
            run->scheduling.keeper_fifo > fifo ? run->scheduling.keeper_fifo : fifo + 1;
    }
    return true;
}

bool run_schedule_plan(struct run *run)
{
    cpu_set_t cores;
    bool limited = false;
    CPU_ZERO(&cores);
    (void)sched_getaffinity(0, sizeof(cores), &cores);
    if (run->options.realtime && !plan_realtime(run, &cores)) {
        return false;
    }
    int asked = run->options.cpu;
    bool there = asked >= 0 && asked < CPU_SETSIZE && CPU_ISSET((unsigned)asked, &cores);
    run->scheduling.device_core =
        run->options.realtime ? run->scheduling.rest : (there ? asked : -1);
    int first = run->options.realtime ? 0 : nice_first();
    for (size_t i = 0; i < run->system->pd_count; i++) {
        const struct system_pd *pd = &run->system->pds[i];
        struct run_schedule *schedule = &run->pds[i].schedule;
        schedule->core = core_of(run, pd, &cores);
        schedule->nice = run->options.realtime ? 0 : nice_of(pd->priority, first);
        schedule->limited = is_limited(pd);
        limited = limited || schedule->limited;
    }
    say_without_effect(run);
    if (limited && !run->options.realtime &&
        cgroup_find(&run->scheduling.cgroups, "/proc/self/mounts", "/proc/self/cgroup")) {
        cgroup_remove_stale(&run->scheduling.cgroups);
    }
    return true;
}

struct run_schedule run_schedule_of_device(const struct run *run)
{
    return (struct run_schedule){.core = run->scheduling.device_core};
}

static void forget_budgets(struct run *run)
{
    for (size_t i = 0; i < run->system->pd_count; i++) {
        run->pds[i].schedule.limited = false;
    }
    run_say("budgets below their periods are not kept: %s", run->scheduling.cgroups.why);
}

/* The watcher first: from then on nothing is left behind. */
static void begin_quotas(struct run *run)
{
    struct run_scheduling *scheduling = &run->scheduling;
    struct cgroups *cgroups = &scheduling->cgroups;
    bool made = cgroups->version != 0 && watcher_start(&scheduling->watcher, cgroups, 0);
    if (!made && cgroups->why[0] == '\0') {
        (void)snprintf(cgroups->why, sizeof(cgroups->why), "no process for a watcher: %s",
                       strerror(errno));
    }
    for (unsigned i = 0; made && i < run->system->pd_count; i++) {
        const struct system_pd *pd = &run->system->pds[i];
        struct cgroup_quota quota = cgroup_quota_of(pd->budget_us, pd->period_us);
        made = !run->pds[i].schedule.limited ||
               cgroup_make(cgroups, i, &quota, run->pds[i].schedule.nice);
    }
    for (size_t i = 0; made && i < run->system->pd_count; i++) {
        if (run->pds[i].schedule.limited) {
            say_quota(run, &run->system->pds[i]);
        }
    }
    if (!made) {
        forget_budgets(run);
    }
}

static bool begin_realtime(struct run *run)
{
    struct run_scheduling *scheduling = &run->scheduling;
    cpu_set_t rest;
    CPU_ZERO(&rest);
    CPU_SET((unsigned)scheduling->rest, &rest);
    /* The runner's own place, and what its watcher inherits. */
    bool begun =
        sched_setaffinity(0, sizeof(rest), &rest) == 0 &&
        watcher_start(&scheduling->watcher, &scheduling->cgroups, scheduling->keeper_fifo + 1);
    int error = begun ? budget_start(&scheduling->watcher, scheduling->keeper_fifo,
                                     (unsigned)scheduling->rest)
                      : errno;
    if (error != 0) {
        run_say("--realtime: this machine does not permit SCHED_FIFO to this process: %s; run it "
                "as root or with CAP_SYS_NICE, and in no version 1 CPU control group but the root",
                strerror(error));
    }
    return error == 0;
}

bool run_schedule_begin(struct run *run)
{
    bool limited = false;
    for (size_t i = 0; i < run->system->pd_count; i++) {
        limited = limited || run->pds[i].schedule.limited;
    }
    if (run->options.realtime) {
        return begin_realtime(run);
    }
    if (limited) {
        begin_quotas(run);
    }
    return true;
}

bool run_schedule_become(const struct run_schedule *schedule)
{
    (void)setpriority(PRIO_PROCESS, 0, schedule->nice);
    if (schedule->core >= 0 && schedule->core < CPU_SETSIZE) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET((unsigned)schedule->core, &set);
        if (sched_setaffinity(0, sizeof(set), &set) != 0) {
            return false;
        }
    }
    if (schedule->fifo == 0) {
        return true;
    }
    const struct sched_param param = {.sched_priority = schedule->fifo};
    struct rlimit time; /* whoever started the runner may have set a lower one */
    if (getrlimit(RLIMIT_RTTIME, &time) != 0) {
        return false;
    }
    time.rlim_cur = time.rlim_cur < RTTIME_SOFT_US ? time.rlim_cur : RTTIME_SOFT_US;
    time.rlim_max = time.rlim_max < RTTIME_HARD_US ? time.rlim_max : RTTIME_HARD_US;
    return setrlimit(RLIMIT_RTTIME, &time) == 0 && sched_setscheduler(0, SCHED_FIFO, &param) == 0;
}

bool run_schedule_enter(struct run *run, unsigned index)
{
    const struct run_pd *pd = &run->pds[index];
    if (!pd->schedule.limited) {
        return true;
    }
    if (run->options.realtime) {
        bool kept =
            budget_keep(pd->child.pid, pd->description->budget_us, pd->description->period_us);
        if (!kept) {
            run_say("%s: its budget cannot be kept: %s", pd->child.name, strerror(errno));
        }
        return kept;
    }
    if (!cgroup_enter(&run->scheduling.cgroups, index, pd->child.pid)) {
        run_say("%s: its budget is not kept: %s", pd->child.name, run->scheduling.cgroups.why);
    }
    return true;
}

bool run_schedule_watched(struct run *run)
{
    struct watcher *watcher = &run->scheduling.watcher;
    if (watcher->pid > 0 && waitpid(watcher->pid, NULL, WNOHANG) == watcher->pid) {
        watcher->pid = 0;
        if (run->options.realtime) {
            run_say("the dead-man timer has ended, without which nothing runs in real time");
            return false;
        }
        run_say("the watcher has ended: a killed runner will leave control groups until the next "
                "start");
    }
    return true;
}

void run_schedule_end(struct run *run)
{
    budget_stop();
    watcher_stop(&run->scheduling.watcher);
    (void)cgroup_remove(&run->scheduling.cgroups); /* should the watcher have been killed */
}
