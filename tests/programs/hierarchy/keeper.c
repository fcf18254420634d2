/* SPDX-License-Identifier: BSD-2-Clause */
/* The parent: restarts a child that faults, where every Microkit program begins, five times; then
 * stops it. */
#include <microkit.h>

enum { PROGRAM_START = 0x200000, RESTARTS_MAX = 5 };

static unsigned restarts;

void init(void)
{
    microkit_dbg_puts("watching\n");
}

void notified(microkit_channel ch)
{
}

seL4_Bool fault(microkit_child child, microkit_msginfo msginfo, microkit_msginfo *reply_msginfo)
{
    microkit_dbg_puts("child ");
    microkit_dbg_put8((seL4_Uint8)child);
    if (microkit_msginfo_get_label(msginfo) == seL4_Fault_VMFault) {
        microkit_dbg_puts(" touched address ");
        microkit_dbg_put32((seL4_Uint32)seL4_GetMR(seL4_VMFault_Addr));
    }
    if (restarts == RESTARTS_MAX) {
        microkit_pd_stop(child);
        microkit_dbg_puts(", stopped\n");
        return seL4_False;
    }
    restarts++;
    microkit_pd_restart(child, PROGRAM_START);
    microkit_dbg_puts(", restarted\n");
    return seL4_False;
}
