/* SPDX-License-Identifier: BSD-2-Clause */
/* Sends a notification back and forth; the one with `rounds` (the size of a region, for there is no
 * other way to set a number) starts, counts, and says when all are done. Every second one goes by
 * the deferred call. */
#include <microkit.h>

volatile uint64_t rounds __attribute__((used));
static uint64_t count;

void init(void)
{
    if (rounds > 0) {
        microkit_notify(1);
    }
}

void notified(microkit_channel ch)
{
    count++;
    if (count == rounds) {
        microkit_dbg_puts("all rounds done\n");
    } else if (count % 2 == 0) {
        microkit_deferred_notify(ch);
    } else {
        microkit_notify(ch);
    }
}
