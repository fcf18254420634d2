/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UDP over IPv4 (RFC 768).
 *
 *      0             2                  4        6          8
 *      | source port | destination port | length | checksum | payload
 */
#pragma once

#include <net/ipv4.h>

enum { NET_UDP_HEADER_SIZE = 8 };

struct net_udp {
    uint16_t source_port;
    uint16_t destination_port;
    uint16_t size;     /* bytes, header included */
    uint16_t checksum; /* 0: the sender made none */
};

/* `size` is the IPv4 payload's; bytes beyond the UDP length are not the datagram's (they may be the
 * options of RFC 9868) and are ignored. */
static inline enum net_reason net_udp_parse(const uint8_t *segment, size_t size,
                                            struct net_udp *udp)
{
    if (size < NET_UDP_HEADER_SIZE) {
        return NET_TRUNCATED_UDP;
    }
    const uint64_t header = net_read_be64(segment);
    udp->source_port = (uint16_t)(header >> 48);
    udp->destination_port = (uint16_t)(header >> 32);
    udp->size = (uint16_t)(header >> 16);
    udp->checksum = (uint16_t)header;
    return udp->size < NET_UDP_HEADER_SIZE || udp->size > size ? NET_BAD_UDP_LENGTH : NET_OK;
}

/* Does the checksum of the `size` bytes at `segment`, the UDP length, agree with them and the
 * addresses? Not to be asked where the sender made none. */
static inline bool net_udp_verifies(const uint8_t *segment, uint16_t size, uint32_t source,
                                    uint32_t destination)
{
    uint64_t sum = net_ipv4_pseudo_sum(source, destination, NET_IPV4_UDP, size);
    return net_sum_verifies(net_sum_bytes(sum, segment, size));
}

/* Writes NET_UDP_HEADER_SIZE bytes before the payload, udp->checksum as it is. */
static inline void net_udp_write(uint8_t *segment, const struct net_udp *udp)
{
    net_write_be64(segment, (uint64_t)udp->source_port << 48 |
                                (uint64_t)udp->destination_port << 32 | (uint64_t)udp->size << 16 |
                                udp->checksum);
}

/* The checksum of a datagram whose payload already stands behind `segment`'s header, which is not
 * read. A computed zero is sent as all ones, since zero means none (RFC 768). */
static inline uint16_t net_udp_checksum(const uint8_t *segment, const struct net_udp *udp,
                                        uint32_t source, uint32_t destination)
{
    uint64_t sum = net_sum_of((uint64_t)source + destination + NET_IPV4_UDP + udp->size +
                              udp->source_port + udp->destination_port + udp->size);
    sum = net_sum_bytes(sum, segment + NET_UDP_HEADER_SIZE,
                        (size_t)(udp->size - NET_UDP_HEADER_SIZE));
    uint16_t checksum = net_sum_checksum(sum);
    return checksum == 0 ? 0xffff : checksum;
}
