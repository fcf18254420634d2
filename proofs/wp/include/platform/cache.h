/* SPDX-License-Identifier: BSD-2-Clause */
/* The proofs' stand-in for the platform's cache maintenance: it changes no memory, and must stay
 * within what is mapped. */
#ifndef PLATFORM_CACHE_H
#define PLATFORM_CACHE_H

#include <sddf/atomic.h>

/*@ requires readable(address, size_bytes); assigns \nothing; */
void platform_cache_clean(uintptr_t address, size_t size_bytes);
/*@ requires readable(address, size_bytes); assigns \nothing; */
void platform_cache_invalidate(uintptr_t address, size_t size_bytes);

#endif
