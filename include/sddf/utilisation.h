/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel itself counts of the CPU's use, where it is built to: seL4's benchmark
 * configuration. */
#ifndef SDDF_UTILISATION_H
#define SDDF_UTILISATION_H

#include <stdbool.h>
#include <stdint.h>

struct utilisation {
    uint64_t cycles;         /* that the interval took */
    uint64_t kernel_cycles;  /* spent in the kernel */
    uint64_t kernel_entries; /* system calls, interrupts, faults */
    uint64_t schedules;      /* switches from thread to thread */
};

#include <platform/utilisation.h>

#ifndef UTILISATION_COUNTED /* the platform has no such kernel */
static inline bool platform_utilisation_start(void)
{
    return false;
}

static inline bool platform_utilisation_stop(struct utilisation *found)
{
    (void)found;
    return false;
}
#endif

/* The interval begins. False: this kernel counts nothing. */
static inline bool utilisation_start(void)
{
    return platform_utilisation_start();
}

/* The interval ends. False: as above. */
static inline bool utilisation_stop(struct utilisation *found)
{
    return platform_utilisation_stop(found);
}

#endif
