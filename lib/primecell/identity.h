/* SPDX-License-Identifier: BSD-2-Clause */
/* Arm's PrimeCells say what they are in registers at the end of their 4 KiB, the same in each
 * (PL011: ARM DDI 0183G, section 3.3.15; PL031: DDI 0224; SP804: DDI 0271). Used by their drivers.
 */
#ifndef PRIMECELL_IDENTITY_H
#define PRIMECELL_IDENTITY_H

#include <sddf/mmio.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    PRIMECELL_PERIPH_ID0 = 0xfe0, /* part number, bits 7:0 */
    PRIMECELL_PERIPH_ID1 = 0xfe4, /* bits 11:8 of it in 3:0; who designed it in 7:4 */
    PRIMECELL_REGISTERS_SIZE = 0x1000
};

/* Whether the PrimeCell whose registers these are is the part of this number, 0x011 for PL011. */
static inline bool primecell_is(uintptr_t registers, uint32_t part)
{
    return (mmio_read32(registers + PRIMECELL_PERIPH_ID0) & 0xff) == (part & 0xff) &&
           (mmio_read32(registers + PRIMECELL_PERIPH_ID1) & 0xf) == part >> 8;
}

#endif
