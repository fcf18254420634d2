/* SPDX-License-Identifier: BSD-2-Clause */
/* Takes all the time that it gets, in init(), and never waits. */
#include <microkit.h>

void init(void)
{
    microkit_dbg_puts("spinning\n");
    for (volatile uint64_t turns = 0;; turns = turns + 1) {
    }
}

void notified(microkit_channel ch)
{
    (void)ch;
}
