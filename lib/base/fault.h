/* SPDX-License-Identifier: BSD-2-Clause */
/* What a memory fault was about: seL4's message ends with the machine's own words, its fault status
 * register, which each architecture lays out in its own way. The kernel says them, and they are
 * right; a machine that says nothing (0) leaves it open. */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include <stdint.h>

enum fault_access { FAULT_ACCESS, FAULT_READ, FAULT_WRITE };

static inline enum fault_access fault_access_of(uint64_t status)
{
#if defined(__aarch64__) /* ESR_EL1, of a data abort: ISS, bit 6, WnR (Arm ARM, D24.2.40) */
    enum { WRITE = 1U << 6 };
    return (status & WRITE) != 0 ? FAULT_WRITE : FAULT_READ;
#elif defined(__riscv) /* scause: 5 load access fault, 13 load page fault, 7 and 15 of stores */
    enum { LOAD_ACCESS = 5, STORE_ACCESS = 7, LOAD_PAGE = 13, STORE_PAGE = 15 };
    if (status == LOAD_ACCESS || status == LOAD_PAGE) {
        return FAULT_READ;
    }
    return status == STORE_ACCESS || status == STORE_PAGE ? FAULT_WRITE : FAULT_ACCESS;
#else                  /* x86-64: the page fault's error code, bit 1, W/R (Intel SDM, 3A, 4.7) */
    enum { WRITE = 1U << 1 };
    return (status & WRITE) != 0 ? FAULT_WRITE : FAULT_READ;
#endif
}

#endif
