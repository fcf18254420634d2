/* SPDX-License-Identifier: BSD-2-Clause */
/* sddf-load --rfc2544: the tests of rfc2544.h for each frame size, with real trials (run.h). */
#ifndef SDDF_LOAD_TRIALS_H
#define SDDF_LOAD_TRIALS_H

#include "options.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

/* Prints a paragraph for people per frame size, then a line of JSON, which goes to `json`, too, and
 * a row per trial to `csv`; either may be NULL. False after an error, already reported. */
bool trials_run(const struct options *options, const volatile sig_atomic_t *stop, FILE *json,
                FILE *csv);

#endif
