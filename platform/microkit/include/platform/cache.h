/* SPDX-License-Identifier: BSD-2-Clause */
/* Cache maintenance on seL4, by user-level instructions; no kernel entry is needed. Included by
 * <sddf/cache.h> only.
 *
 * Arm ARM D7.5.9: dc cvac cleans, dc civac cleans and invalidates a line by address to the point of
 * coherency; both are allowed at EL0 by seL4. The line size is CTR_EL0.DminLine (Arm ARM D17.2.34).
 * RISC-V boards and x86 machines that we support have coherent DMA. */
#ifndef PLATFORM_CACHE_H
#define PLATFORM_CACHE_H

#include <stddef.h>
#include <stdint.h>

#if defined(__aarch64__)
static inline uintptr_t platform_cache_line_size(void)
{
    uint64_t ctr;
    __asm__("mrs %0, ctr_el0" : "=r"(ctr));
    return (uintptr_t)4 << ((ctr >> 16) & 0xf);
}

static inline void platform_cache_clean(uintptr_t address, size_t size_bytes)
{
    uintptr_t line = platform_cache_line_size();
    uintptr_t end = address + size_bytes;
    for (uintptr_t at = address & ~(line - 1); at < end; at += line) {
        __asm__ volatile("dc cvac, %0" ::"r"(at) : "memory");
    }
    __asm__ volatile("dsb sy" ::: "memory");
}

static inline void platform_cache_invalidate(uintptr_t address, size_t size_bytes)
{
    uintptr_t line = platform_cache_line_size();
    uintptr_t end = address + size_bytes;
    for (uintptr_t at = address & ~(line - 1); at < end; at += line) {
        __asm__ volatile("dc civac, %0" ::"r"(at) : "memory");
    }
    __asm__ volatile("dsb sy" ::: "memory");
}
#else
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

#endif
