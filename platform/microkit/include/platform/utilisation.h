/* SPDX-License-Identifier: BSD-2-Clause */
/* seL4's own account of the CPU's use, in its configuration `benchmark`, where Microkit gives each
 * PD its TCB capability (seL4 reference manual, "Benchmarking"; libsel4's
 * benchmark_utilisation_types.h). Included by <sddf/utilisation.h> only. */
#ifndef PLATFORM_UTILISATION_H
#define PLATFORM_UTILISATION_H

#include <microkit.h>

#ifdef CONFIG_BENCHMARK_TRACK_UTILISATION
#include <sel4/benchmark_utilisation_types.h>

#define UTILISATION_COUNTED

static inline bool platform_utilisation_start(void)
{
    return seL4_BenchmarkResetLog() == seL4_NoError;
}

static inline bool platform_utilisation_stop(struct utilisation *found)
{
    seL4_BenchmarkFinalizeLog();
    seL4_BenchmarkGetThreadUtilisation(TCB_CAP);
    const uint64_t *counts = (const uint64_t *)seL4_GetIPCBuffer()->msg;
    *found = (struct utilisation){
        .cycles = counts[BENCHMARK_TOTAL_UTILISATION],
        .kernel_cycles = counts[BENCHMARK_TOTAL_KERNEL_UTILISATION],
        .kernel_entries = counts[BENCHMARK_TOTAL_NUMBER_KERNEL_ENTRIES],
        .schedules = counts[BENCHMARK_TOTAL_NUMBER_SCHEDULES],
    };
    return true;
}
#endif

#endif
