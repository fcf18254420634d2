/* SPDX-License-Identifier: BSD-2-Clause */
/* libmicrokit for Linux: its variables, and what comes before init(). Runs in the PD's sandbox, as
 * everything of a program does. */
#include "pd/program.h"

extern struct program_table microkit_linux;
extern void (*const __init_array_start[])(void);
extern void (*const __init_array_end[])(void);

char microkit_name[MICROKIT_PD_NAME_LENGTH];
seL4_Bool microkit_have_signal;
seL4_CPtr microkit_signal_cap;
seL4_MessageInfo_t microkit_signal_msg;
/* Patched by the runner, as by Microkit's tool. */
seL4_Word microkit_irqs;
seL4_Word microkit_notifications;
seL4_Word microkit_pps;
seL4_Word microkit_ioports;

void linux_program_main(void);
void linux_program_main(void)
{
    for (void (*const *constructor)(void) = __init_array_start; constructor < __init_array_end;
         constructor++) {
        (*constructor)();
    }
    microkit_linux.run();
}
