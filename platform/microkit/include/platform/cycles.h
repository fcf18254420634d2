/* SPDX-License-Identifier: BSD-2-Clause */
/* Included by <sddf/cycles.h> only. Arm: the generic timer's counter, which seL4 lets user level
 * read in every configuration (Arm ARM D12.1.2; its cycle counter it does in `benchmark` only).
 * RISC-V: the time counter (Unprivileged ISA, Zicntr). */
#ifndef PLATFORM_CYCLES_H
#define PLATFORM_CYCLES_H

#include <stdint.h>

static inline uint64_t platform_cycles(void)
{
    uint64_t ticks;
#if defined(__aarch64__)
    __asm__ volatile("isb\n\tmrs %0, cntpct_el0" : "=r"(ticks)::"memory");
#elif defined(__riscv)
    __asm__ volatile("rdtime %0" : "=r"(ticks)::"memory");
#elif defined(__x86_64__)
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
    ticks = (uint64_t)high << 32 | low;
#endif
    return ticks;
}

#endif
