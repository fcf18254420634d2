/* SPDX-License-Identifier: BSD-2-Clause */
/* How busy the CPU is: an *idle* component of the lowest priority counts the time that nobody else
 * wanted, in a page that it alone writes; a *benchmark* component reads it at the ends of an
 * interval, for its client, which calls it:
 *
 *     request, by label     words      reply, after its label
 *     BENCHMARK_START       -          BENCHMARK_OK
 *     BENCHMARK_STOP        -          BENCHMARK_OK, total, idle     ticks of cycles.h since the
 * start
 *
 * A start while it measures starts anew. */
#ifndef SDDF_BENCHMARK_H
#define SDDF_BENCHMARK_H

#include <sddf/atomic.h>
#include <stdint.h>

enum benchmark_request { BENCHMARK_START = 1, BENCHMARK_STOP };
enum benchmark_error { BENCHMARK_OK, BENCHMARK_ERROR_REQUEST, BENCHMARK_ERROR_NOT_STARTED };

/* The idle component's. */
struct benchmark_idle {
    shared_u64 idle;   /* ticks */
    shared_u64 rounds; /* of its loop: 0 = has not begun to count */
};

#endif
