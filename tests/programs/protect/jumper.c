/* SPDX-License-Identifier: BSD-2-Clause */
/* Tries to run its own data. */
#include <microkit.h>

static unsigned char bytes[64] = {0xc3}; /* "return", on x86-64 */

void init(void)
{
    void (*volatile jump)(void) = (void (*)(void))(uintptr_t)bytes;
    jump();
    microkit_dbg_puts("EXECUTED\n");
}

void notified(microkit_channel ch)
{
}
