/* SPDX-License-Identifier: BSD-2-Clause */
/* The clock of sddf-load: all its times are nanoseconds of CLOCK_MONOTONIC. */
#ifndef SDDF_LOAD_CLOCK_H
#define SDDF_LOAD_CLOCK_H

#include <stdint.h>
#include <time.h>

#define SECOND_NS UINT64_C(1000000000)

static inline uint64_t clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

#endif
