/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ICMP echo (RFC 792, "Echo or Echo Reply Message"; RFC 1122 section 3.2.2.6).
 *
 *      0      1      2          4            6                 8
 *      | type | code | checksum | identifier | sequence number | data
 */
#pragma once

#include <net/checksum.h>
#include <net/reason.h>

enum {
    NET_ICMP_HEADER_SIZE = 8,
    NET_ICMP_ECHO_REPLY = 0,
    NET_ICMP_ECHO_REQUEST = 8,
};

/* Is this an intact echo request? `size` is the IPv4 payload's, without the frame's padding. */
static inline enum net_reason net_icmp_check_request(const uint8_t *message, size_t size)
{
    if (size < NET_ICMP_HEADER_SIZE) {
        return NET_TRUNCATED_ICMP;
    }
    const uint64_t sum = net_sum_bytes(0, message, size);
    if (sum == 0 || !net_sum_verifies(sum)) {
        return NET_BAD_ICMP_CHECKSUM;
    }
    return net_read_be16(message) == NET_ICMP_ECHO_REQUEST << 8 ? NET_OK : NET_ICMP_NOT_ECHO;
}

/* Turns an intact request into its reply: only the type changes, and the checksum with it. */
static inline void net_icmp_request_to_reply(uint8_t *message)
{
    uint16_t checksum = net_read_be16(message + 2);
    net_write_be16(message, NET_ICMP_ECHO_REPLY << 8);
    net_write_be16(message + 2, net_checksum_update(checksum, NET_ICMP_ECHO_REQUEST << 8,
                                                    NET_ICMP_ECHO_REPLY << 8));
}
