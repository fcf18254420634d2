/* SPDX-License-Identifier: BSD-2-Clause */
/* Measures a program's contenders against each other and prints one line a sample, which
 * bench/frame/samples.py reads.
 *
 *     bench_queue FIRST_CORE SECOND_CORE ROUND CAPACITY,... BURST,...
 *
 * One round: within a cell of the table the contenders take turns, and each round begins with
 * another one. The frame runs many, so that each cell is measured at times far apart. Every cell is
 * preceded by a measurement of the line latency. Exit status 1 if a single entry arrived wrong. */
#include "samples.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LIST_MAX = 16, ENTRIES_MIN = 1 << 15, ENTRIES_MAX = 1 << 18, BURSTS = 1 << 13 };

struct list {
    uint32_t values[LIST_MAX];
    uint32_t count;
};

/* Numbers with commas between, powers of two up to `most`. */
static bool list_read(struct list *list, char *text, uint32_t most)
{
    list->count = 0;
    for (char *part = strtok(text, ","); part != NULL; part = strtok(NULL, ",")) {
        unsigned long value = strtoul(part, NULL, 10);
        if (list->count == LIST_MAX || value == 0 || value > most || (value & (value - 1)) != 0) {
            (void)fprintf(stderr, "bench: '%s': expected powers of two up to %u, at most %d\n",
                          part, most, LIST_MAX);
            return false;
        }
        list->values[list->count++] = (uint32_t)value;
    }
    return true;
}

/* Enough bursts, and enough entries, that a sample takes about a millisecond. */
static uint32_t entries_of(uint32_t burst)
{
    uint32_t entries = burst * BURSTS;
    entries = entries < ENTRIES_MIN ? ENTRIES_MIN : entries;
    return entries > ENTRIES_MAX ? ENTRIES_MAX : entries;
}

static bool measure(uint32_t round, uint32_t cores, uint32_t capacity, uint32_t burst)
{
    bool right = true;
    double line_ns = sample_line_ns();
    for (uint32_t i = 0; i < contender_count; i++) {
        const struct contender *contender = contenders[(i + round) % contender_count];
        struct sample sample = (cores == 1 ? sample_one_core : sample_two_cores)(
            contender, capacity, entries_of(burst), burst);
        if (sample.wrong != 0 || sample.audit != NULL) {
            (void)fprintf(stderr, "bench: %s, capacity %u, bursts of %u, cores %u: %s\n",
                          contender->name, capacity, burst, cores,
                          sample.audit != NULL ? sample.audit
                                               : "what arrived was not what was sent");
            right = false;
        }
        (void)printf("%u\t%u\t%u\t%u\t%s\t%.3f\t%.4f\t%.1f\t%d\n", round, cores, capacity, burst,
                     contender->name, sample.ns, (double)sample.signals / entries_of(burst),
                     line_ns, sample.disturbed);
        (void)usleep(200); /* what else wants the cores shall have had them before a sample */
    }
    return right;
}

int main(int argc, char **argv)
{
    struct list capacities, bursts;
    if (argc != 6) {
        (void)fputs("usage: BENCH FIRST_CORE SECOND_CORE ROUND CAPACITY,... BURST,...\n", stderr);
        return 2;
    }
    if (!list_read(&capacities, argv[4], CAPACITY_MAX) || !list_read(&bursts, argv[5], BURST_MAX)) {
        return 2;
    }
    uint32_t round = (uint32_t)strtoul(argv[3], NULL, 10);
    if (!samples_start((unsigned)strtoul(argv[1], NULL, 10),
                       (unsigned)strtoul(argv[2], NULL, 10))) {
        (void)fprintf(stderr, "bench: cores %s and %s: %s\n", argv[1], argv[2], strerror(errno));
        return 1;
    }
    bool right = true;
    for (uint32_t c = 0; c < capacities.count; c++) {
        for (uint32_t b = 0; b < bursts.count; b++) {
            uint32_t capacity = capacities.values[c], burst = bursts.values[b];
            if (burst > capacity / 2) { /* else producer and consumer only take turns */
                continue;
            }
            right &= measure(round, 1, capacity, burst);
            right &= measure(round, 2, capacity, burst);
        }
    }
    return right ? 0 : 1;
}
