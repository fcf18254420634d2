/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads a device register through <sddf/mmio.h>: VirtIO 1.2, 4.2.2, MagicValue. */
#include <microkit.h>
#include <sddf/mmio.h>

void init(void)
{
    microkit_dbg_puts("magic value ");
    microkit_dbg_put32(mmio_read32(0x10000000));
    microkit_dbg_puts("\n");
}

void notified(microkit_channel ch)
{
    (void)ch;
}
