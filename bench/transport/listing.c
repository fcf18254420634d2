/* SPDX-License-Identifier: BSD-2-Clause */
/* The listing with the least barrier that is right: release and acquire, which cost nothing on x86.
 */
#define LISTING_BARRIER() __atomic_thread_fence(__ATOMIC_ACQ_REL)
#include "listing.h"

CIRCULATION(listing, "listing", rings_open, rings_collect, rings_send, rings_receive, rings_audit);
