/* SPDX-License-Identifier: BSD-2-Clause */
/* An image that must be refused: a constructor runs before init(). */
#include <microkit.h>

__attribute__((constructor)) static void early(void)
{
    microkit_dbg_puts("ran before the sandbox\n");
}

void init(void)
{
}

void notified(microkit_channel ch)
{
    (void)ch;
}
