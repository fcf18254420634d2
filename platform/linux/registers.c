/* SPDX-License-Identifier: BSD-2-Clause */
/* See registers.h. What depends on the machine stands in one table per machine: which registers a
 * message carries, in order, and how a fault is classed. */
#include "registers.h"
#include <elf.h>
#include <stddef.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

enum label { LABEL_UNKNOWN_SYSCALL = 2, LABEL_USER_EXCEPTION = 3, LABEL_VM_FAULT = 6 };

#define AT(field) offsetof(struct user_regs_struct, field)

#if defined(__x86_64__)
enum { INSTRUCTION = AT(rip), NUMBER = AT(orig_rax), SYSTEM_CALL_SIZE = 2 };
static const size_t exception_words[] = {AT(rip), AT(rsp), AT(eflags)};
static const size_t syscall_words[] = {AT(rax), AT(rbx), AT(rcx), AT(rdx), AT(rsi), AT(rdi),
                                       AT(rbp), AT(r8),  AT(r9),  AT(r10), AT(r11), AT(r12),
                                       AT(r13), AT(r14), AT(r15), AT(rip), AT(rsp), AT(eflags)};
#elif defined(__aarch64__)
enum { INSTRUCTION = AT(pc), SYSTEM_CALL_SIZE = 4 };
static const size_t exception_words[] = {AT(pc), AT(sp), AT(pstate)};
static const size_t syscall_words[] = {AT(regs[0]), AT(regs[1]), AT(regs[2]),  AT(regs[3]),
                                       AT(regs[4]), AT(regs[5]), AT(regs[6]),  AT(regs[7]),
                                       AT(pc),      AT(sp),      AT(regs[30]), AT(pstate)};
#elif defined(__riscv)
enum { INSTRUCTION = AT(pc), SYSTEM_CALL_SIZE = 4 };
static const size_t exception_words[] = {AT(pc), AT(sp)};
static const size_t syscall_words[] = {AT(pc), AT(sp), AT(ra), AT(a0), AT(a1),
                                       AT(a2), AT(a3), AT(a4), AT(a5), AT(a6)};
#endif
enum {
    EXCEPTION_WORDS = sizeof(exception_words) / sizeof(size_t),
    SYSCALL_WORDS = sizeof(syscall_words) / sizeof(size_t)
};

/* A process may leave for code of 32 bits by itself; PTRACE_GETREGSET then shows other registers,
 * of 32 bits, and sets those. PTRACE_GETREGS always has ours. */
#if defined(__x86_64__)
bool registers_read(pid_t pid, struct registers *registers)
{
    return ptrace(PTRACE_GETREGS, pid, NULL, &registers->words) == 0;
}

bool registers_write(pid_t pid, const struct registers *registers)
{
    return ptrace(PTRACE_SETREGS, pid, NULL, &registers->words) == 0;
}
#else
bool registers_read(pid_t pid, struct registers *registers)
{
    struct iovec vector = {.iov_base = &registers->words, .iov_len = sizeof(registers->words)};
    return ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &vector) == 0;
}

bool registers_write(pid_t pid, const struct registers *registers)
{
    struct registers copy = *registers;
    struct iovec vector = {.iov_base = &copy.words, .iov_len = sizeof(copy.words)};
    return ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &vector) == 0;
}
#endif

static uint64_t get(const struct registers *registers, size_t offset)
{
    uint64_t word;
    memcpy(&word, (const uint8_t *)&registers->words + offset, sizeof(word));
    return word;
}

static void set(struct registers *registers, size_t offset, uint64_t word)
{
    memcpy((uint8_t *)&registers->words + offset, &word, sizeof(word));
}

uint64_t registers_instruction(const struct registers *registers)
{
    return get(registers, INSTRUCTION);
}

/* As seL4: an address that no instruction can have becomes 0. */
static uint64_t canonical(uint64_t instruction)
{
    return instruction >> 47 == 0 ? instruction : 0;
}

static void stand_at(struct registers *registers, uint64_t instruction)
{
    set(registers, INSTRUCTION, canonical(instruction));
#if defined(__x86_64__)
    set(registers, NUMBER, UINT64_MAX); /* else Linux moves the instruction back to the call */
#endif
}

