/* SPDX-License-Identifier: BSD-2-Clause */
/* Starts the children of a run by fork and exec, hands them what is theirs, and ends them. A child
 * inherits one socket, /dev/null, and a log pipe as its standard error; it dies with the runner,
 * however that dies. */
#include "run.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READY_MS = 5000, HANDOFF_S = 5, END_MS = 500 };

bool run_find_program(const char *name, char path[SYSTEM_PATH_MAX])
{
    /* Beside this program, as installed, then where the build leaves them. */
    static const char *const places[] = {"",
                                         "../libexec/sddf/",
                                         "../../platform/linux/",
                                         "../../platform/linux/device/",
                                         "platform/linux/",
                                         "platform/linux/device/"};
    char self[SYSTEM_PATH_MAX / 2];
    ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (length <= 0) {
        return false;
    }
    self[length] = '\0';
    char *slash = strrchr(self, '/');
    slash[1] = '\0';
    const char *libexec = getenv("SDDF_LIBEXEC");
    if (libexec != NULL) {
        (void)snprintf(path, SYSTEM_PATH_MAX, "%s/%s", libexec, name);
        if (access(path, X_OK) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        (void)snprintf(path, SYSTEM_PATH_MAX, "%s%s%s", self, places[i], name);
        if (access(path, X_OK) == 0) {
            return true;
        }
    }
    run_say("the program %s is not beside sddf; set SDDF_LIBEXEC to its folder", name);
    return false;
}

__attribute__((noreturn)) static void give_up(const char *text)
{
    ssize_t written = write(2, text, strlen(text));
    (void)written;
    _exit(PD_EXIT_START);
}

/* In the new process, until exec: only what a signal handler may do. */
static void become(const struct run_start *start, const char *name, pid_t runner,
                   const int files[2])
{
    char *argv[] = {strrchr(start->path, '/') + 1, (char *)(uintptr_t)name, NULL};
    char *environment[] = {NULL};
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGPIPE, SIG_DFL);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != runner) {
        _exit(PD_EXIT_START);
    }
    (void)setpgid(0, 0); /* Ctrl-C is for the runner alone */
    bool scheduled = run_schedule_become(&start->schedule);
    /* The targets are all below 4 and the sources are not: see run_from_four(). */
    if (dup2(files[1], 0) < 0 || dup2(files[1], 1) < 0 || dup2(start->log, 2) < 0 ||
        dup2(files[0], HANDOFF_FD) < 0) {
        _exit(PD_EXIT_START);
    }
    if (!scheduled) {
        give_up("its core or its real-time priority is refused\n");
    }
    (void)execve(start->path, argv, environment);
    give_up("cannot be executed\n");
}

int run_from_four(int fd)
{
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, HANDOFF_FD + 1);
    close(fd);
    return moved;
}

int run_fork(struct run_child *child, const struct run_start *start)
{
    int sockets[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0) {
        run_say("%s: no socket: %s", child->name, strerror(errno));
        return -1;
    }
    const int files[2] = {run_from_four(sockets[1]),
                          run_from_four(open("/dev/null", O_RDWR | O_CLOEXEC))};
    pid_t runner = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        become(start, child->name, runner, files);
    }
    close(files[0]);
    close(files[1]);
    child->pid = pid > 0 ? pid : 0;
    if (pid < 0) {
        run_say("%s: the %s cannot be started: %s", child->name, child->what, strerror(errno));
        close(sockets[0]);
        return -1;
    }
    /* A child that does not read must not hold up the runner. */
    const struct timeval limit = {.tv_sec = HANDOFF_S};
    (void)setsockopt(sockets[0], SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    return sockets[0];
}

/* Forks and hands over `items`; `pd` is the index of the PD, or -1. One with a parent is traced
 * before it has them. */
static bool spawn(struct run *run, struct run_child *child, int pd, const struct run_start *start,
                  const struct run_items *items)
{
    if (items->failed) {
        run_say("%s: too many maps and channels, or no descriptors left", child->name);
        return false;
    }
    int socket = run_fork(child, start);
    if (socket < 0) {
        return false;
    }
    /* Nothing of the image has run: that takes what is sent here. */
    bool traced = pd >= 0 && run->system->pds[pd].parent >= 0;
    if (traced && !run_life_trace(&run->pds[pd])) {
        close(socket);
        return false;
    }
    bool sent = (pd < 0 || run_schedule_enter(run, (unsigned)pd)) &&
                handoff_send(socket, items->items, items->count);
    if (!sent) {
        run_say("%s: the %s cannot be started: %s", child->name, child->what, strerror(errno));
        run_log_read(child); /* what it said */
    }
    close(socket);
    return sent;
}

static struct run_items items; /* too large for a stack */

static bool wait_ready(struct run_child *child, int ready)
{
    struct pollfd file = {.fd = ready, .events = POLLIN};
    char byte;
    int found;
    do {
        found = poll(&file, 1, READY_MS);
    } while (found < 0 && errno == EINTR);
    if (found > 0 && read(ready, &byte, 1) == 1) {
        return true;
    }
    run_log_read(child);
    run_say("%s: the device model %s", child->name,
            found > 0 ? "ended before it served its registers" : "is not ready after 5 s");
    return false;
}

