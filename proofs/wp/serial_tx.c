/* SPDX-License-Identifier: BSD-2-Clause */
/* The serial class's transmit virtualiser as it is proved: contracts of what it calls, then its own
 * source with the annotations of serial_tx.acsl. */
#include "contracts/serial.h"

#include "contracts/base.h"
#include "contracts/log.h"

#include "virt/serial/tx.c"
