/* SPDX-License-Identifier: BSD-2-Clause */
/* The virtio-net driver's own file (its shell is linked beside), and what must hold in its tables
 * between activations. */
#include "../../drivers/net/virtio/virtio.c"

extern const enum config_kind component_kind;
const char *component_tables(void);

const enum config_kind component_kind = CONFIG_NET_DRIVER;

static bool ring_holds(const struct ring *ring)
{
    bool listed[SLOTS] = {false};
    uint32_t held = 0;
    for (uint32_t i = 0; i < ring->free_count; i++) {
        uint32_t slot = ring->free[i];
        if (slot >= SLOTS || listed[slot] || ring->held[slot].address != NOT_HELD) {
            return false;
        }
        listed[slot] = true;
    }
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        held += !listed[slot];
    }
    return ring->free_count <= SLOTS && held + ring->free_count == SLOTS &&
           ring->queue.offered == ring->queue.published;
}

const char *component_tables(void)
{
    return ring_holds(&rx) && ring_holds(&tx) ? NULL : "a ring's slots are lost, or used twice";
}