/* The next byte of the device's; one that is a socket writes two. */
static bool hear_ready(struct run_device *device)
{
    bool ready = wait_ready(&device->child, device->ready);
    if (!ready || !device->is_socket || device->said_registers) {
        close(device->ready);
        device->ready = -1;
    }
    device->said_registers = true;
    return ready;
}

static bool start_device(struct run *run, struct run_device *device)
{
    char name[SYSTEM_NAME_MAX + 8];
    struct run_start start = {.schedule = run_schedule_of_device(run)};
    int ready[2] = {-1, -1};
    (void)snprintf(name, sizeof(name), "sddf-%s", device->description->backend);
    if (!run_find_program(name, start.path) ||
        !run_make_child(&device->child, device->description->name, "device model", &start.log) ||
        (device->is_socket && !run_socket_make(device))) {
        return false;
    }
    start.log = run_from_four(start.log);
    bool started =
        pipe2(device->child.wake, O_CLOEXEC | O_NONBLOCK) == 0 && pipe2(ready, O_CLOEXEC) == 0;
    if (started) {
        run_device_items(run, device, start.log, ready[1], &items);
        started = spawn(run, &device->child, -1, &start, &items);
        run_items_free(&items);
        close(ready[1]);
        device->ready = ready[0];
        started = started && hear_ready(device);
    }
    close(start.log);
    if (started && run->options.verbose) {
        run_say("%s: device model %s, process %d", device->child.name, name, device->child.pid);
    }
    return started;
}

bool run_start_devices(struct run *run)
{
    for (size_t i = 0; i < run->device_count; i++) {
        if (!start_device(run, &run->devices[i])) {
            return false;
        }
    }
    return true;
}

bool run_settle_devices(struct run *run)
{
    for (size_t i = 0; i < run->device_count; i++) {
        if (run->devices[i].ready >= 0 && !hear_ready(&run->devices[i])) {
            return false;
        }
    }
    return true;
}

static bool start_pd(struct run *run, unsigned index)
{
    struct run_pd *pd = &run->pds[index];
    struct run_start start = {.schedule = pd->schedule};
    if (!run_find_program("sddf-pd", start.path) ||
        !run_make_child(&pd->child, pd->description->name, "PD", &start.log)) {
        return false;
    }
    if (run->host.bytes == NULL) {
        (void)image_open(&run->host, start.path); /* for names in backtraces only */
        run->host.path = "sddf-pd";
    }
    start.log = run_from_four(start.log);
    run_pd_items(run, index, start.log, &items);
    bool started = spawn(run, &pd->child, (int)index, &start, &items);
    run_items_free(&items);
    close(start.log);
    if (started && run->options.verbose) {
        run_say("%s: PD, process %d, core %d, %s %d, image %s", pd->child.name, pd->child.pid,
                start.schedule.core, start.schedule.fifo > 0 ? "real-time priority" : "nice",
                start.schedule.fifo > 0 ? start.schedule.fifo : start.schedule.nice,
                system_file_shown(run->system, pd->description->image));
    }
    return started;
}

bool run_start_pds(struct run *run)
{
    for (unsigned i = 0; i < run->system->pd_count; i++) {
        run->pds[i].child.name = run->system->pds[i].name;
    }
    for (unsigned i = 0; i < run->system->pd_count; i++) {
        if (!start_pd(run, i)) {
            return false;
        }
    }
    return true;
}

void run_end(struct run_child *child)
{
    int status;
    if (child->pid > 0) {
        (void)kill(child->pid, SIGKILL);
        while (waitpid(child->pid, &status, 0) == child->pid && WIFSTOPPED(status)) {
        }
        child->pid = 0;
        run_log_finish(child);
    }
}

void run_stop_all(struct run *run)
{
    for (size_t i = 0; run->system != NULL && i < run->system->pd_count; i++) {
        if (run->options.in_process) {
            run->pds[i].child.pid = 0; /* that of all */
        }
        run_end(&run->pds[i].child);
    }
    run_end(&run->all_pds);
    /* Device models may have something to take down. */
    for (size_t i = 0; i < run->device_count; i++) {
        if (run->devices[i].child.pid > 0) {
            (void)kill(run->devices[i].child.pid, SIGTERM);
        }
    }
    for (int waited_ms = 0; waited_ms < END_MS; waited_ms += 10) {
        size_t alive = 0;
        for (size_t i = 0; i < run->device_count; i++) {
            struct run_child *child = &run->devices[i].child;
            if (child->pid > 0 && waitpid(child->pid, NULL, WNOHANG) == child->pid) {
                child->pid = 0;
                run_log_finish(child);
            }
            alive += child->pid > 0;
        }
        if (alive == 0) {
            break;
        }
        (void)poll(NULL, 0, 10);
    }
    for (size_t i = 0; i < run->device_count; i++) {
        run_end(&run->devices[i].child);
    }
}
