/* SPDX-License-Identifier: BSD-2-Clause */
/* The transmit virtualiser as it is proved: contracts of what it calls, then its own source with
 * the annotations of tx.acsl. */
#include "contracts/base.h"
#include "contracts/net.h"

#include "virt/net/tx.c"
