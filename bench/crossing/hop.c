/* SPDX-License-Identifier: BSD-2-Clause */
/* One more protection domain in the path of received frames: takes descriptors from the link before
 * it and puts them into the link behind it, in batches, as every component does. It maps no frame.
 * Trusts nobody's words: the queue checks them; the descriptors are checked by who uses them. */
#include "link.h"

#include <microkit.h>

LINK(before);
LINK(behind);
static struct signals signals;

/* A burst; true if there are more. */
static bool pass_burst(void)
{
    uint32_t count = net_available(&before);
    uint32_t space = queue_space(&behind, count);
    count = count < space ? count : space;
    for (uint32_t i = 0; i < count; i++) {
        net_put_one(&behind, net_get_one(&before));
    }
    if (count == 0) {
        return false;
    }
    queue_release(&before);
    queue_publish(&behind);
    if (queue_signal(&behind)) {
        signal_peer(&signals, (uint32_t)behind_channel);
    }
    return count == NET_BURST && queue_left(&before) != 0;
}

/* Without room behind, who makes some notifies. */
static bool may_wait(void)
{
    return queue_space(&behind, 1) == 0 || queue_arm(&before, 1);
}

void init(void)
{
    if (LINK_OPEN(before) && LINK_OPEN(behind)) {
        signal_peer(&signals, (uint32_t)before_channel);
        signal_peer(&signals, (uint32_t)behind_channel);
        notified((microkit_channel)before_channel); /* as if a peer had called */
    } else {
        microkit_dbg_puts("bench_hop: the description sets no links, before_* and behind_*\n");
    }
}

void notified(microkit_channel channel)
{
    (void)channel;
    peer_check(&before, &signals, (uint32_t)before_channel);
    peer_check(&behind, &signals, (uint32_t)behind_channel);
    while (pass_burst() || !may_wait()) { /* bounded: the client has so many buffers */
        signal_now(&signals);
    }
    signal_end(&signals);
}
