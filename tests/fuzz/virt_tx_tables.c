/* SPDX-License-Identifier: BSD-2-Clause */
/* The transmit virtualiser, and what must hold in its tables between activations. */
#include "../../virt/net/tx.c"

extern const enum config_kind component_kind;
const char *component_tables(void);

const enum config_kind component_kind = CONFIG_NET_VIRT_TX;

const char *component_tables(void)
{
    uint32_t total = 0;
    for (uint32_t i = 0; i < config->client_count; i++) {
        for (uint32_t buffer = 0; buffer < NET_BUFFERS_MAX; buffer++) {
            if (buffer % 64 == 0 && clients[i].in_flight[buffer / 64] == 0) {
                buffer += 63;
            } else if (flight_test(&clients[i], buffer)) {
                total++;
                if (buffer >= clients[i].buffers.count) {
                    return "a buffer is in flight that does not exist";
                }
            }
        }
    }
    return total == in_flight_total ? NULL : "frames in flight are miscounted";
}
