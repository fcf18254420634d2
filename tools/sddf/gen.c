/* SPDX-License-Identifier: BSD-2-Clause */
/* sddf gen: reads the command line, runs the passes, writes the results. Nothing is written unless
 * all is right. Run by people and builds. */
#include "tools/sddf/inputs.h"
#include "tools/sddf/verbs.h"

#include <stdio.h>
#include <stdlib.h>

enum { EXIT_WRONG = 2 };

static const char USAGE[] =
    "usage: sddf gen SYSTEM.yaml -o DIR [--board NAME|FILE] [--dtb FILE] [--drivers DIR]\n"
    "\n"
    "Writes into DIR what Microkit, and sddf run, need to build the system NAME of SYSTEM.yaml:\n"
    "  NAME.system    protection domains, memory regions, channels\n"
    "  INSTANCE.bin   the configuration of each component, one file per instance\n"
    "  NAME.dot       a picture: dot -Tsvg NAME.dot\n"
    "\n" INPUT_USAGE "  -o, --output DIR   made if it is not there\n";

/* -1: go on, else the exit status. */
static int parse_options(int argc, char **argv, struct inputs *inputs, const char **output)
{
    int status = inputs_options(inputs, argc, argv, USAGE, output);
    if (status != -1)
        return status;
    if (!inputs_system(inputs, argc, argv))
        return EXIT_WRONG;
    if (*output == NULL)
        return inputs_usage_error("gen", "the directory to write to is missing, as -o build/echo");
    return -1;
}

int gen_run(int argc, char **argv)
{
    const char *output = NULL;
    struct inputs *inputs = inputs_new("gen");
    int status = inputs == NULL ? EXIT_WRONG : parse_options(argc, argv, inputs, &output);
    if (status < 0) {
        bool good = inputs_read(inputs) && emit_all(inputs->model, output, &inputs->findings);
        findings_print(&inputs->findings, stderr);
        status = good ? EXIT_SUCCESS : EXIT_WRONG;
    }
    inputs_free(inputs);
    return status;
}
