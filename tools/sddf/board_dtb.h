/* SPDX-License-Identifier: BSD-2-Clause */
/* A board out of a device tree blob (Devicetree Specification 0.4) in place of boards/NAME.yaml. */
#ifndef SDDF_BOARD_DTB_H
#define SDDF_BOARD_DTB_H

#include "platform/linux/system.h"
#include "tools/sddf/drivers.h"

enum { BOARD_DTB_MAX = 4 << 20 }; /* bytes */

/* From `size` bytes that findings call `name`; false after adding one.
 *
 * Devices are the nodes that a driver serves, then others as far as there is room. A device is
 * called by its alias ("ethernet0"), else by its node's name with what a name cannot hold made '_'
 * ("virtio_mmio_a000000"). Memory for DMA is the reserved-memory node "shared-dma-pool", else the
 * upper half of the largest memory. */
bool board_parse_dtb(const char *name, const void *blob, size_t size, const struct drivers *drivers,
                     struct board *board, struct findings *findings);

#endif
