/* SPDX-License-Identifier: BSD-2-Clause */
/* The registers of a virtio-net device for the fuzz targets: a good device's, or ones that say what
 * the input says. */
#ifndef FUZZ_REGISTERS_H
#define FUZZ_REGISTERS_H

#include <stdbool.h>
#include <stdint.h>

#define REGISTERS_ADDRESS UINT64_C(0x10001000)

extern uint32_t registers_interrupt; /* InterruptStatus */

void registers_reset(bool has_event_index, bool lie);

#endif
