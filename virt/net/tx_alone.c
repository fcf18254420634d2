/* SPDX-License-Identifier: BSD-2-Clause */
/* The transmit virtualiser in a PD of its own. */
#include "virt.h"

void init(void)
{
    net_virt_tx_start(
        config_get(CONFIG_NET_VIRT_TX, NET_CONFIG_VERSION, sizeof(struct net_virt_tx_config)));
}

void notified(microkit_channel channel)
{
    net_virt_tx_serve(channel);
}
