/* SPDX-License-Identifier: BSD-2-Clause */
/* The result of a run of sddf-load: filled by run.c, written by report.c. */
#ifndef SDDF_LOAD_REPORT_H
#define SDDF_LOAD_REPORT_H

#include "histogram.h"
#include "options.h"
#include "tracker.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct result {
    struct tracker_counts total; /* of all streams */
    uint64_t corrupt;            /* echoes with any byte or the length wrong, warm-up included */
    uint64_t corrupt_unknown;    /* of those, the ones too damaged to tell whose echo they are */
    uint64_t stray;              /* echoes of another run */
    uint64_t unreachable;        /* ICMP errors */
    uint64_t bad_checksums;      /* that our side (for sockets, its network namespace) dropped */

    /* what the generator itself failed to do */
    uint64_t receive_drops; /* on our side, bad checksums included */
    uint64_t send_again;
    uint64_t send_nobufs;
    uint64_t not_sent; /* open loop: due, but still unsent at the end */

    uint64_t arrived; /* first intact echoes that came in during the measured time */
    double duration_s;
    bool interrupted;
    bool cpu_known; /* the CPU of --watch-cpu */
    double cpu_percent;
    struct histogram rtt_ns;
};

/* One line for people. */
void report_line(FILE *file, const struct options *options, const struct result *result);

/* One line of JSON. */
void report_json(FILE *file, const struct options *options, const struct result *result);

#endif
