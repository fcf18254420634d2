/* SPDX-License-Identifier: BSD-2-Clause */
/* See watcher.h. */
#include "watcher.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The dead leave a group when they are gone for good, which takes the kernel a moment. */
enum { REMOVE_TRIES = 1000, REMOVE_PAUSE_MS = 10, WATCHER_FD = 3 };

static void end_silent(int runner)
{
    static const char text[] = "the runner has not been heard of for 2 s: it and every PD is "
                               "ended\n";
    ssize_t written = write(STDERR_FILENO, text, sizeof(text) - 1);
    (void)written;
    (void)syscall(SYS_pidfd_send_signal, runner, SIGKILL, NULL, 0);
}

/* Until the runner is gone. */
static void watch(int pipe, int runner, bool deadman)
{
    for (;;) {
        char bytes[64];
        struct pollfd file = {.fd = pipe, .events = POLLIN};
        int found = poll(&file, 1, deadman ? WATCHER_SILENCE_MS : -1);
        if (found > 0 && read(pipe, bytes, sizeof(bytes)) == 0) {
            return;
        }
        if (found == 0) {
            end_silent(runner);
            deadman = false; /* what comes next is its end */
        }
    }
}

static void run(int pipe, int runner, const struct cgroups *cgroups, int fifo)
{
    (void)setpgid(0, 0); /* Ctrl-C is for the runner alone */
    (void)prctl(PR_SET_NAME, "sddf-watch");
    if (dup2(pipe, WATCHER_FD) < 0 || dup2(runner, WATCHER_FD + 1) < 0 ||
        syscall(SYS_close_range, WATCHER_FD + 2, ~0U, 0) != 0) {
        _exit(1);
    }
    (void)close(STDIN_FILENO);
    (void)close(STDOUT_FILENO);
    const struct sched_param param = {.sched_priority = fifo};
    if (fifo > 0 &&
        (sched_setscheduler(0, SCHED_FIFO, &param) != 0 || mlockall(MCL_CURRENT) != 0)) {
        _exit(1);
    }
    watch(WATCHER_FD, WATCHER_FD + 1, fifo > 0);
    for (int i = 0; i < REMOVE_TRIES && !cgroup_remove(cgroups); i++) {
        (void)poll(NULL, 0, REMOVE_PAUSE_MS);
    }
    _exit(0);
}

bool watcher_start(struct watcher *watcher, const struct cgroups *cgroups, int fifo)
{
    int ends[2];
    int runner = (int)syscall(SYS_pidfd_open, getpid(), 0);
    if (runner < 0) {
        return false;
    }
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        (void)close(runner);
        return false;
    }
    /* Its places must be free of what is copied there. */
    int read_end = fcntl(ends[0], F_DUPFD_CLOEXEC, WATCHER_FD + 2);
    int runner_end = fcntl(runner, F_DUPFD_CLOEXEC, WATCHER_FD + 2);
    pid_t pid = read_end >= 0 && runner_end >= 0 ? fork() : -1;
    if (pid == 0) {
        run(read_end, runner_end, cgroups, fifo);
    }
    (void)close(ends[0]);
    (void)close(read_end);
    (void)close(runner);
    (void)close(runner_end);
    if (pid < 0) {
        (void)close(ends[1]);
        return false;
    }
    *watcher = (struct watcher){.pid = pid, .beat = ends[1]};
    return true;
}

void watcher_beat(const struct watcher *watcher)
{
    ssize_t written = write(watcher->beat, "", 1); /* a full pipe says it as well */
    (void)written;
}

void watcher_stop(struct watcher *watcher)
{
    if (watcher->pid > 0) {
        (void)close(watcher->beat);
        while (waitpid(watcher->pid, NULL, 0) < 0 && errno == EINTR) {
        }
        watcher->pid = 0;
    }
}
