/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Measurements as ipbench's scripts write them (https://github.com/au-ts/ipbench: the columns are
 * helpers/scripts/latency.sh's, their meaning is ipbench2/doc/tests/latency.html's), so that what
 * reads its files reads ours. Throughputs are bits per second of UDP payload, round trips are
 * microseconds, CPU use is percent. A closed loop requests what it sends.
 */
#ifndef SDDF_LOAD_CSV_H
#define SDDF_LOAD_CSV_H

#include "options.h"
#include "report.h"

#include <stdio.h>

void csv_header(FILE *file);
void csv_row(FILE *file, const struct options *options, const struct result *result);

#endif
