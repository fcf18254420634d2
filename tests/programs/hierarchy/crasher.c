/* SPDX-License-Identifier: BSD-2-Clause */
/* A child that faults in init(), always. Its memory stays as it was when it is restarted. */
#include <microkit.h>

static unsigned starts;
static volatile int *volatile nowhere = (int *)0x40;

void init(void)
{
    microkit_dbg_puts("start ");
    microkit_dbg_put32(++starts);
    microkit_dbg_puts("\n");
    *nowhere = 1;
    microkit_dbg_puts("NOT STOPPED\n");
}

void notified(microkit_channel ch)
{
}
