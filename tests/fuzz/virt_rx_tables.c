/* SPDX-License-Identifier: BSD-2-Clause */
/* The receive virtualiser, and what must hold in its tables between activations. */
#include "../../virt/net/rx.c"
#include "../../virt/net/rx_alone.c"

extern const enum config_kind component_kind;
const char *component_tables(void);

const enum config_kind component_kind = CONFIG_NET_VIRT_RX;

const char *component_tables(void)
{
    uint32_t unheld = 0, with_driver = 0, held[NET_CLIENTS_MAX] = {0};
    bool listed[NET_BUFFERS_MAX] = {false};
    uint64_t all = (1ULL << config->client_count) - 1;
    for (uint32_t b = 0; b < config->buffer_count; b++) {
        unheld += holders[b] == 0;
        with_driver += holders[b] == HOLDER_DRIVER;
        if ((holders[b] & ~all) != 0 && holders[b] != HOLDER_DRIVER) {
            return "a buffer has the driver and a client, or nobody known, for holders";
        }
        for (uint64_t bits = holders[b] & all; bits != 0; bits &= bits - 1) {
            held[__builtin_ctzll(bits)]++;
        }
    }
    if (unheld != idle_count || with_driver != driver_held) {
        return "buffers are lost or made, or the driver's are miscounted";
    }
    for (uint32_t i = 0; i < idle_count; i++) {
        if (idle[i] >= config->buffer_count || holders[idle[i]] != 0 || listed[idle[i]]) {
            return "the idle list names a buffer that is held, or one twice";
        }
        listed[idle[i]] = true;
    }
    for (uint32_t i = 0; i < config->client_count; i++) {
        if (held[i] != clients[i].held || held[i] > clients[i].held_max) {
            return "a client's buffers are miscounted, or too many";
        }
    }
    return NULL;
}
