/* SPDX-License-Identifier: BSD-2-Clause */
/* How the transmit virtualiser tells its driver that there is something for it, in either of the
 * driver's models (sddf/net.h). */
#ifndef VIRT_NET_DRIVER_WAKE_H
#define VIRT_NET_DRIVER_WAKE_H

#include <base/signal.h>
#include <sddf/net.h>

/* Apart, so that who notifies does not prepare for it. */
static __attribute__((cold, noinline)) bool driver_call(uint32_t channel)
{
    microkit_msginfo reply = microkit_ppcall((microkit_channel)channel, microkit_msginfo_new(0, 0));
    return microkit_msginfo_get_label(reply) == NET_DRIVER_LOOK;
}

/* Notifies an active driver when the component waits at the latest; calls a passive one now. True
 * if there is something from the driver to look at, which only a passive one can say. */
static inline bool driver_wake(const struct config_connection *driver, struct signals *signals)
{
    if (driver->by_call != 0) {
        return driver_call(driver->channel);
    }
    signal_peer(signals, driver->channel);
    return false;
}

#endif
