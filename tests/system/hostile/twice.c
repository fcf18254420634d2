/* SPDX-License-Identifier: BSD-2-Clause */
/* Hostile client: offers every buffer many times over. Runs as a PD in place of echo1 (hostile.h);
 * trusts nobody and deserves no trust. */
#include "hostile.h"

static void offer(struct connection *c, uint64_t offset, uint16_t length)
{
    struct net_desc batch[NET_BURST];
    for (uint32_t i = 0; i < NET_BURST; i++) {
        batch[i] = (struct net_desc){.address = offset, .length = length};
    }
    uint32_t space = queue_space(c, NET_BURST);
    hostile_attacked(net_put(c, batch, space < NET_BURST ? space : NET_BURST));
    queue_publish(c);
}

static void discard(struct connection *c)
{
    struct net_desc batch[NET_BURST];
    while (queue_available(c) != 0 && net_get(c, batch, NET_BURST) != 0) {
        queue_release(c);
    }
}

static void attack(void)
{
    if (!hostile_ready(&rx) || !hostile_ready(&tx)) {
        return;
    }
    for (uint32_t i = 0; i < 4; i++) {
        uint64_t offset = (uint64_t)i * config->buffer_size;
        hostile_frame(offset);
        offer(&tx, offset, 60); /* for sending, and the same for receiving */
        offer(&rx, offset, (uint16_t)config->buffer_size);
    }
    discard(&rx);
    discard(&tx);
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
