/* SPDX-License-Identifier: BSD-2-Clause */
/* PDs with a parent. The runner plays the kernel for them, by ptrace: it sees a fault before the
 * PD's process does, and stops, moves and resumes the PD whatever that does, spins, or blocks. It
 * relies on nothing in the PD's memory, which is the PD's own to spoil.
 *
 *   RUN_ENTERS --SIGUSR1--> RUN_RUNS --fault--> RUN_TELLS --SIGUSR1--> RUN_HELD
 *                              ^  `--interrupted, for an order--------------^ |
 *                              `----------------- order ----------------------'
 *
 * Only the process itself learns what the machine said about a fault (its error code), and can walk
 * its stack. So its signal handler runs first, describes the fault in the report page, and returns;
 * a SIGUSR1 that waits behind it stops the PD again before its next instruction, all registers as
 * they were. A PD that has spoilt its handler is held without a description. */
#include "run.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

bool run_life_trace(const struct run_pd *pd)
{
    if (ptrace(PTRACE_SEIZE, pd->child.pid, NULL, (void *)PTRACE_O_EXITKILL) == 0) {
        return true;
    }
    run_say("%s: a PD with a parent is controlled by ptrace, which is refused here: %s; allow it "
            "(sysctl kernel.yama.ptrace_scope=1, or the container's capability SYS_PTRACE)",
            pd->child.name, strerror(errno));
    return false;
}

/* The process goes on, with a signal or 0. That it is gone already is told by wait. */
static void go(struct run_pd *pd, int signal)
{
    enum __ptrace_request how = pd->life.group_stopped ? PTRACE_LISTEN : PTRACE_CONT;
    (void)ptrace(how, pd->child.pid, NULL, (void *)(intptr_t)signal);
}

static void clear_signal_mask(struct run_pd *pd)
{
    uint64_t none = 0;
    (void)ptrace(PTRACE_SETSIGMASK, pd->child.pid, (void *)sizeof(none), &none);
}

/* Whether the process still has its handler for that signal; without, the signal would end it. */
static bool catches(pid_t pid, int signal)
{
    char path[32];
    char line[128];
    uint64_t caught = 0;
    (void)snprintf(path, sizeof(path), "/proc/%d/status", pid);
    FILE *file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, "SigCgt:", 7) == 0) {
            caught = strtoull(line + 7, NULL, 16);
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return (caught >> (signal - 1) & 1) != 0;
}

/* Stopped at its fault, registers as they were: the parent is told. */
static void hold_fault(struct run *run, struct run_pd *pd)
{
    struct run_life *life = &pd->life;
    struct registers_message message;
    uint32_t described = atomic_load_explicit(&pd->report->faults, memory_order_acquire);
    life->fault.described = described != life->described;
    life->described = described;
    life->fault.trap = life->fault.described ? pd->report->trap : 0;
    life->fault.error = life->fault.described ? pd->report->error : 0;
    life->phase = RUN_HELD;
    life->faulted = true;
    life->faults++;
    registers_rewind(&life->registers, life->fault.signal);
    (void)registers_write(pd->child.pid, &life->registers);
    registers_fault_message(&life->registers, &life->fault, &message);
    run_report_fault(run, pd);
    run_order_tell(run, pd, &message);
    (void)run_order_look(run, &run->pds[pd->description->parent]);
}

static void on_fault(struct run *run, struct run_pd *pd, int signal)
{
    struct run_life *life = &pd->life;
    switch (life->phase) {
    case RUN_ENTERS: /* a mistake of ours, in sddf-pd */
        run_say("%s: signal %d before it entered its sandbox", pd->child.name, signal);
        (void)kill(pd->child.pid, SIGKILL);
        break;
    case RUN_TELLS: /* within the handler, or again because SIGUSR1 is blocked */
        clear_signal_mask(pd);
        hold_fault(run, pd);
        break;
    default:
        life->fault = (struct registers_fault){.signal = signal};
        if (ptrace(PTRACE_GETSIGINFO, pd->child.pid, NULL, &life->fault.information) != 0 ||
            !registers_read(pd->child.pid, &life->registers)) {
            return; /* killed meanwhile */
        }
        if (catches(pd->child.pid, signal)) {
            life->phase = RUN_TELLS;
            (void)kill(pd->child.pid, SIGUSR1);
            go(pd, signal);
        } else {
            hold_fault(run, pd);
        }
        break;
    }
}

static void on_mark(struct run *run, struct run_pd *pd)
{
    if (pd->life.phase == RUN_TELLS) {
        hold_fault(run, pd);
        return;
    }
    if (pd->life.phase == RUN_ENTERS) {
        pd->life.phase = RUN_RUNS;
        pd->life.described = atomic_load_explicit(&pd->report->faults, memory_order_acquire);
        (void)run_order_look(run, &run->pds[pd->description->parent]); /* it may wait for this */
    }
    go(pd, 0);
}

/* Stopped because run_life_interrupt() asked for it, or by a SIGSTOP. */
static void on_trap(struct run *run, struct run_pd *pd, int signal)
{
    struct run_life *life = &pd->life;
    bool asked = life->interrupting;
    life->group_stopped = signal != SIGTRAP;
    life->interrupting = false;
    if (asked && life->phase == RUN_TELLS) { /* within its handler: back to where it faulted */
        clear_signal_mask(pd);
        hold_fault(run, pd);
    } else if (asked && life->phase == RUN_RUNS) {
        life->phase = RUN_HELD;
        if (run_order_look(run, &run->pds[pd->description->parent]) != pd) {
            run_life_go(pd); /* the order was carried out at a fault that came first */
        }
    } else {
        go(pd, 0);
    }
}

void run_life_on_stop(struct run *run, struct run_pd *pd, int status)
{
    int signal = WSTOPSIG(status);
    if (status >> 16 == PTRACE_EVENT_STOP) {
        on_trap(run, pd, signal);
        return;
    }
    switch (signal) {
    case SIGSEGV:
    case SIGBUS:
    case SIGILL:
    case SIGFPE:
    case SIGTRAP:
    case SIGSYS:
        on_fault(run, pd, signal);
        break;
    case SIGUSR1:
        on_mark(run, pd);
        break;
    default:
        go(pd, signal);
        break;
    }
}

void run_life_interrupt(struct run_pd *pd)
{
    if (!pd->life.interrupting) {
        pd->life.interrupting = ptrace(PTRACE_INTERRUPT, pd->child.pid, NULL, NULL) == 0;
    }
}

void run_life_go(struct run_pd *pd)
{
    pd->life.phase = RUN_RUNS;
    pd->life.faulted = false;
    go(pd, 0);
}

bool run_life_restart(struct run_pd *pd, uint64_t entry)
{
    struct registers registers;
    if (!registers_read(pd->child.pid, &registers)) {
        return false;
    }
    registers_jump(&registers, entry);
    clear_signal_mask(pd);
    return registers_write(pd->child.pid, &registers);
}

bool run_life_reply(struct run_pd *pd, const struct registers_message *reply)
{
    bool goes_on = registers_fault_reply(&pd->life.registers, &pd->life.fault, reply);
    return registers_write(pd->child.pid, &pd->life.registers) && goes_on;
}
