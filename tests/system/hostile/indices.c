/* SPDX-License-Identifier: BSD-2-Clause */
/* Hostile client: its words in both connections take every value but a true one. Runs as a PD in
 * place of echo1 (hostile.h); trusts nobody and deserves no trust. */
#include "hostile.h"

enum { INDICES_ONLY = 4 }; /* activations: who lies about epochs, too, is soon not listened to */

static uint32_t seed = 1;
static uint32_t activations;

/* Marsaglia's xorshift32; the values are the same in every run. */
static uint32_t next(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed;
}

static void scramble(struct connection *c)
{
    struct queue_side *mine = c->mine;
    static const uint32_t edges[] = {0, 1, UINT32_MAX, 1U << 31, QUEUE_CAPACITY_MAX};
    uint32_t kind = next() % 8;
    atomic_store_release(&mine->tail, kind < 5 ? edges[kind] : c->tail + next());
    atomic_store_release(&mine->head, kind < 5 ? edges[4 - kind] : c->head - next());
    atomic_store_release(&mine->mark, next());
    /* Restarts that never were, one that never ends, and a wrong `seen`. */
    if (activations > INDICES_ONLY && next() % 16 == 0) {
        atomic_store_release(&mine->epoch, next());
        atomic_store_release(&mine->seen, next());
    }
}

static void attack(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        scramble(&rx);
        scramble(&tx);
        hostile_notify();
    }
    hostile_attacked(256);
}

void init(void)
{
    hostile_open();
    attack();
}

void notified(microkit_channel channel)
{
    (void)channel;
    activations++;
    (void)hostile_ready(&rx);
    (void)hostile_ready(&tx);
    attack();
}
