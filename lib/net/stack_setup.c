/* SPDX-License-Identifier: BSD-2-Clause */
/* The stack's setting up and ageing (stack.h); its packets are in stack.c. */
#include <net/stack.h>

const char *net_stack_init(struct net_stack *stack, const struct net_stack_config *config)
{
    const uint32_t mtu = config->mtu == 0 ? NET_MTU_DEFAULT : config->mtu;

    if (config->mac == 0 || config->mac >> 48 != 0 || net_mac_is_group(config->mac)) {
        return "mac: must be a unicast address of 48 bits, not zero";
    }
    if (net_ipv4_is_no_host(config->address)) {
        return "address: must be a unicast IPv4 address";
    }
    if (config->prefix_length < 1 || config->prefix_length > 32) {
        return "prefix_length: must be 1 to 32 bits";
    }
    if (mtu < 68 || mtu > 65535) { /* RFC 791 section 3.2 gives 68 */
        return "mtu: must be 68 to 65535 bytes, or 0 for 1500";
    }
    const uint32_t mask = (uint32_t)(UINT64_C(0xffffffff) << (32 - config->prefix_length));
    const bool has_broadcast = config->prefix_length <= 30; /* RFC 3021 */
    const uint32_t network = has_broadcast ? config->address & mask : config->address;
    const uint32_t broadcast = has_broadcast ? config->address | ~mask : config->address;
    if (has_broadcast && (config->address == network || config->address == broadcast)) {
        return "address: must not be its network's first or last";
    }
    if (config->gateway != 0 &&
        (((config->gateway ^ config->address) & mask) != 0 || config->gateway == config->address ||
         config->gateway == network || config->gateway == broadcast)) {
        return "gateway: must be another host on the address's network, or 0";
    }
    *stack = (struct net_stack){
        .mac = config->mac,
        .address = config->address,
        .mask = mask,
        .network = network,
        .broadcast = broadcast,
        .gateway = config->gateway,
        .frame_size_max = mtu + NET_ETHERNET_HEADER_SIZE,
        .multicast = config->multicast,
    };
    return NULL;
}

void net_stack_age(struct net_stack *stack)
{
    net_arp_cache_age(&stack->arp);
}
