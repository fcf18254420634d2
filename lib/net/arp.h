/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ARP packets for IPv4 on Ethernet (RFC 826, "Packet format").
 *
 *      0          2          4     5     6       8           14         18          24         28
 *      | hardware | protocol | 6   | 4   | opera-| sender    | sender   | target    | target   |
 *      | 1        | 0x0800   |     |     | tion  | MAC       | IPv4     | MAC       | IPv4     |
 */
#pragma once

#include <net/ethernet.h>

enum {
    NET_ARP_SIZE = 28,
    NET_ARP_REQUEST = 1,
    NET_ARP_REPLY = 2,
};

/* Hardware 1, protocol 0x0800 and their address sizes, 6 and 4: the first six bytes and room for
 * operation. */
#define NET_ARP_ETHERNET_IPV4 UINT64_C(0x0001080006040000)

struct net_arp {
    uint64_t sender_mac;
    uint64_t target_mac;
    uint32_t sender;
    uint32_t target;
    uint16_t operation; /* NET_ARP_REQUEST or NET_ARP_REPLY */
};

static inline enum net_reason net_arp_parse(const uint8_t *packet, size_t size, struct net_arp *arp)
{
    if (size < NET_ARP_SIZE) {
        return NET_TRUNCATED_ARP;
    }
    uint64_t kind = net_read_be64(packet);
    arp->operation = (uint16_t)kind;
    if ((kind ^ NET_ARP_ETHERNET_IPV4) >> 16 != 0 ||
        (arp->operation != NET_ARP_REQUEST && arp->operation != NET_ARP_REPLY)) {
        return NET_ARP_MALFORMED;
    }
    arp->sender_mac = net_mac_read(packet + 8);
    arp->sender = net_read_be32(packet + 14);
    arp->target_mac = net_mac_read(packet + 18);
    arp->target = net_read_be32(packet + 24);
    return NET_OK;
}

/* Writes NET_ARP_SIZE bytes. */
static inline void net_arp_write(uint8_t *packet, const struct net_arp *arp)
{
    net_write_be64(packet, NET_ARP_ETHERNET_IPV4 | arp->operation);
    net_mac_write(packet + 8, arp->sender_mac);
    net_write_be32(packet + 14, arp->sender);
    net_mac_write(packet + 18, arp->target_mac);
    net_write_be32(packet + 24, arp->target);
}
