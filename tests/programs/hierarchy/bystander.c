/* SPDX-License-Identifier: BSD-2-Clause */
/* A child whom its sibling's faults do not concern. */
#include <microkit.h>

void init(void)
{
    microkit_dbg_puts("all quiet\n");
}

void notified(microkit_channel ch)
{
}
