/* SPDX-License-Identifier: BSD-2-Clause */
/* `sddf run`: options, the story of a run, and the loop that waits for children, their output and
 * signals. See run.h. */
#include "run.h"
#include "package.h"
#include "pd/sanitized.h"
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

extern const unsigned char run_default_board[];
extern const unsigned long run_default_board_size;

enum { EXIT_USAGE = 2 };

static void usage(void)
{
    (void)fputs(
        "usage: sddf run FILE [options]     FILE: a .system, or a package of `sddf microkit`\n"
        "  --board FILE             the machine (default: boards/linux.yaml, built in)\n"
        "  --search DIR             where images and prefill files are; may be repeated\n"
        "  --wire DEVICE=KIND:ARG   what a device is connected to; may be repeated\n"
        "  --mac DEVICE=MAC         the device's own address; may be repeated\n"
        "  --cpu N                  run everything on core N\n"
        "  --stats FILE             write all counters there at the end, and on SIGUSR1\n"
        "  --status FILE            write the process ids there once all are started\n"
        "  --in-process             all PDs in one process, without isolation: for speed, "
        "profiles\n"
        "                           and one debugger\n"
        "  --images DIR             with --in-process: leave the image of each PD there, where "
        "profilers\n"
        "                           find its names\n"
        "  --realtime               SCHED_FIFO in the order of the priorities; one core stays "
        "free\n"
        "  --no-strict              a lost deferred call is only said, and does not stop the PD\n"
        "  --verbose                say what is started\n"
        "exit code: 0 when asked to end, 1 when a start failed or every PD has ended, 2 when the\n"
        "command line or a description is wrong and so nothing was started\n",
        stderr);
}

static bool add_pair(struct run_wire *list, size_t *count, char *text, const char *option)
{
    char *equals = strchr(text, '=');
    if (equals == NULL || *count == RUN_WIRES_MAX) {
        run_say("%s %s: expected DEVICE=..., at most %d times", option, text, RUN_WIRES_MAX);
        return false;
    }
    *equals = '\0';
    list[(*count)++] = (struct run_wire){.device = text, .text = equals + 1};
    return true;
}

static bool parse_cpu(struct run_options *options, const char *text)
{
    char *end = NULL;
    long cpu = strtol(text, &end, 10);
    if (*text == '\0' || *end != '\0' || cpu < 0 || cpu >= sysconf(_SC_NPROCESSORS_CONF)) {
        run_say("--cpu %s: expected a core from 0 to %ld", text, sysconf(_SC_NPROCESSORS_CONF) - 1);
        return false;
    }
    options->cpu = (int)cpu;
    return true;
}

enum option_code {
    BOARD = 256,
    SEARCH,
    WIRE,
    MAC,
    CPU,
    STATS,
    STATUS,
    STRICT,
    NO_STRICT,
    VERBOSE,
    REALTIME,
    NO_SECCOMP,
    IN_PROCESS,
    IMAGES
};

static const struct option option_list[] = {
    {"board", required_argument, NULL, BOARD},
    {"search", required_argument, NULL, SEARCH},
    {"wire", required_argument, NULL, WIRE},
    {"mac", required_argument, NULL, MAC},
    {"cpu", required_argument, NULL, CPU},
    {"stats", required_argument, NULL, STATS},
    {"status", required_argument, NULL, STATUS},
    {"strict", no_argument, NULL, STRICT},
    {"no-strict", no_argument, NULL, NO_STRICT},
    {"verbose", no_argument, NULL, VERBOSE},
    {"realtime", no_argument, NULL, REALTIME},
    {"no-seccomp", no_argument, NULL, NO_SECCOMP},
    {"in-process", no_argument, NULL, IN_PROCESS},
    {"images", required_argument, NULL, IMAGES},
    {NULL, 0, NULL, 0},
};

/* For tests of what holds without the filter; two things must be said, and it is not in the usage,
 * so that nobody does it by accident. */
static bool take_no_seccomp(struct run_options *options)
{
    const char *unsafe = getenv("SDDF_UNSAFE");
    options->no_seccomp = unsafe != NULL && strcmp(unsafe, "no-seccomp") == 0;
    run_say(options->no_seccomp
                ? "the PDs run without their system call filter: for tests only"
                : "--no-seccomp takes half of the sandbox away; only with SDDF_UNSAFE=no-seccomp "
                  "in the environment");
    return options->no_seccomp;
}

