/* SPDX-License-Identifier: BSD-2-Clause */
/* Sums the words of a message; notifies its caller once, after the first call. */
#include <microkit.h>

static bool notified_once;

void init(void)
{
}

void notified(microkit_channel ch)
{
    (void)ch;
}

microkit_msginfo protected(microkit_channel ch, microkit_msginfo msginfo)
{
    seL4_Word count = microkit_msginfo_get_count(msginfo);
    seL4_Word sum = 0;
    for (seL4_Word i = 0; i < count; i++) {
        sum += microkit_mr_get((seL4_Uint8)i);
    }
    if (!notified_once) {
        notified_once = true;
        microkit_notify(ch);
    }
    microkit_mr_set(0, count);
    microkit_mr_set(1, sum);
    return microkit_msginfo_new(microkit_msginfo_get_label(msginfo) + 1, 2);
}
