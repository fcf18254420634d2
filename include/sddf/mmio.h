/* SPDX-License-Identifier: BSD-2-Clause */
/* Device registers. A driver reaches its device through these functions alone; the platform says
 * what an access is: a volatile access to a mapped page on seL4, a message to a device backend on
 * Linux.
 *
 * Addresses are virtual, aligned to the access. Reads and writes are relaxed: in program order
 * among themselves on one device, but not ordered with ordinary memory. A doorbell is a write that
 * all earlier writes to memory precede; use it for the register that tells a device to look at its
 * rings. */
#ifndef SDDF_MMIO_H
#define SDDF_MMIO_H

#include <platform/mmio.h>
#include <stdint.h>

#define SDDF_MMIO_ACCESS(bits)                                                      \
    static inline uint##bits##_t mmio_read##bits(uintptr_t address)                 \
    {                                                                               \
        return (uint##bits##_t)platform_mmio_read(address, (bits) / 8);             \
    }                                                                               \
    static inline void mmio_write##bits(uintptr_t address, uint##bits##_t value)    \
    {                                                                               \
        platform_mmio_write(address, (bits) / 8, value);                            \
    }                                                                               \
    static inline void mmio_doorbell##bits(uintptr_t address, uint##bits##_t value) \
    {                                                                               \
        platform_mmio_barrier();                                                    \
        platform_mmio_write(address, (bits) / 8, value);                            \
    }

SDDF_MMIO_ACCESS(8)
SDDF_MMIO_ACCESS(16)
SDDF_MMIO_ACCESS(32)
SDDF_MMIO_ACCESS(64)

#undef SDDF_MMIO_ACCESS

#endif
