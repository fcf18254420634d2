/* SPDX-License-Identifier: BSD-2-Clause */
/* The reader of boards, and so of YAML. What it accepts has its registers apart and in range. */
#include "platform/linux/system.h"
#include "reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct board board;
    if (!board_read(file_of(bytes, size), &board)) {
        return 0;
    }
    must(board.device_count <= BOARD_DEVICES_MAX && board.name[0] != '\0', "a board's bounds");
    for (size_t i = 0; i < board.device_count; i++) {
        const struct board_device *a = &board.devices[i];
        must(a->reg_size != 0 && a->reg_address + a->reg_size > a->reg_address &&
                 a->dma_count <= BOARD_DMA_REGIONS_MAX,
             "a device's bounds");
        for (size_t j = 0; j < i; j++) {
            const struct board_device *b = &board.devices[j];
            must(a->reg_address >= b->reg_address + b->reg_size ||
                     b->reg_address >= a->reg_address + a->reg_size,
                 "two devices share registers");
        }
    }
    return 0;
}
