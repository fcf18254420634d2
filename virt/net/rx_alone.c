/* SPDX-License-Identifier: BSD-2-Clause */
/* The receive virtualiser in a PD of its own. */
#include "virt.h"

void init(void)
{
    net_virt_rx_start(
        config_get(CONFIG_NET_VIRT_RX, NET_CONFIG_VERSION, sizeof(struct net_virt_rx_config)));
}

void notified(microkit_channel channel)
{
    (void)channel;
    net_virt_rx_serve();
}
