/* SPDX-License-Identifier: BSD-2-Clause */
/* Hostile client: notifies its peers without end, and asks to be woken for ever. Runs as a PD in
 * place of echo1 (hostile.h); trusts nobody and deserves no trust. */
#include "hostile.h"

/* The loop that this one is about: it never returns. */
void init(void)
{
    hostile_open();
    for (;;) {
        (void)hostile_ready(&rx);
        (void)hostile_ready(&tx);
        (void)queue_arm(&tx, 1); /* "give me my sent buffers": it has sent none */
        (void)queue_arm(&rx, 1);
        hostile_notify();
        hostile_attacked(1);
    }
}

void notified(microkit_channel channel)
{
    (void)channel;
}
