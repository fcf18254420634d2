/* SPDX-License-Identifier: BSD-2-Clause */
/* Hostile driver of an AF_XDP socket: makes the system call CALL on it, as x86-64 wants it. Runs as
 * a PD in place of the driver. */
#include <microkit.h>
#include <sddf/config.h>
#include <sddf/net.h>
#include <stdint.h>

enum { FDS = 64, NOWAIT = 0x40, SOL_XDP = 283, SYS_X86_WRITE = 1 };

static long call6(long number, long a, long b, long c, long d, long e, long f)
{
    long result = -1;
#if defined(__x86_64__)
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
#else
    (void)number, (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
#endif
    return result;
}

static uint8_t bytes[256];

/* The one descriptor that refuses a byte as AF_XDP sockets do: ENXIO and ENETDOWN before it is
 * bound, EOPNOTSUPP then. The others are pipes. */
static long find_socket(void)
{
    for (long fd = 0; fd < FDS; fd++) {
        long result = call6(SYS_X86_WRITE, fd, (long)(uintptr_t)bytes, 1, 0, 0, 0);
        if (result == -6 || result == -100 || result == -95) {
            return fd;
        }
    }
    microkit_dbg_puts("no socket\n");
    return -1;
}

void init(void)
{
    (void)config_get(CONFIG_NET_DRIVER, NET_CONFIG_VERSION, sizeof(struct net_driver_config));
    const long data = (long)(uintptr_t)bytes, size = sizeof(bytes), fd = find_socket();
    const long calls[][7] = {
        {44, fd, 0, 0, NOWAIT, 0, 0},        /* 0: sendto as a doorbell, the one that may be */
        {44, fd + 1, 0, 0, NOWAIT, 0, 0},    /* 1: on something else */
        {44, fd, data, size, NOWAIT, 0, 0},  /* 2: something */
        {44, fd, 0, 0, NOWAIT, data, 16},    /* 3: to somebody */
        {44, fd, 0, 0, 0, 0, 0},             /* 4: and wait */
        {45, fd, data, size, NOWAIT, 0, 0},  /* 5: recvfrom, something */
        {45, fd, 0, 0, NOWAIT, data, data},  /* 6: from somebody */
        {49, fd, data, 16, 0, 0, 0},         /* 7: bind */
        {54, fd, SOL_XDP, 1, data, 4, 0},    /* 8: setsockopt, a ring more */
        {55, fd, SOL_XDP, 1, data, data, 0}, /* 9: getsockopt */
        {9, 0, 4096, 3, 1, fd, 0},           /* 10: mmap */
    };
    const long *call = calls[CALL];
    if (fd >= 0) {
        (void)call6(call[0], call[1], call[2], call[3], call[4], call[5], call[6]);
        microkit_dbg_puts("ALLOWED\n");
    }
}

void notified(microkit_channel channel)
{
    (void)channel;
}
