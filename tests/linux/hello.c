/* SPDX-License-Identifier: BSD-2-Clause */
/* Says hello from init(), and what it was given: setvar words and a prefilled region. */
#include <microkit.h>

volatile uint64_t patched_data __attribute__((used)) = 1;
volatile uint64_t patched_bss __attribute__((used));
volatile uint64_t greeting __attribute__((used)); /* address of the prefilled region */

void init(void)
{
    microkit_dbg_puts("hello from ");
    microkit_dbg_puts(microkit_name);
    microkit_dbg_puts("\n");
    microkit_dbg_put32((seL4_Uint32)patched_data);
    microkit_dbg_puts(" ");
    microkit_dbg_put32((seL4_Uint32)patched_bss);
    microkit_dbg_puts(" ");
    if (greeting != 0) {
        microkit_dbg_puts((const char *)greeting);
    }
    microkit_dbg_puts("\n");
}

void notified(microkit_channel ch)
{
    (void)ch;
}
