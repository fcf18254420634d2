/* SPDX-License-Identifier: BSD-2-Clause */
/* A fault ends the PD, and its report page says what happened: kind, address, what is there, and a
 * backtrace along frame pointers within the PD's stack. The handler runs on a stack of its own,
 * because the PD's may be what is full. The runner puts names to the addresses.
 *
 * A PD with a parent does not end: the handler only describes the fault and returns, and the runner
 * stops the PD right behind, where it was (run_life.c). */
#include "pd.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

enum { FAULT_STACK = 64 * 1024 };

extern const char __ehdr_start[] __attribute__((visibility("hidden"))); /* our load address */

struct registers {
    uint64_t instruction, frame, stack;
    uint64_t trap, error;
    uint32_t access;
};

static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS};

#if defined(__aarch64__)
/* The syndrome, which the kernel leaves in a record behind the registers. */
static uint64_t find_esr(const ucontext_t *context)
{
    const uint8_t *record = context->uc_mcontext.__reserved;
    const uint8_t *end = record + sizeof(context->uc_mcontext.__reserved);
    while (record + sizeof(struct esr_context) <= end) {
        struct esr_context esr;
        memcpy(&esr, record, sizeof(esr));
        if (esr.head.magic == ESR_MAGIC) {
            return esr.esr;
        }
        if (esr.head.magic == 0 || esr.head.size == 0) {
            break;
        }
        record += esr.head.size;
    }
    return 0;
}
#endif

static struct registers read_registers(const ucontext_t *context)
{
    struct registers registers = {0};
#if defined(__x86_64__)
    registers.instruction = (uint64_t)context->uc_mcontext.gregs[REG_RIP];
    registers.frame = (uint64_t)context->uc_mcontext.gregs[REG_RBP];
    registers.stack = (uint64_t)context->uc_mcontext.gregs[REG_RSP];
    registers.trap = (uint64_t)context->uc_mcontext.gregs[REG_TRAPNO];
    registers.error = (uint64_t)context->uc_mcontext.gregs[REG_ERR]; /* of a page fault */
    registers.access = (registers.error & 16) != 0  ? PD_ACCESS_EXECUTE
                       : (registers.error & 2) != 0 ? PD_ACCESS_WRITE
                                                    : PD_ACCESS_READ;
#elif defined(__aarch64__)
    registers.instruction = context->uc_mcontext.pc;
    registers.frame = context->uc_mcontext.regs[29];
    registers.error = find_esr(context);
#elif defined(__riscv)
    registers.instruction = context->uc_mcontext.__gregs[0];
    registers.frame = 0; /* frames are laid out otherwise; the instruction alone is reported */
#endif
    return registers;
}

static void find_place(struct pd_report *report, uint64_t address)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    uint64_t stack = (uint64_t)(uintptr_t)pd.stack;
    report->place = PD_PLACE_NONE;
    for (size_t i = 0; i < pd.map_count; i++) {
        if (address >= pd.maps[i].address && address - pd.maps[i].address < pd.maps[i].size) {
            report->place = PD_PLACE_REGION;
            report->place_address = pd.maps[i].address;
            report->permissions = pd.maps[i].permissions;
            memcpy(report->place_name, pd.maps[i].name, sizeof(report->place_name));
            return;
        }
    }
    if (address >= stack - page && address < stack) {
        report->place = PD_PLACE_GUARD;
        report->place_address = stack - page;
    }
}

/* Reads whatever the stack holds, a sanitizer's forbidden zones too. */
__attribute__((no_sanitize("address", "undefined"))) static void
backtrace(struct pd_report *report, const struct registers *registers)
{
    uint64_t low = (uint64_t)(uintptr_t)pd.stack;
    uint64_t high = low + pd.stack_size;
    uint64_t frame = registers->frame;
    uint64_t count = 0;
    report->frames[count++] = registers->instruction;
    /* A function without calls may have no frame: then its return address is on top of the stack
     * (x86-64), and would be missing below. */
    if (registers->stack >= low && registers->stack <= high - 16 && registers->stack % 8 == 0) {
        uint64_t top = *(const uint64_t *)(uintptr_t)registers->stack;
        if (top >= pd.image_start && top - pd.image_base < pd.image_size) {
            report->frames[count++] = top;
        }
    }
    /* Frames only go up the stack, so this ends; nothing outside the stack is read. */
    while (count < PD_FRAMES_MAX && frame >= low && frame <= high - 16 && frame % 8 == 0) {
        const uint64_t *saved = (const uint64_t *)(uintptr_t)frame;
        if (saved[1] == 0) {
            break;
        }
        report->frames[count++] = saved[1];
        if (saved[0] <= frame) {
            break;
        }
        frame = saved[0];
    }
    report->frame_count = count;
}

static void on_fault(int signal, siginfo_t *information, void *context)
{
    struct pd_report *report = pd.report;
    struct registers registers = read_registers(context);
    uint64_t address = (uint64_t)(uintptr_t)information->si_addr;
    report->signal = (uint32_t)signal;
    report->address = address;
    report->access = signal == SIGSEGV ? registers.access : PD_ACCESS_UNKNOWN;
    report->system_call = signal == SIGSYS ? (uint32_t)information->si_syscall : 0;
    report->trap = registers.trap;
    report->error = registers.error;
    report->host_base = (uint64_t)(uintptr_t)__ehdr_start;
    if (signal == SIGSEGV || signal == SIGBUS) {
        find_place(report, address);
    }
    backtrace(report, &registers);
    pd_log_flush();
    if ((pd.options & PD_OPTION_CHILD) != 0) {
        uint32_t faults = atomic_load_explicit(&report->faults, memory_order_relaxed);
        atomic_store_explicit(&report->faults, faults + 1, memory_order_release);
        return;
    }
    atomic_store_explicit(&report->kind, PD_REPORT_FAULT, memory_order_release);
    pd_fault_end(context);
}

/* A fault of a child within the handler must find the handler again, for a blocked one would reset
 * it for ever: the runner sees it first, and what it does not let through does not nest. */
static void set_options(struct sigaction *action)
{
    (void)sigfillset(&action->sa_mask);
    if (PD_IN_PROCESS) {
        return; /* others go on, and may have a fault, too */
    }
    if ((pd.options & PD_OPTION_CHILD) == 0) {
        action->sa_flags |= (int)SA_RESETHAND;
        return;
    }
    action->sa_flags |= SA_NODEFER;
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        (void)sigdelset(&action->sa_mask, signals[i]);
    }
}

void pd_fault_install(void)
{
    static uint8_t fault_stack[FAULT_STACK] __attribute__((aligned(16)));
    stack_t stack = {.ss_sp = fault_stack, .ss_size = sizeof(fault_stack)};
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    set_options(&action);
    if (sigaltstack(&stack, NULL) != 0) {
        pd_start_failed("sigaltstack: %s", strerror(errno));
    }
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        if (sigaction(signals[i], &action, NULL) != 0) {
            pd_start_failed("sigaction: %s", strerror(errno));
        }
    }
    (void)signal(SIGPIPE, SIG_IGN);
}
