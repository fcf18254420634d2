/* SPDX-License-Identifier: BSD-2-Clause */
/* The receive virtualiser as it is proved: contracts of what it calls, then its own source with the
 * annotations of rx.acsl. */
#include "contracts/base.h"
#include "contracts/net.h"

/* What changes, for `assigns`. */
#define CONNECTION(c)                                                                     \
    c.tail, c.tail_checked, c.head, c.head_checked, c.peer_tail, c.ready, c.peer_head, c.resets, c.peer_epoch, \
        c.violations
#define ALL_CLIENTS clients[0 .. NET_CLIENTS_MAX - 1]

#include "virt/net/rx.c"
