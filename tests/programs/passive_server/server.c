/* SPDX-License-Identifier: BSD-2-Clause */
/* A server that runs only when it is called: adds up what it is sent. */
#include <microkit.h>

enum { ADD = 4, UNKNOWN = 99 };

void init(void)
{
}

void notified(microkit_channel ch)
{
    microkit_dbg_puts("UNEXPECTED notification\n");
}

microkit_msginfo protected(microkit_channel ch, microkit_msginfo msginfo)
{
    if (ch != 7 || microkit_msginfo_get_label(msginfo) != ADD) {
        return microkit_msginfo_new(UNKNOWN, 0);
    }
    seL4_Word sum = 0;
    for (unsigned i = 0; i < seL4_MessageInfo_get_length(msginfo); i++) {
        sum += microkit_mr_get((seL4_Uint8)i);
    }
    seL4_SetMR(0, sum);
    return seL4_MessageInfo_new(ADD, 0, 0, 1);
}
