/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Why a packet was not accepted, or an answer not built. One list gives the enumerators, the names
 * that statistics show (stable; at most 23 characters) and what they mean.
 */
#pragma once

/* clang-format off */
#define NET_REASONS(X)                                                                             \
    X(NET_OK, "ok", "nothing is wrong")                                                            \
    X(NET_TRUNCATED_ETHERNET, "truncated_ethernet", "frame shorter than an Ethernet header")       \
    X(NET_TRUNCATED_ARP, "truncated_arp", "frame ends inside the ARP packet")                      \
    X(NET_TRUNCATED_IPV4, "truncated_ipv4", "frame ends inside the IPv4 header")                   \
    X(NET_TRUNCATED_UDP, "truncated_udp", "IPv4 payload shorter than a UDP header")                \
    X(NET_TRUNCATED_ICMP, "truncated_icmp", "IPv4 payload shorter than an ICMP header")            \
    X(NET_OVERSIZED, "oversized", "frame larger than the link's MTU allows")                       \
    X(NET_NOT_OUR_MAC, "not_our_mac", "destination MAC is another unicast, or unserved multicast") \
    X(NET_BAD_SOURCE_MAC, "bad_source_mac", "source MAC is multicast, zero or our own")            \
    X(NET_UNKNOWN_ETHERTYPE, "unknown_ethertype", "neither IPv4 nor ARP")                          \
    X(NET_BAD_IP_VERSION, "bad_ip_version", "IP version field is not 4")                           \
    X(NET_BAD_IP_HEADER_SIZE, "bad_ip_header_size", "IPv4 header length below 20 bytes")           \
    X(NET_IP_OPTIONS, "ip_options", "IPv4 options, which are not served")                          \
    X(NET_IP_FRAGMENT, "ip_fragment", "part of a datagram; nothing is reassembled")                \
    X(NET_BAD_IP_CHECKSUM, "bad_ip_checksum", "IPv4 header checksum is wrong")                     \
    X(NET_BAD_IP_LENGTH, "bad_ip_length", "IPv4 total length below its header or beyond the frame")\
    X(NET_TTL_ZERO, "ttl_zero", "IPv4 time to live is zero")                                       \
    X(NET_BAD_SOURCE_IP, "bad_source_ip", "source IPv4 address cannot be a single other host's")   \
    X(NET_NOT_OUR_IP, "not_our_ip", "destination IPv4 address is not served here")                 \
    X(NET_UNICAST_IN_BROADCAST, "unicast_in_broadcast", "our IPv4 address in a group MAC's frame") \
    X(NET_UNKNOWN_PROTOCOL, "unknown_protocol", "neither UDP nor ICMP")                            \
    X(NET_BAD_UDP_LENGTH, "bad_udp_length", "UDP length below its header or beyond the packet")    \
    X(NET_BAD_UDP_CHECKSUM, "bad_udp_checksum", "UDP checksum is wrong")                           \
    X(NET_BAD_ICMP_CHECKSUM, "bad_icmp_checksum", "ICMP checksum is wrong")                        \
    X(NET_ICMP_NOT_ECHO, "icmp_not_echo", "ICMP message other than an echo request")               \
    X(NET_ICMP_BROADCAST, "icmp_broadcast", "ICMP to a broadcast or multicast address")            \
    X(NET_ARP_MALFORMED, "arp_malformed", "ARP not of Ethernet and IPv4, or no request or reply")  \
    X(NET_ARP_NOT_FOR_US, "arp_not_for_us", "ARP for another host's address")                      \
    X(NET_ARP_UNSOLICITED, "arp_unsolicited", "ARP reply to a question that we did not ask")       \
    X(NET_ARP_CONFLICT, "arp_conflict", "another host uses our IPv4 address (RFC 5227)")           \
    X(NET_REPLY_TOO_LARGE, "reply_too_large", "the frame to build exceeds its buffer or the MTU")  \
    X(NET_REPLY_TO_GROUP, "reply_to_group", "echo of a broadcast or multicast datagram refused")   \
    X(NET_REPLY_TO_PORT_ZERO, "reply_to_port_zero", "sender gave port 0: it wants no answer")      \
    X(NET_NO_ROUTE, "no_route", "destination off our network, and no gateway")                     \
    X(NET_BAD_DESTINATION, "bad_destination", "destination is no address to send to")
/* clang-format on */

enum net_reason {
#define NET_REASON_ENUMERATOR(enumerator, name, meaning) enumerator,
    NET_REASONS(NET_REASON_ENUMERATOR)
#undef NET_REASON_ENUMERATOR
        NET_REASON_COUNT
};

/* Both take any value; one that is no reason gives "unknown". */
const char *net_reason_name(enum net_reason reason);
const char *net_reason_meaning(enum net_reason reason);
