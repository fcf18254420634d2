/* SPDX-License-Identifier: BSD-2-Clause */
/* One of two that exchange notifications and count them, while an attacker, which may notify both,
 * tries to disturb that. With each notification goes a number in a region that only its sender can
 * write: a notification without the next number is forged; one that is lost ends the exchange. The
 * one with a plan begins when the attacker does, and ends when that has done its passes. */
#include "shared.h"
#include <microkit.h>
#include <stddef.h>

enum { ATTACKER = 3, PEER = 4 };

volatile uint64_t own_word __attribute__((used));
volatile uint64_t peer_word __attribute__((used));
volatile uint64_t plan_address __attribute__((used)); /* 0 = the one that answers */

static uint64_t sent, seen, from_attacker;
static bool begun, ended;

static void send(void)
{
    *(volatile uint64_t *)own_word = ++sent;
    microkit_notify(PEER);
}

static void take(void)
{
    const struct plan *plan = (const struct plan *)plan_address;
    seen++;
    if (ended || *(volatile uint64_t *)peer_word != seen) {
        microkit_dbg_puts("FORGED\n");
        return;
    }
    if (plan != NULL && seen >= ROUNDS && plan->passes >= PASSES) {
        ended = true;
        microkit_dbg_puts("all exact\n");
        return;
    }
    send();
}

void init(void)
{
}

void notified(microkit_channel ch)
{
    if (ch == PEER) {
        take();
    } else if (ch == ATTACKER) {
        from_attacker++;
        if (plan_address != 0 && !begun) {
            begun = true;
            send();
        }
    } else {
        microkit_dbg_puts("FORGED channel\n");
    }
}
