/* SPDX-License-Identifier: BSD-2-Clause */
/* Device models run on coherent cores: no cache maintenance. Included by <sddf/cache.h> only. */
#ifndef PLATFORM_CACHE_H
#define PLATFORM_CACHE_H

#include <stddef.h>
#include <stdint.h>

static inline void platform_cache_clean(uintptr_t address, size_t size_bytes)
{
    (void)address;
    (void)size_bytes;
}

static inline void platform_cache_invalidate(uintptr_t address, size_t size_bytes)
{
    (void)address;
    (void)size_bytes;
}

#endif
