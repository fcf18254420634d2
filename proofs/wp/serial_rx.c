/* SPDX-License-Identifier: BSD-2-Clause */
/* The serial class's receive virtualiser as it is proved: contracts of what it calls, then its own
 * source with the annotations of serial_rx.acsl. */
#include "contracts/serial.h"

#include "contracts/base.h"
#include "contracts/log.h"

#include <serial/client.h>

/*@ assigns *serial; */
bool serial_printf(struct serial_client *serial, const char *format, ...);

#include "virt/serial/rx.c"
