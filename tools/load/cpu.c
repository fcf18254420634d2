/* SPDX-License-Identifier: BSD-2-Clause */
/* See cpu.h. Linux, proc_stat(5): user nice system idle iowait irq softirq steal guest guest_nice,
 * the last two within user and nice. */
#include "cpu.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { IDLE = 3, IOWAIT = 4, FIELDS = 8 };

static bool parse(const char *fields, struct cpu_time *time)
{
    uint64_t value[FIELDS];
    if (sscanf(fields,
               "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64
               "%" SCNu64,
               &value[0], &value[1], &value[2], &value[3], &value[4], &value[5], &value[6],
               &value[7]) != FIELDS) {
        return false;
    }
    *time = (struct cpu_time){.idle = value[IDLE] + value[IOWAIT]};
    for (unsigned i = 0; i < FIELDS; i++) {
        time->all += value[i];
    }
    return true;
}

bool cpu_read(unsigned cpu, struct cpu_time *time)
{
    char line[512];
    char name[16];
    bool found = false;
    FILE *file = fopen("/proc/stat", "re");
    size_t length = (size_t)snprintf(name, sizeof(name), "cpu%u ", cpu);
    while (file != NULL && !found && fgets(line, sizeof(line), file) != NULL) {
        found = strncmp(line, name, length) == 0 && parse(line + length, time);
    }
    if (file != NULL) {
        fclose(file);
    }
    return found;
}

double cpu_busy_percent(const struct cpu_time *before, const struct cpu_time *after)
{
    double all = (double)(after->all - before->all);
    return all > 0 ? 100.0 * (1.0 - (double)(after->idle - before->idle) / all) : 0;
}
