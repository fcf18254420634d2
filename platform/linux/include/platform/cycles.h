/* SPDX-License-Identifier: BSD-2-Clause */
/* Included by <sddf/cycles.h> only. What Linux lets every process read: x86's time-stamp counter,
 * Arm's virtual counter, RISC-V's time. */
#ifndef PLATFORM_CYCLES_H
#define PLATFORM_CYCLES_H

#include <stdint.h>

static inline uint64_t platform_cycles(void)
{
    uint64_t ticks;
#if defined(__x86_64__)
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
    ticks = (uint64_t)high << 32 | low;
#elif defined(__aarch64__)
    __asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(ticks)::"memory");
#elif defined(__riscv)
    __asm__ volatile("rdtime %0" : "=r"(ticks)::"memory");
#endif
    return ticks;
}

#endif
