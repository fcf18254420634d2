/* SPDX-License-Identifier: BSD-2-Clause */
/* The verbs of the host tool about descriptions. `argv[0]` is the verb. Each returns the exit
 * status: 0, or 2 if a file or the command line is wrong; warnings give 0. */
#ifndef SDDF_VERBS_H
#define SDDF_VERBS_H

int gen_run(int argc, char **argv);     /* SYSTEM.yaml to .system, blobs and graph */
int check_run(int argc, char **argv);   /* what is wrong with SYSTEM.yaml or FILE.system */
int graph_run(int argc, char **argv);   /* SYSTEM.yaml to a picture */
int explain_run(int argc, char **argv); /* the page of a rule */
int schema_run(int argc, char **argv);  /* the JSON Schema of SYSTEM.yaml */

#endif
