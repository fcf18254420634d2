/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls the server from init(), by Microkit's name and by seL4's. */
#include <microkit.h>

enum { ADD = 4, SERVER = 2 };

static void say(const char *what, seL4_Word number)
{
    microkit_dbg_puts(what);
    microkit_dbg_put32((seL4_Uint32)number);
    microkit_dbg_puts("\n");
}

void init(void)
{
    microkit_msginfo answer;
    for (seL4_Word i = 0; i < 100; i++) {
        microkit_mr_set((seL4_Uint8)i, i + 1);
    }
    answer = microkit_ppcall(SERVER, microkit_msginfo_new(ADD, 100));
    say("sum of 1 to 100: ", microkit_mr_get(0));
    answer = seL4_Call(BASE_ENDPOINT_CAP + SERVER, seL4_MessageInfo_new(5, 0, 0, 0));
    say("label of what it does not know: ", seL4_MessageInfo_get_label(answer));
}

void notified(microkit_channel ch)
{
}
