/* SPDX-License-Identifier: BSD-2-Clause */
/* The short way through the stack, for a datagram whose headers are as predicted (prediction.h).
 * Inline, since a call would cost more than most of the checks. */
#pragma once

#include <net/stack.h>

/* A datagram to us that has passed every check and may be answered. */
struct net_predicted {
    const struct net_prediction *prediction;
    uint64_t total_size; /* as word 2 has it */
    uint64_t last_word;
};

/* True if the frame of `size` bytes, all of it readable, at a multiple of 8, holds one. If not,
 * net_stack_receive() finds out what it is. Counts nothing. */
static inline __attribute__((always_inline)) bool
net_predicted_receive(const struct net_stack *stack, const uint8_t *frame, size_t size,
                      struct net_predicted *datagram)
{
    const size_t payload_max = size - NET_STACK_PAYLOAD_OFFSET; /* huge for a short frame */
    if (payload_max > stack->frame_size_max - NET_STACK_PAYLOAD_OFFSET) {
        return false;
    }
    const net_word *words = (const net_word *)(const void *)frame;
    uint64_t w0 = words[0], w1 = words[1], w2 = words[2], w3 = words[3], w4 = words[4];
    __asm__("" : "+r"(w0), "+r"(w1), "+r"(w2), "+r"(w3), "+r"(w4)); /* read once */
    const struct net_prediction *p = net_prediction_of(stack->predictions, w3);
    const uint64_t differs = (w0 ^ p->request[0]) | (w1 ^ p->request[1]) |
                             (w2 ^ p->request[2]) >> 32 | (w3 ^ p->request[3]) >> 16 |
                             (w4 ^ p->request[4]) << 48;
    const uint64_t total_size = net_be16((uint16_t)w2);
    const uint64_t udp_size = net_be16((uint16_t)(w4 >> 48));
    if (differs != 0 || udp_size - NET_UDP_HEADER_SIZE > payload_max ||
        total_size != udp_size + NET_IPV4_HEADER_SIZE || (uint16_t)(w4 >> 16) == 0 ||
        net_read_be16(frame + NET_STACK_UDP_OFFSET + NET_PREDICTED_UDP) == 0 ||
        !net_sum_verifies(p->request_sum + (uint32_t)w2 + (uint16_t)w3)) {
        return false; /* no checksum and no port to answer to are among what is not predicted */
    }
    *datagram = (struct net_predicted){p, (uint16_t)w2, w4};
    /* Ports and size from word 4, the size once more for the pseudo header; the rest as it lies. */
    const uint64_t sum = p->pseudo_sum + (w4 >> 16) + (w4 >> 48);
    return net_sum_verifies(
        net_sum_words(sum, words + NET_PREDICTED_WORDS, udp_size - NET_PREDICTED_UDP));
}

static inline uint16_t net_predicted_source_port(const struct net_predicted *datagram)
{
    return net_be16((uint16_t)(datagram->last_word >> 16));
}

static inline uint16_t net_predicted_destination_port(const struct net_predicted *datagram)
{
    return net_be16((uint16_t)(datagram->last_word >> 32));
}

/* Makes the datagram's frame that of its echo, and counts both. Sizes, payload and UDP checksum
 * stay: the sum of addresses and ports does not depend on their order. Returns the echo's size in
 * bytes. */
static inline __attribute__((always_inline)) uint32_t
net_predicted_echo(struct net_stack *stack, const struct net_predicted *datagram, uint8_t *frame)
{
    const struct net_prediction *p = datagram->prediction;
    const uint64_t a0 = p->answer[0], a1 = p->answer[1], a2 = p->answer[2], a3 = p->answer[3],
                   a4 = p->answer[4];
    const uint64_t sum = p->answer_sum + datagram->total_size;
    const uint32_t ports = (uint32_t)(datagram->last_word >> 16);
    const uint32_t swapped = ports << 16 | ports >> 16;
    net_word *words = (net_word *)(void *)frame;
    words[0] = a0;
    words[1] = a1;
    words[2] = a2 | datagram->total_size;
    words[3] = a3 ^ (uint16_t)(sum + (sum >> 16)); /* of all ones, the complement */
    words[4] = a4 | (uint64_t)swapped << 16 | datagram->last_word >> 48 << 48;
    stack->echoed_predicted++;
    return NET_STACK_IPV4_OFFSET + (uint32_t)net_be16((uint16_t)datagram->total_size);
}
