/* SPDX-License-Identifier: BSD-2-Clause */
/* The least program: says its name, and that its constructor ran before init(). */
#include <microkit.h>

static const char *greeting = "no constructor ran\n";

__attribute__((constructor)) static void prepare(void)
{
    greeting = ", ready\n";
}

void init(void)
{
    microkit_dbg_puts(microkit_name);
    microkit_dbg_puts(greeting);
}

void notified(microkit_channel ch)
{
}
