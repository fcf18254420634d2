/* SPDX-License-Identifier: BSD-2-Clause */
/* Another unit, whose own init() and dma_paddr are nobody else's business. */
#include <stdint.h>

void microkit_dbg_puts(const char *s);

static volatile uint64_t dma_paddr __attribute__((used)) = 5;

__attribute__((used)) static void init(void)
{
    microkit_dbg_puts("WRONG init()\n");
}
