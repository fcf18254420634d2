/* SPDX-License-Identifier: BSD-2-Clause */
/* Says so, and faults; it has no parent. */
#include <microkit.h>

static volatile int *volatile nowhere = (int *)0x40;

__attribute__((noinline)) static void fall(void)
{
    *nowhere = 1;
}

void init(void)
{
    microkit_dbg_puts("about to fall\n");
    fall();
    microkit_dbg_puts("NOT STOPPED\n");
}

void notified(microkit_channel ch)
{
}
