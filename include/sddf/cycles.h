/* SPDX-License-Identifier: BSD-2-Clause */
/* A counter that goes on at one rate and that every component may read without a call: for
 * intervals only, since its rate is not told. */
#ifndef SDDF_CYCLES_H
#define SDDF_CYCLES_H

#include <platform/cycles.h>
#include <stdint.h>

static inline uint64_t cycles_now(void)
{
    return platform_cycles();
}

#endif
