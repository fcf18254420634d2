/* SPDX-License-Identifier: BSD-2-Clause */
/* The loop of sddf-load: warm-up, measurement, drain. */
#ifndef SDDF_LOAD_RUN_H
#define SDDF_LOAD_RUN_H

#include "options.h"
#include "report.h"

#include <signal.h>
#include <stdbool.h>

/*
 * Runs until the time is over or *stop becomes non-zero, and fills *result. False after an error,
 * already reported.
 */
bool run(const struct options *options, const volatile sig_atomic_t *stop, struct result *result);

#endif
