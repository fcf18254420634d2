/* SPDX-License-Identifier: BSD-2-Clause */
/* Register access for the components' tests: the test plays the device. Included by <sddf/mmio.h>
 * only. */
#ifndef PLATFORM_MMIO_H
#define PLATFORM_MMIO_H

#include <stdint.h>

uint64_t mock_mmio_read(uintptr_t address, unsigned size_bytes);
void mock_mmio_write(uintptr_t address, unsigned size_bytes, uint64_t value);
void mock_mmio_barrier(void);

static inline uint64_t platform_mmio_read(uintptr_t address, unsigned size_bytes)
{
    return mock_mmio_read(address, size_bytes);
}

static inline void platform_mmio_write(uintptr_t address, unsigned size_bytes, uint64_t value)
{
    mock_mmio_write(address, size_bytes, value);
}

static inline void platform_mmio_barrier(void)
{
    mock_mmio_barrier();
}

#endif
