/* SPDX-License-Identifier: BSD-2-Clause */
/* Shared by the parts that draw a system: emit_dot.c the classes, emit_dot_shared.c the regions and
 * channels of the file's own. */
#ifndef SDDF_EMIT_DOT_H
#define SDDF_EMIT_DOT_H

#include "tools/sddf/model.h"

#include <stdio.h>

/* Of a box, how far others must trust it (SECURITY.md); of memory, who writes it. */
#define TRUSTED  "#d5e8d4"
#define HARDWARE "#fff2cc"
#define HOSTILE  "#f8cecc"
#define DEVICE   "#e0e0e0"
#define SEVERAL  "#e1d5e7"

void emit_dot_shared(FILE *out, const struct model *model);

#endif
