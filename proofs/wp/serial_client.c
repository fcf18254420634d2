/* SPDX-License-Identifier: BSD-2-Clause */
/* The serial class's client library as it is proved: contracts of what it calls, then its own source
 * with the annotations of serial_client.acsl. */
#include "contracts/serial.h"

#include "contracts/base.h"

#include "lib/serial/client.c"
