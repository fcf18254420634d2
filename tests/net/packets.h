/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets for the stack's tests, built byte by byte from the RFCs with a plain checksum of their
 * own, so that lib/net's builders are not what judges lib/net's parsers.
 */
#pragma once

#include "support.h"
#include <net/stack.h>
#include <string.h>

#define OUR_MAC  UINT64_C(0x525401000001)
#define PEER_MAC UINT64_C(0x525401000002)

enum {
    OUR_ADDRESS = 0x0a000001,  /* 10.0.0.1/24 */
    PEER_ADDRESS = 0x0a000002, /* 10.0.0.2 */
    GATEWAY = 0x0a0000fe,
    FAR_ADDRESS = 0x08080808,
    OUR_PORT = 1235,
    PEER_PORT = 40000,
    FRAME_CAPACITY = 2048,
};

static const struct net_stack_config test_config = {
    .mac = OUR_MAC, .address = OUR_ADDRESS, .prefix_length = 24, .gateway = GATEWAY};

static inline void put(uint8_t *to, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        to[i] = (uint8_t)(value >> 8 * (size - 1 - i));
    }
}

static inline uint64_t get(const uint8_t *from, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++) {
        value = value << 8 | from[i];
    }
    return value;
}

static inline uint32_t plain_sum(const uint8_t *data, size_t size, uint32_t sum)
{
    for (size_t i = 0; i < size; i++) {
        sum += i % 2 == 0 ? (uint32_t)data[i] << 8 : data[i];
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return sum;
}

/* Sets the IPv4 header checksum of the frame. */
static inline void sum_ipv4(uint8_t *frame)
{
    put(frame + 24, 0, 2);
    put(frame + 24, 0xffff ^ plain_sum(frame + 14, (size_t)(frame[14] & 15) * 4, 0), 2);
}

static inline uint32_t udp_sum(const uint8_t *frame)
{
    size_t size = (size_t)get(frame + 38, 2);
    return plain_sum(frame + 34, size, plain_sum(frame + 26, 8, 17 + (uint32_t)size));
}

/* Sets the UDP checksum of the frame: 20 bytes of IPv4 header. */
static inline void sum_udp(uint8_t *frame)
{
    put(frame + 40, 0, 2);
    uint32_t checksum = 0xffff ^ udp_sum(frame);
    put(frame + 40, checksum == 0 ? 0xffff : checksum, 2);
}

static inline void put_headers(uint8_t *frame, uint8_t protocol, size_t ip_payload)
{
    put(frame, OUR_MAC, 6);
    put(frame + 6, PEER_MAC, 6);
    put(frame + 12, 0x0800, 2);
    put(frame + 14, 0x45b8, 2); /* with a type of service */
    put(frame + 16, 20 + ip_payload, 2);
    put(frame + 18, random64(), 2);
    put(frame + 20, random_below(2) ? 0x4000 : 0, 2);
    put(frame + 22, 1 + random_below(255), 1);
    put(frame + 23, protocol, 1);
    put(frame + 26, PEER_ADDRESS, 4);
    put(frame + 30, OUR_ADDRESS, 4);
    sum_ipv4(frame);
}

/* A UDP datagram from the peer to us. Returns the frame's size. */
static inline size_t make_udp(uint8_t *frame, size_t payload_size)
{
    put_headers(frame, 17, 8 + payload_size);
    put(frame + 34, PEER_PORT, 2);
    put(frame + 36, OUR_PORT, 2);
    put(frame + 38, 8 + payload_size, 2);
    random_bytes(frame + 42, payload_size);
    sum_udp(frame);
    return 42 + payload_size;
}

/* An ICMP message from the peer to us, of `data_size` bytes after its header. */
static inline size_t make_icmp(uint8_t *frame, uint8_t type, size_t data_size)
{
    put_headers(frame, 1, 8 + data_size);
    put(frame + 34, (uint64_t)type << 8, 2);
    put(frame + 36, 0, 2);
    random_bytes(frame + 38, 4 + data_size);
    put(frame + 36, 0xffff ^ plain_sum(frame + 34, 8 + data_size, 0), 2);
    return 42 + data_size;
}

static inline size_t make_arp(uint8_t *frame, uint64_t destination, uint16_t operation,
                              uint32_t sender, uint32_t target)
{
    put(frame, destination, 6);
    put(frame + 6, PEER_MAC, 6);
    put(frame + 12, 0x0806, 2);
    put(frame + 14, 0x0001080006040000 | operation, 8);
    put(frame + 22, PEER_MAC, 6);
    put(frame + 28, sender, 4);
    put(frame + 32, operation == 2 ? OUR_MAC : 0, 6);
    put(frame + 38, target, 4);
    return 42;
}
