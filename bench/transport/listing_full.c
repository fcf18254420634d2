/* SPDX-License-Identifier: BSD-2-Clause */
/* The listing with a full barrier for each entry, as one that knows no kinds of barriers has. */
#define LISTING_BARRIER() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#include "listing.h"

CIRCULATION(listing_full, "listing, full barrier", rings_open, rings_collect, rings_send,
            rings_receive, rings_audit);
