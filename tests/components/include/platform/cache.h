/* SPDX-License-Identifier: BSD-2-Clause */
/* Cache maintenance for the components' tests: every operation is recorded (mock_microkit.h).
 * Included by <sddf/cache.h> only. */
#ifndef PLATFORM_CACHE_H
#define PLATFORM_CACHE_H

#include <stddef.h>
#include <stdint.h>

void mock_cache_clean(uintptr_t address, size_t size_bytes);
void mock_cache_invalidate(uintptr_t address, size_t size_bytes);

static inline void platform_cache_clean(uintptr_t address, size_t size_bytes)
{
    mock_cache_clean(address, size_bytes);
}

static inline void platform_cache_invalidate(uintptr_t address, size_t size_bytes)
{
    mock_cache_invalidate(address, size_bytes);
}

#endif
