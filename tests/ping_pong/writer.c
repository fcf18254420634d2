/* SPDX-License-Identifier: BSD-2-Clause */
/* writer: an initiator that, once its link is seen to work, writes into its peer's region: it
 * claims that the peer has produced what it has not. Whoever maps regions as the system description
 * says stops it there, before `writes` counts. */
#include "initiator.h"

#include <sddf/log.h>
#include <sddf/queue.h>

const uint64_t initiator_rounds = 1000;

void initiator_end(void)
{
    struct queue_side *side = (struct queue_side *)(uintptr_t)peer_side;
    log_line("writes its peer's tail");
    atomic_store_release(&side->tail, atomic_load_relaxed(&side->tail) + 1);
    initiator_count(WRITES);
    log_line("HAS WRITTEN its peer's tail");
}
