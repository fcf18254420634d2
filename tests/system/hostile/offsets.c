/* SPDX-License-Identifier: BSD-2-Clause */
/* Hostile client: names buffers beyond its region, askew, and of impossible length. Runs as a PD in
 * place of echo1 (hostile.h); trusts nobody and deserves no trust. */
#include "hostile.h"

static void offer(struct connection *c, uint64_t offset, uint16_t length)
{
    struct net_desc buffer = {.address = offset, .length = length, .flags = 0xffff, .meta = ~0U};
    if (queue_space(c, 1) != 0) {
        hostile_attacked(net_put(c, &buffer, 1));
    }
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
    uint64_t size = config->tx_data.size;
    const uint64_t offsets[] = {
        size,       size - 1,       size + config->buffer_size,  1,
        UINT64_MAX, UINT64_MAX - 1, 0 - config->tx_data.address, 0 - (uint64_t)config->buffer_size,
        1ULL << 63, 1ULL << 32,
    };
    static const uint16_t lengths[] = {0, 13, UINT16_MAX};
    for (uint32_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        offer(&tx, offsets[i], 60);
        offer(&rx, offsets[i], 60);
    }
    for (uint32_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        offer(&tx, 0, lengths[i]);
        offer(&rx, 0, lengths[i]);
    }
    /* Somebody else's source address. */
    hostile_frame(config->buffer_size);
    *(uint8_t *)(uintptr_t)(config->tx_data.address + config->buffer_size + 11) ^= 3;
    offer(&tx, config->buffer_size, 60);
    queue_publish(&tx);
    queue_publish(&rx);
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
