/* SPDX-License-Identifier: BSD-2-Clause */
/* Closes the PD's sandbox: afterwards the process has its mapped memory, its pipes, and the few
 * system calls that waiting, waking and dying need. Anything else is a fault (SIGSYS), reported
 * like every other. Whoever takes over the PD's code has no more. */
#include "pd.h"
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    NOBODY = 65534,
    FILES_MAX = 4, /* ppoll() refuses to wait for more descriptors than this, and the sockets */
};

static const int calls_allowed[] = {
    SCMP_SYS(read),           SCMP_SYS(write),
    SCMP_SYS(ppoll),          SCMP_SYS(exit),
    SCMP_SYS(exit_group),     SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sched_yield),    SCMP_SYS(clock_gettime),
    SCMP_SYS(rt_sigprocmask), SCMP_SYS(restart_syscall),
};

/* What a sanitizer's runtime needs to say what it found. */
static const int calls_of_sanitizers[] = {
    SCMP_SYS(mmap),   SCMP_SYS(munmap),      SCMP_SYS(madvise),  SCMP_SYS(getpid),
    SCMP_SYS(gettid), SCMP_SYS(sigaltstack), SCMP_SYS(futex),    SCMP_SYS(nanosleep),
    SCMP_SYS(fstat),  SCMP_SYS(newfstatat),  SCMP_SYS(mprotect), SCMP_SYS(getrlimit),
};

/* What it tries besides, and can do without. */
static const int calls_failing_for_sanitizers[] = {
    SCMP_SYS(open),         SCMP_SYS(openat), SCMP_SYS(readlink), SCMP_SYS(readlinkat),
    SCMP_SYS(access),       SCMP_SYS(ioctl),  SCMP_SYS(uname),    SCMP_SYS(prlimit64),
    SCMP_SYS(prctl),        SCMP_SYS(tgkill), SCMP_SYS(close),    SCMP_SYS(personality),
    SCMP_SYS(rt_sigaction),
};

static void must(bool done, const char *what)
{
    if (!done) {
        pd_start_failed("the sandbox cannot be closed: %s: %s", what, strerror(errno));
    }
}

static int file_of(const struct link_window *window)
{
    return window->xsk != NULL ? window->socket : window->device_wake;
}

static bool is_kept(int fd)
{
    if (fd == pd.log_fd || fd == pd.wake_fd || fd == pd.bell_fd ||
        (PD_SANITIZED && fd == STDERR_FILENO)) {
        return true;
    }
    for (size_t i = 0; i < pd.peer_count; i++) {
        if (fd == pd.peers[pd.peer_list[i]].wake) {
            return true;
        }
    }
    for (size_t i = 0; i < LINK_WINDOWS_MAX; i++) {
        if (pd.links[i].address != 0 && fd == file_of(&pd.links[i])) {
            return true;
        }
    }
    return false;
}

static void close_files(void)
{
    int highest = 2;
    for (size_t i = 0; i < pd.peer_count; i++) {
        int wake = pd.peers[pd.peer_list[i]].wake;
        highest = wake > highest ? wake : highest;
    }
    for (size_t i = 0; i < LINK_WINDOWS_MAX; i++) {
        int file = pd.links[i].address != 0 ? file_of(&pd.links[i]) : -1;
        highest = file > highest ? file : highest;
    }
    highest = pd.log_fd > highest ? pd.log_fd : highest;
    highest = pd.wake_fd > highest ? pd.wake_fd : highest;
    highest = pd.bell_fd > highest ? pd.bell_fd : highest;
    for (int fd = 0; fd <= highest; fd++) {
        if (!is_kept(fd)) {
            (void)close(fd);
        }
    }
    must(syscall(SYS_close_range, (unsigned)highest + 1, ~0U, 0) == 0, "close_range");
}

static void limit(void)
{
    rlim_t sockets = 0;
    for (size_t i = 0; i < LINK_WINDOWS_MAX; i++) {
        sockets += pd.links[i].xsk != NULL;
    }
    const struct {
        __rlimit_resource_t resource;
        rlim_t most;
    } limits[] = {{RLIMIT_NPROC, 0},
                  {RLIMIT_NOFILE, FILES_MAX + sockets},
                  {RLIMIT_CORE, 0},
                  {RLIMIT_FSIZE, 0}};
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        struct rlimit both = {limits[i].most, limits[i].most};
        must(setrlimit(limits[i].resource, &both) == 0, "setrlimit");
    }
}

/* From root to nobody, where the machine lets us; and without any capability in every case. */
static void drop_privileges(void)
{
    pid_t runner = getppid();
    if (geteuid() == 0 && setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0) {
        (void)setresuid(NOBODY, NOBODY, NOBODY);
    }
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};
    must(syscall(SYS_capset, &header, none) == 0, "capset");
    must(prctl(PR_SET_DUMPABLE, 0) == 0, "PR_SET_DUMPABLE");
    /* The change of user cleared it; should the runner be gone already, nobody would end us. */
    must(prctl(PR_SET_PDEATHSIG, 9) == 0 && getppid() == runner, "PR_SET_PDEATHSIG");
}

/* The doorbells of an AF_XDP socket (../device/xsk_rings.c): calls that say "look at your rings"
 * and carry nothing. */
static void allow_doorbells(scmp_filter_ctx context, int socket)
{
    const int calls[] = {SCMP_SYS(sendto), SCMP_SYS(recvfrom)};
    const scmp_datum_t arguments[] = {(scmp_datum_t)socket, 0, 0, MSG_DONTWAIT, 0, 0};
    struct scmp_arg_cmp equal[6];
    for (unsigned i = 0; i < 6; i++) {
        equal[i] = (struct scmp_arg_cmp){.arg = i, .op = SCMP_CMP_EQ, .datum_a = arguments[i]};
    }
    for (size_t i = 0; i < sizeof(calls) / sizeof(int); i++) {
        must(seccomp_rule_add_array(context, SCMP_ACT_ALLOW, calls[i], 6, equal) == 0,
             "seccomp rule");
    }
}

static void filter(void)
{
    scmp_filter_ctx context = seccomp_init(SCMP_ACT_TRAP);
    must(context != NULL, "seccomp_init");
    for (size_t i = 0; i < sizeof(calls_allowed) / sizeof(int); i++) {
        must(seccomp_rule_add(context, SCMP_ACT_ALLOW, calls_allowed[i], 0) == 0, "seccomp rule");
    }
    for (size_t i = 0; i < LINK_WINDOWS_MAX; i++) {
        if (pd.links[i].xsk != NULL) {
            allow_doorbells(context, pd.links[i].socket);
        }
    }
    for (size_t i = 0; PD_SANITIZED && i < sizeof(calls_of_sanitizers) / sizeof(int); i++) {
        must(seccomp_rule_add(context, SCMP_ACT_ALLOW, calls_of_sanitizers[i], 0) == 0,
             "seccomp rule");
    }
    for (size_t i = 0; PD_SANITIZED && i < sizeof(calls_failing_for_sanitizers) / sizeof(int);
         i++) {
        must(seccomp_rule_add(context, SCMP_ACT_ERRNO(EPERM), calls_failing_for_sanitizers[i], 0) ==
                 0,
             "seccomp rule");
    }
    int error = seccomp_load(context);
    errno = -error;
    must(error == 0, "seccomp_load");
    seccomp_release(context);
}

void pd_sandbox(void)
{
    close_files();
    limit();
    drop_privileges();
    must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "PR_SET_NO_NEW_PRIVS");
    if ((pd.options & PD_OPTION_NO_SECCOMP) == 0) {
        filter();
    }
}
