/* SPDX-License-Identifier: BSD-2-Clause */
/* See sandbox.h. */
#include "sandbox.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/if_packet.h>
#include <linux/if_xdp.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Set by the build. */
#ifndef SANITIZED
#define SANITIZED 0
#endif

enum { NOBODY = 65534 };

static bool drop_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
    return syscall(SYS_capset, &header, none) == 0;
}

static bool drop_user(void)
{
    if (geteuid() != 0) {
        return true;
    }
    /* EINVAL: a user namespace without that user; giving up the capabilities must do there. */
    if (setgroups(0, NULL) != 0 || setresgid(NOBODY, NOBODY, NOBODY) != 0 ||
        setresuid(NOBODY, NOBODY, NOBODY) != 0) {
        return errno == EINVAL || errno == EPERM;
    }
    return true;
}

/* The kernel takes 32 bits of an int, whatever stands above them. */
static struct scmp_arg_cmp is_word(unsigned argument, int value)
{
    return (struct scmp_arg_cmp){.arg = argument,
                                 .op = SCMP_CMP_MASKED_EQ,
                                 .datum_a = UINT32_MAX,
                                 .datum_b = (uint32_t)value};
}

/* What a wire asks and says of its socket while it runs. Packet sockets have options that reach
 * other interfaces (PACKET_ADD_MEMBERSHIP) and seldom used parts of the kernel. */
static bool allow_options(scmp_filter_ctx filter)
{
    static const struct {
        int call, level, option;
    } options[] = {
        {SCMP_SYS(setsockopt), SOL_SOCKET, SO_SNDBUF},
        {SCMP_SYS(getsockopt), SOL_SOCKET, SO_ERROR},
        {SCMP_SYS(getsockopt), SOL_PACKET, PACKET_STATISTICS},
        {SCMP_SYS(getsockopt), SOL_XDP, XDP_STATISTICS},
    };
    bool good = true;
    for (size_t i = 0; good && i < sizeof options / sizeof options[0]; i++) {
        good = seccomp_rule_add(filter, SCMP_ACT_ALLOW, options[i].call, 2,
                                is_word(1, options[i].level), is_word(2, options[i].option)) == 0;
    }
    return good;
}

static bool filter_system_calls(void)
{
    const int allowed[] = {
        SCMP_SYS(read),
        SCMP_SYS(write),
        SCMP_SYS(ppoll),
        SCMP_SYS(sendmmsg),
        SCMP_SYS(recvmmsg),
        SCMP_SYS(accept4),
        SCMP_SYS(close),
        SCMP_SYS(exit_group),
        SCMP_SYS(rt_sigreturn),
        /* of the timer; only its own file and clocks can be named */
        SCMP_SYS(timerfd_settime),
        SCMP_SYS(clock_gettime),
    };
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    bool good = filter != NULL;
    for (size_t i = 0; good && i < sizeof allowed / sizeof allowed[0]; i++) {
        good = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0) == 0;
    }
    good = good && allow_options(filter) && seccomp_load(filter) == 0;
    if (filter != NULL) {
        seccomp_release(filter);
    }
    return good;
}

/* The change of user cleared it; should the runner be gone already, nobody would end us. */
static bool die_with(pid_t runner)
{
    return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == runner;
}

bool sandbox_enter(void)
{
    pid_t runner = getppid();
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && drop_user() && drop_capabilities() &&
           die_with(runner) && (SANITIZED || filter_system_calls());
}
