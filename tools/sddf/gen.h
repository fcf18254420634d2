/* SPDX-License-Identifier: BSD-2-Clause */
/* sddf gen: a system's YAML file and a board to .system, blobs and graph. */
#ifndef SDDF_GEN_H
#define SDDF_GEN_H

/* `argv[0]` is "gen". Returns the exit status: 0, 1 if a file is wrong, 2 if the command line is.
 */
int gen_run(int argc, char **argv);

#endif
