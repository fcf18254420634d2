/* SPDX-License-Identifier: BSD-2-Clause */
/* The copier as it is proved: contracts of what it calls, then its own source with the annotations
 * of copier.acsl. */
#include "contracts/base.h"
#include "contracts/net.h"

#include <mem/mem.h>

/*@ requires writable((uint64_t)destination, size) && readable((uint64_t)source, size);
    assigns \nothing; */
void *memcpy(void *restrict destination, const void *restrict source, size_t size);

#include "virt/net/copier.c"
