/* SPDX-License-Identifier: BSD-2-Clause */
/* Register access on Linux: every access goes to the device backend that the board binds to the
 * physical range (platform/linux/device). Included by <sddf/mmio.h> only. */
#ifndef PLATFORM_MMIO_H
#define PLATFORM_MMIO_H

#include <stdint.h>

uint64_t linux_mmio_read(uintptr_t address, unsigned size_bytes);
void linux_mmio_write(uintptr_t address, unsigned size_bytes, uint64_t value);

static inline uint64_t platform_mmio_read(uintptr_t address, unsigned size_bytes)
{
    return linux_mmio_read(address, size_bytes);
}

static inline void platform_mmio_write(uintptr_t address, unsigned size_bytes, uint64_t value)
{
    linux_mmio_write(address, size_bytes, value);
}

/* A posted write is published with release order and applied by another thread with acquire order,
 * so earlier writes to DMA memory are seen before it without a barrier here. */
static inline void platform_mmio_barrier(void)
{
}

#endif