static bool parse_option(struct run_options *options, int code)
{
    switch (code) {
    case BOARD:
        options->board = optarg;
        return true;
    case SEARCH:
        if (options->search_count == RUN_SEARCH_MAX) {
            run_say("--search: at most %d times", RUN_SEARCH_MAX);
            return false;
        }
        options->search[options->search_count++] = optarg;
        return true;
    case WIRE:
        return add_pair(options->wires, &options->wire_count, optarg, "--wire");
    case MAC:
        return add_pair(options->macs, &options->mac_count, optarg, "--mac");
    case CPU:
        return parse_cpu(options, optarg);
    case STATS:
        options->stats = optarg;
        return true;
    case STATUS:
        options->status = optarg;
        return true;
    case STRICT:
    case NO_STRICT:
        options->strict = code == STRICT;
        return true;
    case VERBOSE:
        options->verbose = true;
        return true;
    case REALTIME:
        options->realtime = true;
        return true;
    case IMAGES:
        options->images = optarg;
        return true;
    case IN_PROCESS:
        options->in_process = true;
        return true;
    case NO_SECCOMP:
        return take_no_seccomp(options);
    default:
        usage();
        return false;
    }
}

static bool parse_options(struct run_options *options, int argc, char **argv)
{
    *options = (struct run_options){.strict = true, .cpu = -1};
    optind = 0;
    int code;
    while ((code = getopt_long(argc, argv, "", option_list, NULL)) != -1) {
        if (!parse_option(options, code)) {
            return false;
        }
    }
    if (optind + 1 != argc) {
        usage();
        return false;
    }
    if (options->images != NULL && !options->in_process) {
        run_say("--images goes with --in-process only");
        return false;
    }
    if (options->in_process && options->realtime) {
        run_say("--in-process and --realtime exclude each other: PDs of one process have one "
                "real-time priority");
        return false;
    }
    options->system = argv[optind];
    return true;
}

static bool read_board(struct run *run)
{
    if (run->options.board != NULL) {
        return board_read(run->options.board, &run->board);
    }
    char path[32];
    int fd = run_memfd("board", run_default_board_size);
    bool read = fd >= 0 && write(fd, run_default_board, run_default_board_size) ==
                               (ssize_t)run_default_board_size;
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    read = read && board_read(path, &run->board);
    if (fd >= 0) {
        close(fd);
    }
    return read;
}

static bool take_signals(struct run *run)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGCHLD);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGHUP);
    (void)sigaddset(&set, SIGUSR1);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    run->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    return run->signals >= 0;
}

static bool read_descriptions(struct run *run)
{
    const struct run_options *options = &run->options;
    run->system = package_is(options->system)
                      ? package_read(options->system)
                      : system_read(options->system, options->search, options->search_count);
    return run->system != NULL && read_board(run);
}

static bool prepare(struct run *run)
{
    return run_make_regions(run) && run_bind_devices(run) && run_prepare_images(run);
}

bool run_check(struct run *run)
{
    return read_descriptions(run) && prepare(run);
}

static bool start(struct run *run)
{
    bool in_process = run->options.in_process;
    return run_schedule_plan(run) && prepare(run) && (!in_process || run_inprocess_check(run)) &&
           run_make_lines(run) && run_schedule_begin(run) && run_start_devices(run) &&
           (in_process ? run_inprocess_start(run) : run_start_pds(run)) && run_settle_devices(run);
}

/* Takes the exit status of every child that ended; false when no PD is left. */
static bool reap(struct run *run)
{
    int status;
    for (size_t i = 0; i < run->device_count; i++) {
        struct run_child *child = &run->devices[i].child;
        if (child->pid > 0 && waitpid(child->pid, &status, WNOHANG) == child->pid) {
            child->pid = 0;
            run_log_finish(child);
            run_report_device(&run->devices[i], status);
        }
    }
    if (run->options.in_process) {
        return run_inprocess_reap(run);
    }
    size_t alive = 0;
    for (size_t i = 0; i < run->system->pd_count; i++) {
        struct run_child *child = &run->pds[i].child;
        if (child->pid > 0 && waitpid(child->pid, &status, WNOHANG) == child->pid) {
            if (WIFSTOPPED(status)) {
                run_life_on_stop(run, &run->pds[i], status);
            } else {
                child->pid = 0;
                run_log_finish(child);
                run_report_pd(run, &run->pds[i], status);
                run_report_callers(run, &run->pds[i], true);
                run_socket_let_go(run, &run->pds[i]);
                run_order_look_all(run); /* its parent may wait for it to stop */
            }
        }
        alive += child->pid > 0;
    }
    return alive > 0;
}

