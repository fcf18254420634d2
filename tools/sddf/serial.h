/* SPDX-License-Identifier: BSD-2-Clause */
/* The serial class in the host tool: what "serial" in a system's file says, and what follows from
 * it (sddf/serial.h). */
#ifndef SDDF_TOOL_SERIAL_H
#define SDDF_TOOL_SERIAL_H

#include "tools/sddf/model.h"

#include <sddf/serial.h>

enum {
    SERIALS_MAX = 8,
    SERIAL_DESCRIBED_MAX =
        SERIAL_CLIENTS_MAX - 2, /* the receive virtualiser and the monitor print */
    SERIAL_COLOURS = SERIAL_CYAN - SERIAL_RED + 1,
    SERIAL_DRIVER_PRIORITY = 103, /* none below its client; below the network's, which is faster */
    SERIAL_VIRT_TX_PRIORITY = 102,
    SERIAL_VIRT_RX_PRIORITY = 101,
};

struct serial_user {
    struct model_component *component;
    const struct yaml_node *node;
    uint32_t colour; /* as the file has it: 0 plain, then from SERIAL_RED */
    struct model_pd *pd;
    const struct model_connection *rx, *tx; /* virtualiser and client */
};

struct serial {
    char name[MODEL_WORD_MAX];
    uint32_t escape; /* of SERIAL_ESCAPES */
    const struct yaml_node *node;
    const struct board_device *device;
    const struct driver *driver;
    struct model_sched driver_sched, virt_rx_sched, virt_tx_sched;
    struct serial_user clients[SERIAL_DESCRIBED_MAX];
    size_t client_count;

    struct model_pd *driver_pd, *virt_rx_pd, *virt_tx_pd;
    const struct model_region *registers, *rings; /* rings NULL: none */
    const struct model_connection *rx, *tx;       /* driver and virtualiser */
    const struct model_connection *announce;      /* transmit and receive virtualiser */
    const struct model_connection *monitor;       /* transmit virtualiser and monitor; NULL: none */
};

/* "^]" is what the keys Ctrl and ] make: ECMA-6, the character less 64. */
extern const char *const SERIAL_ESCAPES[];

/* Protection domains of a serial device that are not its clients'. */
enum { SERIAL_PDS = 3 };

void serial_describe(struct model *model, const struct yaml_node *node);
void serial_check(const struct model *model);
void serial_plan(struct model *model, struct serial *serial);
/* The monitor prints there, and reads nothing. */
void serial_connect_monitor(struct model *model, struct serial *serial, struct model_pd *monitor,
                            const struct yaml_node *node);
void serial_fill(const struct serial *serial);

#endif
