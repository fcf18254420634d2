/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls the PD at channel 3 from init() and, once that PD notified it, from notified(). */
#include <microkit.h>

static void call(const char *where, seL4_Word base)
{
    for (seL4_Uint8 i = 0; i < 100; i++) {
        microkit_mr_set(i, base + i);
    }
    microkit_msginfo answer = microkit_ppcall(3, microkit_msginfo_new(77, 100));
    bool right = microkit_pps == 1 << 3 && microkit_notifications == 1 << 3 && microkit_irqs == 0 &&
                 microkit_msginfo_get_label(answer) == 78 &&
                 microkit_msginfo_get_count(answer) == 2 && microkit_mr_get(0) == 100 &&
                 microkit_mr_get(1) == 100 * base + 4950;
    microkit_dbg_puts(where);
    microkit_dbg_puts(right ? ": right answer\n" : ": WRONG answer\n");
}

void init(void)
{
    call("init", 1000);
}

void notified(microkit_channel ch)
{
    (void)ch;
    for (seL4_Word i = 0; i < 1000; i++) {
        call("", i);
    }
    call("notified", 5);
}
