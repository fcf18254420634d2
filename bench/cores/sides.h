/* SPDX-License-Identifier: BSD-2-Clause */
/* Both sides of a connection of ours, opened as two components open it. A header, since each
 * ablation of the queue is compiled with a header of its own (bench/transport). */
#ifndef BENCH_SIDES_H
#define BENCH_SIDES_H

#include "contender.h"

#include <stdlib.h>
#include <string.h>

enum { SIDE_BYTES = (QUEUE_SIDE_SIZE(CAPACITY_MAX, sizeof(struct net_desc)) + 4095) / 4096 * 4096 };

/* Each opens, then adopts the other. `memory`: two NULL pointers at first. False if there is no
 * memory, or a side is not ready then. */
static inline bool sides_open(struct connection *a, struct connection *b,
                              struct queue_side *memory[2], uint32_t capacity)
{
    for (int i = 0; i < 2 && memory[i] == NULL; i++) {
        memory[i] = aligned_alloc(4096, SIDE_BYTES);
        if (memory[i] == NULL) {
            return false;
        }
        memset(memory[i], 0, SIDE_BYTES);
    }
    return connection_open(a, memory[0], memory[1], capacity, capacity) &&
           connection_open(b, memory[1], memory[0], capacity, capacity) &&
           connection_poll(a) == CONNECTION_RESTARTED && connection_adopt(a) &&
           connection_poll(b) == CONNECTION_RESTARTED && connection_adopt(b) &&
           connection_poll(a) == CONNECTION_READY && connection_poll(b) == CONNECTION_READY;
}

#endif
