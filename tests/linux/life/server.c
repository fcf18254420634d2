/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers a call with its first word, when the region `shared` says that it may; tells the parent
 * of its caller that it has one. */
#include "shared.h"

volatile uint64_t action __attribute__((used));
volatile uint64_t shared_address __attribute__((used));

void init(void)
{
}

void notified(microkit_channel ch)
{
    (void)ch;
}

microkit_msginfo protected(microkit_channel ch, microkit_msginfo msginfo)
{
    (void)ch;
    shared()->calls++;
    say("call ");
    microkit_dbg_put32((seL4_Uint32)microkit_mr_get(0));
    say("\n");
    microkit_notify(PARENT_CHANNEL);
    await_change(&shared()->may_answer, 0);
    return microkit_msginfo_new(microkit_msginfo_get_label(msginfo) + 1, 1);
}
