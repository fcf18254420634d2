/* SPDX-License-Identifier: BSD-2-Clause */
/* The queues of make bench-queue, each in a file of its own. */
#ifndef BENCH_QUEUE_CONTENDERS_H
#define BENCH_QUEUE_CONTENDERS_H

#include "contender.h"

extern const struct contender contender_sddf, contender_sddf_plain, contender_sddf_runs,
    contender_sddf_runs_plain, contender_sddf_slots, contender_sddf_slots_plain, contender_rte_ring,
    contender_rte_ring_zc, contender_ck_ring, contender_wfcqueue;

#endif
