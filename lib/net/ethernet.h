/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ethernet II frames (IEEE 802.3 clause 3.2.6; RFC 894), without frame check sequence.
 *
 *      0             6             12     14
 *      | destination | source      | type | payload, and padding up to 60 bytes
 *
 * A MAC address is a uint64_t: 52:54:01:00:00:01 is 0x525401000001.
 */
#pragma once

#include <net/bytes.h>
#include <net/reason.h>
#include <stdbool.h>
#include <stddef.h>

#define NET_MAC_BROADCAST UINT64_C(0xffffffffffff)

enum {
    NET_ETHERNET_HEADER_SIZE = 14,
    NET_ETHERTYPE_IPV4 = 0x0800, /* RFC 894 */
    NET_ETHERTYPE_ARP = 0x0806,  /* RFC 826 */
};

struct net_ethernet {
    uint64_t destination;
    uint64_t source;
    uint16_t type;
};

/* The group bit: multicast or broadcast (IEEE 802.3 clause 3.2.3). */
static inline bool net_mac_is_group(uint64_t mac)
{
    return (mac >> 40 & 1) != 0;
}

/* Six bytes, as they stand in a frame or a configuration. */
static inline uint64_t net_mac_read(const uint8_t *bytes)
{
    return (uint64_t)net_read_be16(bytes) << 32 | net_read_be32(bytes + 2);
}

static inline void net_mac_write(uint8_t *bytes, uint64_t mac)
{
    net_write_be32(bytes, (uint32_t)(mac >> 16));
    net_write_be16(bytes + 4, (uint16_t)mac);
}

static inline enum net_reason net_ethernet_parse(const uint8_t *frame, size_t size,
                                                 struct net_ethernet *ethernet)
{
    if (size < NET_ETHERNET_HEADER_SIZE) {
        return NET_TRUNCATED_ETHERNET;
    }
    /* Two loads take the whole header: bytes 0 to 7 and 6 to 13. */
    uint64_t source_and_type = net_read_be64(frame + 6);
    ethernet->destination = net_read_be64(frame) >> 16;
    ethernet->source = source_and_type >> 16;
    ethernet->type = (uint16_t)source_and_type;
    return NET_OK;
}

/* Writes NET_ETHERNET_HEADER_SIZE bytes. */
static inline void net_ethernet_write(uint8_t *frame, const struct net_ethernet *ethernet)
{
    net_mac_write(frame, ethernet->destination);
    net_write_be64(frame + 6, ethernet->source << 16 | ethernet->type);
}
