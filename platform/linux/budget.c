/* SPDX-License-Identifier: BSD-2-Clause */
/* See budget.h. */
#include "budget.h"
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
    KEPT_MAX = 64,
    STEP_MIN_NS = 50000, /* looking oftener costs more than it keeps */
    NS_PER_S = 1000000000,
    NS_PER_US = 1000,
    NS_PER_MS = 1000000,
};

struct kept {
    int process; /* pidfd: a number that is used again is not meant */
    clockid_t clock;
    int64_t budget_ns, period_ns;
    int64_t period_start_ns; /* monotonic */
    int64_t used_start_ns;   /* its CPU clock then, less what it owes */
    bool stopped;
};

static struct {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    const struct watcher *watcher;
    bool started, end;
    struct kept kept[KEPT_MAX];
    size_t count;
} keeper = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool read_clock(clockid_t clock, int64_t *ns)
{
    struct timespec time;
    if (clock_gettime(clock, &time) != 0) {
        return false;
    }
    *ns = (int64_t)time.tv_sec * NS_PER_S + time.tv_nsec;
    return true;
}

static bool send(const struct kept *kept, int number)
{
    return syscall(SYS_pidfd_send_signal, kept->process, number, NULL, 0) == 0;
}

/* Looks at one PD and decides; when to look again, or -1 when it is gone. */
static int64_t look(struct kept *kept, int64_t now)
{
    int64_t clock;
    if (!read_clock(kept->clock, &clock) || !send(kept, 0)) {
        return -1;
    }
    if (now - kept->period_start_ns >= kept->period_ns) {
        int64_t owed = clock - kept->used_start_ns - kept->budget_ns;
        kept->used_start_ns = clock - (owed > 0 ? owed : 0);
        kept->period_start_ns += (now - kept->period_start_ns) / kept->period_ns * kept->period_ns;
    }
    int64_t left = kept->budget_ns - (clock - kept->used_start_ns);
    bool stop = left <= 0;
    if (stop != kept->stopped && send(kept, stop ? SIGSTOP : SIGCONT)) {
        kept->stopped = stop;
    }
    int64_t next_period = kept->period_start_ns + kept->period_ns;
    int64_t used_up = now + (left > STEP_MIN_NS ? left : STEP_MIN_NS);
    return stop || used_up > next_period ? next_period : used_up;
}

static void wait_until(int64_t time)
{
    const struct timespec until = {.tv_sec = time / NS_PER_S, .tv_nsec = time % NS_PER_S};
    (void)pthread_cond_timedwait(&keeper.changed, &keeper.lock, &until);
}

static void *keep(void *unused)
{
    (void)pthread_mutex_lock(&keeper.lock);
    while (!keeper.end) {
        int64_t now = 0;
        (void)read_clock(CLOCK_MONOTONIC, &now);
        int64_t next = now + (int64_t)WATCHER_BEAT_MS * NS_PER_MS;
        for (size_t i = 0; i < keeper.count;) {
            int64_t again = look(&keeper.kept[i], now);
            if (again < 0) {
                (void)close(keeper.kept[i].process);
                keeper.kept[i] = keeper.kept[--keeper.count];
                continue;
            }
            next = again < next ? again : next;
            i++;
        }
        watcher_beat(keeper.watcher);
        wait_until(next);
    }
    (void)pthread_mutex_unlock(&keeper.lock);
    return unused;
}

int budget_start(const struct watcher *watcher, int fifo, unsigned core)
{
    const struct sched_param param = {.sched_priority = fifo};
    pthread_attr_t attributes;
    pthread_condattr_t monotonic;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&keeper.changed, &monotonic);
    (void)pthread_attr_init(&attributes);
    (void)pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
    (void)pthread_attr_setschedpolicy(&attributes, SCHED_FIFO);
    (void)pthread_attr_setschedparam(&attributes, &param);
    (void)pthread_attr_setaffinity_np(&attributes, sizeof(set), &set);
    keeper.watcher = watcher;
    int error = pthread_create(&keeper.thread, &attributes, keep, NULL);
    (void)pthread_attr_destroy(&attributes);
    keeper.started = error == 0;
    return error;
}

bool budget_keep(pid_t pid, uint64_t budget_us, uint64_t period_us)
{
    struct kept kept = {.budget_ns = (int64_t)(budget_us * NS_PER_US),
                        .period_ns = (int64_t)(period_us * NS_PER_US)};
    if (period_us > (uint64_t)INT64_MAX / 2 / NS_PER_US ||
        clock_getcpuclockid(pid, &kept.clock) != 0) {
        return false;
    }
    kept.process = (int)syscall(SYS_pidfd_open, pid, 0);
    if (kept.process < 0 || !read_clock(CLOCK_MONOTONIC, &kept.period_start_ns) ||
        !read_clock(kept.clock, &kept.used_start_ns)) {
        return false;
    }
    (void)pthread_mutex_lock(&keeper.lock);
    bool room = keeper.started && keeper.count < KEPT_MAX;
    if (room) {
        keeper.kept[keeper.count++] = kept;
        (void)pthread_cond_signal(&keeper.changed);
    }
    (void)pthread_mutex_unlock(&keeper.lock);
    return room;
}

void budget_stop(void)
{
    if (!keeper.started) {
        return;
    }
    (void)pthread_mutex_lock(&keeper.lock);
    keeper.end = true;
    (void)pthread_cond_signal(&keeper.changed);
    (void)pthread_mutex_unlock(&keeper.lock);
    (void)pthread_join(keeper.thread, NULL);
    keeper.started = false;
}
