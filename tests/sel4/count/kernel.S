/* SPDX-License-Identifier: BSD-2-Clause */
/* A kernel of two address spaces for test_count.py, on QEMU's virt machine with one Cortex-A53. Both
 * map a copy of user.S of their own at 0x200000. Each system call switches to the other; after the
 * last one the kernel waits in its idle loop for a timer interrupt, writes to the UART and turns the
 * machine off. test_count.py counts these instructions by hand: change both.
 *
 * x20: calls left; x21, x22: translation tables of this and of the other space; x23, x24: their turns.
 * References: Arm ARM D5.3 (descriptors), D13.2 (registers); GICv2 4.3, 4.4; PSCI 5.1. */
    .equ TABLE, 3
    .equ NORMAL_BLOCK, 0x401            /* access flag, attribute 0 */
    .equ DEVICE_BLOCK, 0x405            /* access flag, attribute 1 */
    .equ USER_PAGE, 0x4c3               /* access flag, read-only at EL0 */
    .equ GIC_DISTRIBUTOR, 0x08000000
    .equ GIC_CPU, 0x08010000
    .equ UART, 0x09000000
    .equ TIMER_INTERRUPT, 30
    .equ SYSTEM_OFF, 0x84000008

    .text
    .global _start, idle_thread, arm_vector_table
_start:
    mov x0, #0xff
    msr mair_el1, x0
    ldr x0, =(25 | 1 << 23)             /* 39 bits of addresses, 4 KiB pages, no TTBR1 */
    msr tcr_el1, x0
    ldr x21, =level1_a
    ldr x22, =level1_b
    msr ttbr0_el1, x21
    ldr x0, =arm_vector_table
    msr vbar_el1, x0
    isb
    mrs x0, sctlr_el1
    orr x0, x0, #1
    msr sctlr_el1, x0
    isb
    mov x20, #CALLS
    ldr x23, =TURNS_A
    ldr x24, =TURNS_B
    mov x0, #0x3c0                      /* EL0, interrupts masked */
    msr spsr_el1, x0
    mov x0, #0x200000
    msr elr_el1, x0
    mov x0, x23
    eret

system_call:                            /* 14 instructions, or 2 */
    subs x20, x20, #1
    b.eq finish
    mov x9, x21
    mov x21, x22
    mov x22, x9
    mov x9, x23
    mov x23, x24
    mov x24, x9
    mov x0, x23
    msr ttbr0_el1, x21
    tlbi vmalle1
    dsb nsh
    isb
    eret

finish:                                 /* 13 instructions */
    mov x1, #GIC_DISTRIBUTOR
    mov x2, #1 << TIMER_INTERRUPT
    str w2, [x1, #0x100]                /* GICD_ISENABLER0 */
    mov w2, #1
    str w2, [x1]                        /* GICD_CTLR */
    ldr x1, =GIC_CPU
    str w2, [x1]                        /* GICC_CTLR */
    mov w2, #0xff
    str w2, [x1, #4]                    /* GICC_PMR */
    mov x1, #20000
    msr cntp_tval_el0, x1
    mov x1, #1
    b 1f
1:                                      /* 2 more */
    msr cntp_ctl_el0, x1
    msr daifclr, #2
idle_thread:
    wfi
    b idle_thread
idle_end:

interrupt:                              /* 6 instructions; the store to a device is not the last */
    msr cntp_ctl_el0, xzr
    mov x1, #UART
    mov w2, #'.'
    str w2, [x1]
    ldr w0, =SYSTEM_OFF
    hvc #0

    .balign 2048
arm_vector_table:
    .skip 0x280
    b interrupt                         /* from this level, its stack pointer: IRQ */
    .balign 0x80
    .skip 0x100
    b system_call                       /* from a lower level, AArch64: synchronous */
    .balign 0x80
    .skip 0x380

    .data
    .macro space name
    .balign 4096
level1_\name:
    .quad level2_\name + TABLE, 0x40000000 + NORMAL_BLOCK
    .balign 4096
level2_\name:
    .quad 0, level3_\name + TABLE
    .skip (64 - 2) * 8
    .quad GIC_DISTRIBUTOR + DEVICE_BLOCK
    .skip (72 - 65) * 8
    .quad UART + DEVICE_BLOCK
    .balign 4096
level3_\name:
    .quad user_\name + USER_PAGE, user_\name + 4096 + USER_PAGE
    .balign 4096
user_\name:
    .incbin "user.bin"
    .balign 4096
    .endm

    space a
    space b
