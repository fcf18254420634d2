/* SPDX-License-Identifier: BSD-2-Clause */
/* The serial receive virtualiser, and what must hold in its tables between activations. */
#include "../../virt/serial/rx.c"

extern const enum config_kind component_kind;
const char *component_tables(void);

const enum config_kind component_kind = CONFIG_SERIAL_VIRT_RX;

const char *component_tables(void)
{
    if (focus >= config->client_count) {
        return "the input goes to nobody";
    }
    return run_length == 0 ? NULL : "input stays behind";
}
