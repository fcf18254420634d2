/* SPDX-License-Identifier: BSD-2-Clause */
/* bench_line FIRST_CORE SECOND_CORE: prints how many nanoseconds a cache line takes from one core
 * to the other. */
#include "samples.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    if (argc != 3) {
        (void)fputs("usage: bench_line FIRST_CORE SECOND_CORE\n", stderr);
        return 2;
    }
    if (!samples_start((unsigned)strtoul(argv[1], NULL, 10),
                       (unsigned)strtoul(argv[2], NULL, 10))) {
        (void)fprintf(stderr, "bench_line: cores %s and %s: %s\n", argv[1], argv[2],
                      strerror(errno));
        return 1;
    }
    (void)printf("%.1f\n", sample_line_ns());
    return 0;
}
