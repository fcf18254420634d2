/* SPDX-License-Identifier: BSD-2-Clause */
/* Register access on seL4: one volatile access of the given size to a mapped device page. Included
 * by <sddf/mmio.h> only. */
#ifndef PLATFORM_MMIO_H
#define PLATFORM_MMIO_H

#include <stdint.h>

static inline uint64_t platform_mmio_read(uintptr_t address, unsigned size_bytes)
{
    switch (size_bytes) {
    case 1:
        return *(volatile const uint8_t *)address;
    case 2:
        return *(volatile const uint16_t *)address;
    case 4:
        return *(volatile const uint32_t *)address;
    default:
        return *(volatile const uint64_t *)address;
    }
}

static inline void platform_mmio_write(uintptr_t address, unsigned size_bytes, uint64_t value)
{
    switch (size_bytes) {
    case 1:
        *(volatile uint8_t *)address = (uint8_t)value;
        break;
    case 2:
        *(volatile uint16_t *)address = (uint16_t)value;
        break;
    case 4:
        *(volatile uint32_t *)address = (uint32_t)value;
        break;
    default:
        *(volatile uint64_t *)address = value;
        break;
    }
}

/* Orders all earlier writes to memory (DMA rings included) before a later register write. */
static inline void platform_mmio_barrier(void)
{
#if defined(__aarch64__)
    __asm__ volatile("dmb oshst" ::: "memory"); /* Arm ARM B2.3.10: outer shareable, stores */
#elif defined(__riscv)
    __asm__ volatile("fence w, o" ::
                         : "memory"); /* RISC-V unprivileged ISA 2.7: memory, then device */
#else
    __asm__ volatile("" ::
                         : "memory"); /* x86: stores are not reordered with later uncached stores */
#endif
}

#endif
