/* SPDX-License-Identifier: BSD-2-Clause */
/* What the host tool writes of a model, each to a stream. */
#ifndef SDDF_EMIT_H
#define SDDF_EMIT_H

#include "tools/sddf/model.h"

#include <stdio.h>

void emit_system(FILE *out, const struct model *model); /* Microkit's .system file */
void emit_dot(FILE *out, const struct model *model);    /* a graph for Graphviz */

#endif
