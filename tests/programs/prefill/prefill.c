/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads a region that the tool filled from a file. */
#include <microkit.h>

const char *poem;
uint64_t length;

void init(void)
{
    for (uint64_t i = 0; i < length; i++) {
        microkit_dbg_putc(poem[i]);
    }
    microkit_dbg_puts(poem[length] == 0 ? "then zeros\n" : "then RUBBISH\n");
}

void notified(microkit_channel ch)
{
}
