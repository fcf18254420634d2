/* SPDX-License-Identifier: BSD-2-Clause */
/* The switch between two stacks: what a called function must keep, the stack pointer, and back. The
 * signal mask and the floating point control words are those of the process. */
#include "inprocess.h"
#include <string.h>

#if defined(__x86_64__)
__asm__(".text\n"
        ".balign 16\n"
        ".globl inprocess_switch\n"
        ".hidden inprocess_switch\n"
        ".type inprocess_switch, @function\n"
        "inprocess_switch:\n"
        "pushq %rbp\n"
        "pushq %rbx\n"
        "pushq %r12\n"
        "pushq %r13\n"
        "pushq %r14\n"
        "pushq %r15\n"
        "movq %rsp, (%rdi)\n"
        "movq %rsi, %rsp\n"
        "popq %r15\n"
        "popq %r14\n"
        "popq %r13\n"
        "popq %r12\n"
        "popq %rbx\n"
        "popq %rbp\n"
        "ret\n"
        ".size inprocess_switch, . - inprocess_switch\n");

enum { SAVED_WORDS = 8, ENTRY_WORD = 6 }; /* behind it a return address of 0: the backtrace ends */
#elif defined(__aarch64__)
__asm__(".text\n"
        ".balign 16\n"
        ".globl inprocess_switch\n"
        ".hidden inprocess_switch\n"
        ".type inprocess_switch, %function\n"
        "inprocess_switch:\n"
        "sub sp, sp, #160\n"
        "stp x19, x20, [sp]\n"
        "stp x21, x22, [sp, #16]\n"
        "stp x23, x24, [sp, #32]\n"
        "stp x25, x26, [sp, #48]\n"
        "stp x27, x28, [sp, #64]\n"
        "stp x29, x30, [sp, #80]\n"
        "stp d8, d9, [sp, #96]\n"
        "stp d10, d11, [sp, #112]\n"
        "stp d12, d13, [sp, #128]\n"
        "stp d14, d15, [sp, #144]\n"
        "mov x9, sp\n"
        "str x9, [x0]\n"
        "mov sp, x1\n"
        "ldp x19, x20, [sp]\n"
        "ldp x21, x22, [sp, #16]\n"
        "ldp x23, x24, [sp, #32]\n"
        "ldp x25, x26, [sp, #48]\n"
        "ldp x27, x28, [sp, #64]\n"
        "ldp x29, x30, [sp, #80]\n"
        "ldp d8, d9, [sp, #96]\n"
        "ldp d10, d11, [sp, #112]\n"
        "ldp d12, d13, [sp, #128]\n"
        "ldp d14, d15, [sp, #144]\n"
        "add sp, sp, #160\n"
        "ret\n"
        ".size inprocess_switch, . - inprocess_switch\n");

enum { SAVED_WORDS = 20, ENTRY_WORD = 11 };
#endif

void *inprocess_new_stack(uint8_t *stack, uint64_t size, void (*entry)(void))
{
    uint64_t *saved = (uint64_t *)(void *)(stack + size) - SAVED_WORDS;
    memset(saved, 0, SAVED_WORDS * sizeof(*saved));
    saved[ENTRY_WORD] = (uint64_t)(uintptr_t)entry;
    return saved;
}
