/* SPDX-License-Identifier: BSD-2-Clause */
/* The echo client, and what must hold in its library's tables between activations. */
#include "../../systems/echo/echo.c"

extern const enum config_kind component_kind;
const char *component_tables(void);

const enum config_kind component_kind = CONFIG_NET_CLIENT;

const char *component_tables(void)
{
    uint32_t count[4] = {0};
    bool listed[NET_BUFFERS_MAX] = {false};
    for (uint32_t b = 0; b < net.buffers.count; b++) {
        if (net.holder[b] > NET_HELD_TX) {
            return "a buffer has no holder";
        }
        count[net.holder[b]]++;
    }
    for (uint32_t i = 0; i < net.free_count; i++) {
        if (net.free[i] >= net.buffers.count || net.holder[net.free[i]] != NET_HELD_FREE ||
            listed[net.free[i]]) {
            return "the free list names a buffer that is held, or one twice";
        }
        listed[net.free[i]] = true;
    }
    if (count[NET_HELD_FREE] != net.free_count || count[NET_HELD_COPIER] != net.at_copier ||
        count[NET_HELD_CLIENT] != 0) {
        return "buffers are lost or made";
    }
    return NULL;
}
