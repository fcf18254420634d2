/* SPDX-License-Identifier: BSD-2-Clause */
/* A clock without a timer: each tick waits for the answer to the last. The deferred call is made in
 * the three ways that programs make it, and looked at through libmicrokit's variables. */
#include <microkit.h>

enum { COUNTER = 10, TICKS = 1000 };

static unsigned ticks;

static void tick(void)
{
    switch (ticks % 3) {
    case 0:
        microkit_deferred_notify(COUNTER);
        break;
    case 1:
        microkit_have_signal = seL4_True;
        microkit_signal_msg = seL4_MessageInfo_new(0, 0, 0, 0);
        microkit_signal_cap = BASE_OUTPUT_NOTIFICATION_CAP + COUNTER;
        break;
    default:
        seL4_Signal(BASE_OUTPUT_NOTIFICATION_CAP + COUNTER);
        break;
    }
    ticks++;
}

void init(void)
{
    if (microkit_notifications != 1 << COUNTER || microkit_irqs != 0 || microkit_pps != 0) {
        microkit_dbg_puts("WRONG: the masks of what it may do\n");
    }
    tick();
    if (!microkit_have_signal || microkit_signal_cap != BASE_OUTPUT_NOTIFICATION_CAP + COUNTER) {
        microkit_dbg_puts("WRONG: the deferred call cannot be seen\n");
    }
}

void notified(microkit_channel ch)
{
    if (microkit_have_signal) {
        microkit_dbg_puts("WRONG: the deferred call was not made\n");
    }
    if (ch == COUNTER && ticks < TICKS) {
        tick();
    }
}
