/* SPDX-License-Identifier: BSD-2-Clause */
/* The virtio-net driver's own file (its shell is linked beside), and what must hold in its tables
 * between activations. */
#include "../../drivers/net/virtio/virtio.c"

extern const enum config_kind component_kind;
const char *component_tables(void);

const enum config_kind component_kind = CONFIG_NET_DRIVER;

/* Each slot is in the device or in the list of free ones, once. */
static bool ring_holds(const struct ring *ring)
{
    bool listed[SLOTS] = {false};
    uint32_t held = ring_held(ring);
    if (held > SLOTS || ring->queue.offered != ring->queue.published) {
        return false;
    }
    for (uint32_t i = 0, slot = ring->free; i < SLOTS - held; i++) {
        if (slot >= SLOTS || listed[slot] || (ring->slots[slot].length_or_next & SLOT_FREE) == 0) {
            return false;
        }
        listed[slot] = true;
        slot = (uint32_t)ring->slots[slot].length_or_next;
    }
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        if (!listed[slot] && (ring->slots[slot].length_or_next & SLOT_FREE) != 0) {
            return false;
        }
    }
    return true;
}

const char *component_tables(void)
{
    return ring_holds(&rx) && ring_holds(&tx) ? NULL : "a ring's slots are lost, or used twice";
}
