/* SPDX-License-Identifier: BSD-2-Clause */
/* The serial transmit virtualiser, and what must hold in its tables between activations. */
#include "../../virt/serial/tx.c"

extern const enum config_kind component_kind;
const char *component_tables(void);

const enum config_kind component_kind = CONFIG_SERIAL_VIRT_TX;

const char *component_tables(void)
{
    for (uint32_t i = 0; i < config->client_count; i++) {
        const struct client *client = &clients[i];
        if (client->length >= SERIAL_LINE_MAX) {
            return "a line is longer than it may be";
        }
        if (client->chunk.count > SERIAL_CHUNK_BYTES || client->chunk_at > SERIAL_CHUNK_BYTES) {
            return "a chunk is longer than it may be";
        }
    }
    return out_sent <= out_length && out_length <= OUT_MAX ? NULL : "more was sent than there is";
}
