/* SPDX-License-Identifier: BSD-2-Clause */
/* Hostile client: takes every frame and returns no buffer, of either direction. Runs as a PD in
 * place of echo1 (hostile.h); trusts nobody and deserves no trust. */
#include "hostile.h"

/* Gives the copier buffers while there are any, and takes what comes; nothing goes back. */
static void attack(void)
{
    static uint64_t next_buffer;
    struct net_desc taken[NET_BURST];
    if (!hostile_ready(&rx) || !hostile_ready(&tx)) {
        return;
    }
    while (next_buffer < config->rx_buffers && queue_space(&rx, 1) != 0) {
        struct net_desc empty = {.address = next_buffer++ * config->buffer_size,
                                 .length = (uint16_t)config->buffer_size};
        net_put(&rx, &empty, 1);
    }
    queue_publish(&rx);
    while (queue_available(&rx) != 0) {
        hostile_attacked(net_get(&rx, taken, NET_BURST));
        queue_release(&rx);
    }
    (void)queue_arm(&rx, 1);
    hostile_notify();
}

void init(void)
{
    hostile_open();
    attack();
}

void notified(microkit_channel channel)
{
    (void)channel;
    attack();
}
