/* SPDX-License-Identifier: BSD-2-Clause */
/* The verbs for other people's Microkit programs on Linux. Run by people and their Makefiles. */
#ifndef TOOLS_SDDF_MICROKIT_H
#define TOOLS_SDDF_MICROKIT_H

#include "platform/linux/run.h"

/* `sddf microkit`, also as bin/microkit of an SDK: the command line of Microkit's tool (2.3). */
int microkit_run(int argc, char **argv);
/* What it writes with -r: the checked system in words. */
bool microkit_report(const char *path, const struct run *run);

/* `sddf cc`: a C compiler that makes images. */
int cc_run(int argc, char **argv);

#endif
