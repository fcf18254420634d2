/* SPDX-License-Identifier: BSD-2-Clause */
/* The input, and the end of a target (harness.h). */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>

struct fuzz_input fuzz_input;

_Noreturn void fuzz_fail(const char *text)
{
    (void)fprintf(stderr, "fuzz: %s\n", text);
    abort();
}
