/* SPDX-License-Identifier: BSD-2-Clause */
/* The reader of device tree blobs. What it accepts has devices with names, and addresses that do
 * not wrap. */
#include "platform/linux/system.h"
#include "reader.h"
#include "tools/sddf/board_dtb.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct board board;
    static struct drivers drivers;
    if (drivers.count == 0) {
        must(drivers_read(NULL, &drivers, NULL), "no drivers");
    }
    uint8_t *blob = malloc(size == 0 ? 1 : size); /* what lies after it faults */
    must(blob != NULL, "no memory");
    memcpy(blob, bytes, size);
    if (board_parse_dtb("input", blob, size, &drivers, &board, NULL)) {
        must(board.device_count <= BOARD_DEVICES_MAX && board.name[0] != '\0', "a board's bounds");
        must(board.dma_address + board.dma_size >= board.dma_address, "memory for DMA that wraps");
        for (size_t i = 0; i < board.device_count; i++) {
            const struct board_device *device = &board.devices[i];
            must(device->name[0] != '\0' && device->compatible[0] != '\0', "a device without name");
            must(device->reg_address + device->reg_size >= device->reg_address,
                 "registers that wrap");
        }
    }
    free(blob);
    return 0;
}