/* Handles one signal; -1 = go on, else the exit code. */
static int on_signal(struct run *run)
{
    struct signalfd_siginfo information;
    if (read(run->signals, &information, sizeof(information)) != sizeof(information)) {
        return -1;
    }
    switch (information.ssi_signo) {
    case SIGCHLD:
        if (!reap(run)) {
            run_say("every PD has ended");
            return 1;
        }
        return run_schedule_watched(run) ? -1 : 1;
    case SIGUSR1:
        run_write_stats(run);
        return -1;
    default:
        return 0;
    }
}

/* The child of that number: PDs, device models, the process of all PDs. */
static struct run_child *child_at(struct run *run, size_t number)
{
    if (number < run->system->pd_count) {
        return &run->pds[number].child;
    }
    number -= run->system->pd_count;
    return number < run->device_count ? &run->devices[number].child : &run->all_pds;
}

static int watch(struct run *run)
{
    static struct pollfd files[2 + SYSTEM_PDS_MAX + BOARD_DEVICES_MAX + 1];
    static struct run_child *children[2 + SYSTEM_PDS_MAX + BOARD_DEVICES_MAX + 1];
    for (;;) {
        nfds_t count = 0;
        files[count++] = (struct pollfd){.fd = run->signals, .events = POLLIN};
        files[count++] = (struct pollfd){.fd = run->bell[0], .events = POLLIN};
        for (size_t i = 0; i <= run->system->pd_count + run->device_count; i++) {
            struct run_child *child = child_at(run, i);
            if (child->log >= 0) {
                children[count] = child;
                files[count++] = (struct pollfd){.fd = child->log, .events = POLLIN};
            }
        }
        if (poll(files, count, -1) < 0 && errno != EINTR) {
            run_say("poll: %s", strerror(errno));
            return 1;
        }
        for (nfds_t i = 2; i < count; i++) {
            if (files[i].revents != 0) {
                run_log_read(children[i]);
            }
        }
        if (files[1].revents != 0) {
            run_order_look_all(run);
            run_inprocess_look(run);
        }
        int code = files[0].revents != 0 ? on_signal(run) : -1;
        if (code >= 0) {
            return code;
        }
    }
}

static void clear(struct run *run)
{
    for (size_t from = 0; from < SYSTEM_PDS_MAX; from++) {
        for (size_t to = 0; to < SYSTEM_PDS_MAX; to++) {
            run->line_fds[from][to] = -1;
        }
        run->pds[from].child.log = -1;
        run->pds[from].orders_fd = -1;
        run->pds[from].kernel_fd = -1;
    }
    for (size_t i = 0; i < BOARD_DEVICES_MAX; i++) {
        run->devices[i].child.log = -1;
        run->devices[i].ready = -1;
        run->devices[i].socket = -1;
    }
    run->all_pds.log = -1;
}

/* Memory and descriptors go with this process; the children must be gone before it. */
int linux_run(int argc, char **argv)
{
    static struct run run;
    clear(&run);
    if (!parse_options(&run.options, argc, argv)) {
        return EXIT_USAGE;
    }
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    if (!read_descriptions(&run)) {
        system_free(run.system);
        return EXIT_USAGE;
    }
    if (PD_SANITIZED) {
        run_say("this is a build with sanitizers: every stack is four times what the system says");
    }
    int code = 1;
    bool started = take_signals(&run) && start(&run);
    if (started) {
        run_write_status(&run);
        if (run.options.verbose) {
            run_say("%zu PDs and %zu device models run", run.system->pd_count, run.device_count);
        }
        code = watch(&run);
    }
    run_stop_all(&run);
    run_schedule_end(&run);
    if (started) {
        run_write_stats(&run);
    }
    if (run.options.status != NULL) {
        (void)unlink(run.options.status);
    }
    system_free(run.system);
    return code;
}
