/* SPDX-License-Identifier: BSD-2-Clause */
/* A user program of two pages for kernel.S, run in two address spaces: x0 turns of a loop, then a
 * system call. Linked at 0x200000, as Microkit links a PD. */
    .global first, second
    .type first, %function
first:
    mov x1, x0
    bl second
1:  subs x1, x1, #1
    b.ne 1b
    svc #7
    b first

    .balign 4096
    .type second, %function
second:
    ret
