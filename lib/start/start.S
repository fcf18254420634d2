/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a component of ours begins, at its first start and whenever its parent starts it anew:
 * microkit_pd_restart() sets the instruction and nothing else. It takes the stack as it was at first,
 * and goes on with the platform's start_component(again), which, if it starts again, makes its
 * variables zero, and calls init() and the event loop. Linked first, so that it lies where Microkit's
 * images start. */
    .data
    .balign 8
    .globl start_stack
    .hidden start_stack
    .type start_stack, %object
    .size start_stack, 8
start_stack:
    .quad 0 /* the stack pointer at the first start; like setvar words, kept over restarts */

    .section .text.start, "ax", %progbits
    .globl _start
    .type _start, %function
_start:
#if defined(__x86_64__)
    movl $1, %edi
    movq start_stack(%rip), %rax
    testq %rax, %rax
    jnz 1f
    xorl %edi, %edi
    movq %rsp, %rax
    movq %rax, start_stack(%rip)
1:  movq %rax, %rsp
    andq $-16, %rsp
    xorl %ebp, %ebp
    cld
    call start_component
    ud2
#elif defined(__aarch64__)
    adrp x2, start_stack
    ldr x1, [x2, :lo12:start_stack]
    mov w0, #1
    cbnz x1, 1f
    mov w0, #0
    mov x1, sp
    and x1, x1, #-16
    str x1, [x2, :lo12:start_stack]
1:  mov sp, x1
    mov x29, #0
    mov x30, #0
    b start_component
#elif defined(__riscv)
#if defined(START_GLOBAL_POINTER) /* of an executable; a shared object leaves it alone */
    .option push
    .option norelax
    la gp, __global_pointer$
    .option pop
#endif
    lla t0, start_stack
    ld t1, 0(t0)
    li a0, 1
    bnez t1, 1f
    li a0, 0
    andi t1, sp, -16
    sd t1, 0(t0)
1:  mv sp, t1
    li fp, 0
    tail start_component
#endif
    .size _start, . - _start
    .section .note.GNU-stack, "", %progbits
