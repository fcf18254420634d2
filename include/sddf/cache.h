/* SPDX-License-Identifier: BSD-2-Clause */
/* Cache maintenance for DMA on machines whose devices do not see the caches. Ranges are widened to
 * whole cache lines, so a buffer that a device writes must not share its lines with other data.
 * Where devices are coherent the platform's functions are empty. */
#ifndef SDDF_CACHE_H
#define SDDF_CACHE_H

#include <platform/cache.h>
#include <stddef.h>
#include <stdint.h>

/* Before a device reads: what we wrote reaches memory. */
static inline void cache_clean(uintptr_t address, size_t size_bytes)
{
    platform_cache_clean(address, size_bytes);
}

/* Before and after a device writes: no stale line of ours stands before its data. Cleans too, since
 * user level on seL4 may not discard lines (Arm: dc ivac faults, dc civac does not). */
static inline void cache_invalidate(uintptr_t address, size_t size_bytes)
{
    platform_cache_invalidate(address, size_bytes);
}

#endif
