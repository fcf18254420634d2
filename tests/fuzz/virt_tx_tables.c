/* SPDX-License-Identifier: BSD-2-Clause */
/* The transmit virtualiser, and what must hold in its tables between activations. */
#include "../../virt/net/tx.c"
#include "../../virt/net/tx_alone.c"

extern const enum config_kind component_kind;
const char *component_tables(void);

const enum config_kind component_kind = CONFIG_NET_VIRT_TX;

/* Adds a client's buffers in flight to `*total`. False if one does not exist. The whole table is
 * read after each entry, so nothing here is instrumented. */
static __attribute__((no_sanitize("address", "undefined", "coverage"))) bool
count_flying(const struct client *client, uint32_t *total)
{
    const uint64_t *bits = client->in_flight;
    uint32_t exist = client->buffers.count, word = 0;
    uint64_t beyond = 0;
    for (; word < exist / 64; word++) {
        *total += (uint32_t)__builtin_popcountll(bits[word]);
    }
    if (exist % 64 != 0) {
        *total += (uint32_t)__builtin_popcountll(bits[word]);
        beyond = bits[word++] >> exist % 64;
    }
    for (; word < NET_BUFFERS_MAX / 64; word++) {
        beyond |= bits[word];
    }
    return beyond == 0;
}

const char *component_tables(void)
{
    uint32_t total = 0;
    for (uint32_t i = 0; i < config->client_count; i++) {
        if (!count_flying(&clients[i], &total)) {
            return "a buffer is in flight that does not exist";
        }
    }
    return total == in_flight_total ? NULL : "frames in flight are miscounted";
}
