/* SPDX-License-Identifier: BSD-2-Clause */
/* Counts the ticks and answers each. */
#include <microkit.h>

enum { TICKER = 20, TICKS = 1000 };

static unsigned seen;

void init(void)
{
}

void notified(microkit_channel ch)
{
    if (++seen == TICKS) {
        microkit_dbg_puts("a thousand ticks\n");
    }
    microkit_notify(ch);
}
