/* SPDX-License-Identifier: BSD-2-Clause */
/* How busy one of this machine's CPUs was, as that of a system under test that runs here, too. */
#ifndef SDDF_LOAD_CPU_H
#define SDDF_LOAD_CPU_H

#include <stdbool.h>
#include <stdint.h>

/* Ticks of CPU `cpu` since boot. */
struct cpu_time {
    uint64_t idle; /* with nothing to do, or waiting for a disk */
    uint64_t all;
};

/* False if /proc/stat has no such CPU. */
bool cpu_read(unsigned cpu, struct cpu_time *time);

/* Percent of the time between the two that was not idle; 0 if none passed. */
double cpu_busy_percent(const struct cpu_time *before, const struct cpu_time *after);

#endif
