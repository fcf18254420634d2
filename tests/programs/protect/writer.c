/* SPDX-License-Identifier: BSD-2-Clause */
/* Tries to change its own first instruction. */
#include <microkit.h>

static volatile char *volatile start = (char *)0x200000;

void init(void)
{
    *start = 0;
    microkit_dbg_puts("WRITTEN\n");
}

void notified(microkit_channel ch)
{
}
