/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IPv4 headers without options (RFC 791 section 3.1). An address is a uint32_t: 10.0.0.1 is
 * 0x0a000001.
 *
 *      0         1      2              4     6                8     9          10         12 16 | 4
 * | 5   | TOS  | total length | id  | flags, offset  | TTL | protocol | checksum | source | dest.
 */
#pragma once

#include <net/checksum.h>
#include <net/reason.h>

enum {
    NET_IPV4_HEADER_SIZE = 20,
    NET_IPV4_VERSION_AND_SIZE = 0x45,  /* version 4, five 32-bit words */
    NET_IPV4_DONT_FRAGMENT = 0x4000,   /* among flags and offset */
    NET_IPV4_MORE_AND_OFFSET = 0x3fff, /* any bit of these makes a fragment */
    NET_IPV4_TIME_TO_LIVE = 64,        /* what we send: RFC 1122 section 3.2.1.7, IANA's default */
    NET_IPV4_ICMP = 1,
    NET_IPV4_UDP = 17,
};

struct net_ipv4 {
    uint32_t source;
    uint32_t destination;
    uint16_t total_size; /* bytes, header included */
    uint8_t protocol;
    uint8_t time_to_live;
};

static inline bool net_ipv4_is_multicast(uint32_t address)
{
    return address >> 28 == 0xe; /* RFC 1112 section 4 */
}

/* Can `address` never be one host's on a network: "this" network, loopback, multicast, reserved or
 * broadcast? RFC 1122 section 3.2.1.3. */
static inline bool net_ipv4_is_no_host(uint32_t address)
{
    uint32_t top = address >> 24;
    return top == 0 || top == 127 || top >= 224;
}

/* The group's MAC: RFC 1112 section 6.4. */
static inline uint64_t net_ipv4_multicast_mac(uint32_t address)
{
    return UINT64_C(0x01005e000000) | (address & 0x7fffff);
}

/* The sum of addresses, protocol and size that UDP's checksum also covers (RFC 768). */
static inline uint64_t net_ipv4_pseudo_sum(uint32_t source, uint32_t destination, uint8_t protocol,
                                           uint16_t size)
{
    return net_sum_of((uint64_t)source + destination + protocol + size);
}

static inline enum net_reason net_ipv4_bad_first_byte(uint8_t version_and_size)
{
    if (version_and_size >> 4 != 4) {
        return NET_BAD_IP_VERSION;
    }
    return (version_and_size & 0xf) < 5 ? NET_BAD_IP_HEADER_SIZE : NET_IP_OPTIONS;
}

/* `size` is what the frame holds, padding included; ip->total_size is what counts. Each byte of the
 * header is read once, so that memory which changes meanwhile cannot pass a check and then differ.
 */
static inline enum net_reason net_ipv4_parse(const uint8_t *packet, size_t size,
                                             struct net_ipv4 *ip)
{
    if (size < NET_IPV4_HEADER_SIZE) {
        return NET_TRUNCATED_IPV4;
    }
    const uint64_t first = net_read_be64(packet);      /* up to flags and offset */
    const uint64_t second = net_read_be64(packet + 8); /* up to source */
    const uint32_t last = net_read_be32(packet + 16);

    if (first >> 56 != NET_IPV4_VERSION_AND_SIZE) {
        return net_ipv4_bad_first_byte((uint8_t)(first >> 56));
    }
    if (!net_sum_verifies(net_sum_add(net_sum_add(first, second), last))) {
        return NET_BAD_IP_CHECKSUM;
    }
    ip->total_size = (uint16_t)(first >> 32);
    ip->time_to_live = (uint8_t)(second >> 56);
    ip->protocol = (uint8_t)(second >> 48);
    ip->source = (uint32_t)second;
    ip->destination = last;
    if (ip->total_size < NET_IPV4_HEADER_SIZE || ip->total_size > size) {
        return NET_BAD_IP_LENGTH;
    }
    if ((first & NET_IPV4_MORE_AND_OFFSET) != 0) {
        return NET_IP_FRAGMENT;
    }
    return ip->time_to_live == 0 ? NET_TTL_ZERO : NET_OK;
}

/* Writes NET_IPV4_HEADER_SIZE bytes, with checksum. Never to be fragmented, so that an
 * identification of zero is as good as any (RFC 6864 section 4.1). */
static inline void net_ipv4_write(uint8_t *packet, const struct net_ipv4 *ip)
{
    const uint64_t first = (uint64_t)NET_IPV4_VERSION_AND_SIZE << 56 |
                           (uint64_t)ip->total_size << 32 | NET_IPV4_DONT_FRAGMENT;
    const uint64_t second =
        (uint64_t)ip->time_to_live << 56 | (uint64_t)ip->protocol << 48 | ip->source;
    /* A sum of numbers as read, not as they lie, gives the checksum as a number. */
    const uint64_t sum = net_sum_add(net_sum_add(first, second), ip->destination);
    const uint16_t checksum = (uint16_t)~net_sum_fold(sum);

    net_write_be64(packet, first);
    net_write_be64(packet + 8, second | (uint64_t)checksum << 32);
    net_write_be32(packet + 16, ip->destination);
}
