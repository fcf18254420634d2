/* SPDX-License-Identifier: BSD-2-Clause */
/* Words that the tool sets: in .bss, in .data, and one that has the name of a static in another
 * unit (other.c). The regions they speak of can be used. */
#include <microkit.h>

uint64_t dma_paddr;
uint64_t dma_size = 1;
uintptr_t dma_vaddr;
unsigned char *large_vaddr;
uint64_t large_paddr;
uint64_t device_paddr;

static void say(const char *what, uint64_t number)
{
    microkit_dbg_puts(what);
    microkit_dbg_put32((seL4_Uint32)number);
    microkit_dbg_puts("\n");
}

void init(void)
{
    say("dma_paddr ", dma_paddr);
    say("dma_size ", dma_size);
    say("dma_vaddr ", dma_vaddr);
    say("device_paddr ", device_paddr);
    say("large_paddr in MiB ", large_paddr >> 20);
    large_vaddr[0x1fffff] = 77;
    say("last byte ", large_vaddr[0x1fffff]);
}

void notified(microkit_channel ch)
{
}
