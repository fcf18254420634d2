/* SPDX-License-Identifier: BSD-2-Clause */
/* How a PD that is a process of its own waits, wakes others and ends. Its counterpart, for all PDs
 * in one process, is ../inprocess/executor.c. */
#include "pd.h"
#include <sys/syscall.h>
#include <unistd.h>

void pd_wake(const struct pd_peer *peer)
{
    /* Pairs with the fence in pd_sleep_arm(): either this sees `sleeping`, or the peer sees the
     * word stored before. */
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load_explicit(&peer->state->sleeping, memory_order_relaxed) != 0) {
        ssize_t written = write(peer->wake, "", 1); /* a full pipe wakes as well */
        (void)written;
    }
}

bool pd_sleep_arm(void)
{
    atomic_store_explicit(&pd.state->sleeping, 1, memory_order_relaxed);
    (void)link_sleep();
    atomic_thread_fence(memory_order_seq_cst);
    return true;
}

void pd_sleep_disarm(void)
{
    atomic_store_explicit(&pd.state->sleeping, 0, memory_order_relaxed);
    link_awake();
}

/* What the pipe holds means nothing. The read end waits; the write ends, in other hands, never do.
 */
void pd_sleep(void)
{
    static uint8_t drained[PD_WAKE_DRAIN]; /* not on the PD's stack, which is small */
    struct pollfd wake = {.fd = pd.wake_fd, .events = POLLIN};
    if (link_has_sockets() && (link_wait(&wake, 1), wake.revents == 0)) {
        return;
    }
    if (read(pd.wake_fd, drained, sizeof(drained)) == 0) {
        pd_exit(PD_EXIT_START); /* no write end is left: the runner is gone */
    }
}

void pd_exit(int code)
{
    for (;;) {
        (void)syscall(SYS_exit_group, code);
    }
}

void pd_fault_end(void *context)
{
    (void)context;
    pd_exit(PD_EXIT_FAULT);
}
