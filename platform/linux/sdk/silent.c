/* SPDX-License-Identifier: BSD-2-Clause */
/* The debug console of the configuration "release": there is none, as on seL4. */
#include <microkit.h>

void microkit_dbg_putc(int c)
{
    (void)c;
}

void microkit_dbg_puts(const char *s)
{
    (void)s;
}

void microkit_dbg_put8(seL4_Uint8 x)
{
    (void)x;
}

void microkit_dbg_put32(seL4_Uint32 x)
{
    (void)x;
}
