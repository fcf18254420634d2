/* SPDX-License-Identifier: BSD-2-Clause */
/* The client library as it is proved: contracts of what it calls, then its own source with the
 * annotations of client.acsl. */
#include "contracts/base.h"
#include "contracts/net.h"

#include "lib/net/client.c"
