/* SPDX-License-Identifier: BSD-2-Clause */
/* See circulate.h. A signal is one write to an eventfd that nobody sleeps on: what a system call
 * costs, not what a wake does. */
#include "circulate.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

void sender_open(struct sender *sender, uint32_t buffers, bool with_signals)
{
    static int fd = -1;
    if (fd < 0) {
        fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    }
    if (fd < 0) {
        perror("bench_transport: eventfd");
        exit(1);
    }
    *sender = (struct sender){.free = buffers, .signal_fd = with_signals ? fd : -1};
}

void sender_call(const struct sender *sender)
{
    uint64_t one = 1;
    if (write(sender->signal_fd, &one, sizeof(one)) != (ssize_t)sizeof(one)) {
        perror("bench_transport: eventfd");
        exit(1);
    }
}