void registers_jump(struct registers *registers, uint64_t instruction)
{
    stand_at(registers, instruction);
#if defined(__x86_64__)
    uint64_t code = 0; /* the segments of 64-bit code are the same in every process */
    uint64_t stack = 0;
    __asm__("mov %%cs, %0\n"
            "mov %%ss, %1\n"
            : "=r"(code), "=r"(stack));
    set(registers, AT(cs), code);
    set(registers, AT(ss), stack);
#endif
}

void registers_rewind(struct registers *registers, int signal)
{
    uint64_t instruction = registers_instruction(registers);
    stand_at(registers, signal == SIGSYS ? instruction - SYSTEM_CALL_SIZE : instruction);
}

/* Number and code of the exception, as seL4 tells them. */
static void exception_number(const struct registers_fault *fault, uint64_t *number, uint64_t *code)
{
    *number = 0;
    *code = 0;
#if defined(__x86_64__)
    static const struct {
        int signal;
        uint64_t vector;
    } usual[] = {{SIGILL, 6}, {SIGTRAP, 3}, {SIGBUS, 17}, {SIGSEGV, 13}}; /* SIGFPE: 0 */
    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
        *number = usual[i].signal == fault->signal ? usual[i].vector : *number;
    }
    if (fault->described) {
        *number = fault->trap;
        *code = fault->error;
    }
#else
    *number = fault->described ? fault->error : 0; /* ESR; riscv tells Linux programs no cause */
#endif
}

static bool is_page_fault(const struct registers_fault *fault)
{
    if (fault->signal != SIGSEGV && fault->signal != SIGBUS) {
        return false;
    }
#if defined(__x86_64__)
    if (fault->described) {
        return fault->trap == 14;
    }
#endif
    return fault->information.si_code == SEGV_MAPERR || fault->information.si_code == SEGV_ACCERR;
}

static bool is_instruction_fault(const struct registers *registers,
                                 const struct registers_fault *fault)
{
#if defined(__x86_64__)
    if (fault->described) {
        return (fault->error & 16) != 0;
    }
#elif defined(__aarch64__)
    if (fault->described) {
        return fault->error >> 26 == 0x20; /* instruction abort */
    }
#endif
    return (uint64_t)(uintptr_t)fault->information.si_addr == registers_instruction(registers);
}

static void copy_registers(const struct registers *registers, const size_t *from, size_t count,
                           struct registers_message *message)
{
    for (size_t i = 0; i < count; i++) {
        message->words[i] = get(registers, from[i]);
    }
    message->count = count;
}

void registers_fault_message(const struct registers *registers, const struct registers_fault *fault,
                             struct registers_message *message)
{
    *message = (struct registers_message){0};
    if (fault->signal == SIGSYS) {
        message->label = LABEL_UNKNOWN_SYSCALL;
        copy_registers(registers, syscall_words, SYSCALL_WORDS, message);
        message->words[message->count++] = (uint64_t)fault->information.si_syscall;
    } else if (is_page_fault(fault)) {
        message->label = LABEL_VM_FAULT;
        message->words[0] = registers_instruction(registers);
        message->words[1] = (uint64_t)(uintptr_t)fault->information.si_addr;
        message->words[2] = is_instruction_fault(registers, fault);
        message->words[3] = fault->error;
        message->count = 4;
    } else {
        message->label = LABEL_USER_EXCEPTION;
        copy_registers(registers, exception_words, EXCEPTION_WORDS, message);
        exception_number(fault, &message->words[EXCEPTION_WORDS],
                         &message->words[EXCEPTION_WORDS + 1]);
        message->count += 2;
    }
}

bool registers_fault_reply(struct registers *registers, const struct registers_fault *fault,
                           const struct registers_message *reply)
{
    const size_t *to = fault->signal == SIGSYS ? syscall_words : exception_words;
    size_t most = fault->signal == SIGSYS ? SYSCALL_WORDS : EXCEPTION_WORDS;
    if (is_page_fault(fault)) {
        return true; /* the access is made again */
    }
    for (size_t i = 0; i < most && i < reply->count; i++) {
        set(registers, to[i],
            to[i] == (size_t)INSTRUCTION ? canonical(reply->words[i]) : reply->words[i]);
    }
    return reply->label == 0;
}
