/* SPDX-License-Identifier: BSD-2-Clause */
/* The transmit virtualiser, and what must hold in its tables between activations. */
#include "../../virt/net/tx.c"
#include "../../virt/net/tx_alone.c"

extern const enum config_kind component_kind;
const char *component_tables(void);

const enum config_kind component_kind = CONFIG_NET_VIRT_TX;

const char *component_tables(void)
{
    uint32_t total = 0;
    for (uint32_t i = 0; i < config->client_count; i++) {
        uint32_t count = clients[i].buffers.count;
        for (uint32_t word = 0; word < NET_BUFFERS_MAX / 64; word++) {
            uint64_t bits = clients[i].in_flight[word];
            uint32_t exist = count < 64 * word ? 0 : count - 64 * word;
            total += (uint32_t)__builtin_popcountll(bits);
            if (exist < 64 && bits >> exist != 0) {
                return "a buffer is in flight that does not exist";
            }
        }
    }
    return total == in_flight_total ? NULL : "frames in flight are miscounted";
}
