/* SPDX-License-Identifier: BSD-2-Clause */
/* libmicrokit for Linux, the part that C cannot say: where a program starts, also after
 * microkit_pd_restart(), its table (pd/program.h), and for each function of the API a jump through
 * that table which leaves all arguments as they are. */
#include "pd/program.h"

#if defined(__x86_64__)
#define JUMP(slot) jmp *slot(%rip)
#elif defined(__aarch64__)
#define JUMP(slot) adrp x16, slot; ldr x16, [x16, :lo12:slot]; br x16
#elif defined(__riscv)
#define JUMP(slot) ld t1, slot; jr t1
#endif

    .section .text.start, "ax"
    .globl _start
    .type _start, %function
_start: /* the stack pointer is the PD's, or wherever a restarted program stood: align it */
#if defined(__x86_64__)
    cld
    xorl %ebp, %ebp
    andq $-16, %rsp
    call linux_program_main
    ud2
#elif defined(__aarch64__)
    mov x29, #0
    mov x30, #0
    mov x16, sp
    and sp, x16, #-16
    bl linux_program_main
    brk #0
#elif defined(__riscv)
    .option push
    .option norelax
    la gp, __global_pointer$
    .option pop
    andi sp, sp, -16
    li fp, 0
    call linux_program_main
    ebreak
#endif
    .size _start, . - _start

#define SLOT(name) slot_##name: .quad 0;

    .data
    .balign 8
    .globl microkit_linux
    .type microkit_linux, %object
microkit_linux:
    .quad PROGRAM_MAGIC
    .quad (slots_end - slots) / 8
    .quad microkit_name
    .quad microkit_have_signal
    .quad microkit_signal_cap
    .quad microkit_signal_msg
    .quad 0
slots:
    PD_API_FUNCTIONS(SLOT)
slots_end:
    .size microkit_linux, . - microkit_linux

#define STUB(name) .globl name; .type name, %function; name: JUMP(slot_##name); .size name, . - name;

    .text
    PD_API_FUNCTIONS(STUB)

    .section .note.GNU-stack, "", %progbits
