/* SPDX-License-Identifier: BSD-2-Clause */
/* The registers of a stopped PD, as the runner sees and sets them by ptrace, and the messages that
 * seL4 makes of them: fault messages and what a reply to one changes (seL4 Reference Manual, 6,
 * "Faults"; layouts of libsel4's sel4_arch/constants.h, labels of a kernel built for MCS). */
#ifndef LINUX_REGISTERS_H
#define LINUX_REGISTERS_H

#include "pd/pages.h"
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/user.h>
#if defined(__riscv)
#include <asm/ptrace.h>
#endif

struct registers {
    struct user_regs_struct words;
};

bool registers_read(pid_t pid, struct registers *registers);
bool registers_write(pid_t pid, const struct registers *registers);
uint64_t registers_instruction(const struct registers *registers);
/* Sets the instruction, which is one of the machine's native code, and nothing else but that a
 * system call which was interrupted is not made again. */
void registers_jump(struct registers *registers, uint64_t instruction);

/* After a fault: as seL4, stands in front of a system call that is not allowed, which Linux has
 * passed. */
void registers_rewind(struct registers *registers, int signal);

/* A fault, as the kernel of the machine told it. `trap` and `error` as in struct pd_report, and
 * valid if `described`. */
struct registers_fault {
    int signal;
    siginfo_t information;
    bool described;
    uint64_t trap, error;
};

struct registers_message {
    uint64_t label, count;
    uint64_t words[PD_FAULT_WORDS];
};

void registers_fault_message(const struct registers *registers, const struct registers_fault *fault,
                             struct registers_message *message);
/* What the reply changes; false when its label says that the PD is not to go on. */
bool registers_fault_reply(struct registers *registers, const struct registers_fault *fault,
                           const struct registers_message *reply);

#endif
