/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames from the input: a packet as a peer would send it, some of its bytes changed, its checksums
 * right or not; or anything. For the targets that feed the client's IP stack. */
#ifndef FUZZ_FRAMES_H
#define FUZZ_FRAMES_H

#include "../net/packets.h"
#include "harness.h"

enum { FRAME_CHANGES_MAX = 7, FRAME_PAYLOAD_MAX = 255 };

/* One of the packets that the stack knows. Returns its size; `*answered`: an honest one, to which
 * there is an answer. */
static inline size_t frame_template(uint8_t *frame, uint8_t kind, bool *answered)
{
    size_t payload = input8() % FRAME_PAYLOAD_MAX;
    random_state = 1;
    *answered = kind != 2;
    switch (kind) {
    case 0:
        return make_udp(frame, payload);
    case 1:
        return make_icmp(frame, 8, payload);
    case 2:
        return make_arp(frame, OUR_MAC, 2, PEER_ADDRESS, OUR_ADDRESS);
    default:
        return make_arp(frame, NET_MAC_BROADCAST, 1, PEER_ADDRESS, OUR_ADDRESS);
    }
}

/* Fills `frame` (FRAME_CAPACITY bytes); returns its size. */
static inline size_t frame_from_input(uint8_t *frame, bool *answered)
{
    uint8_t choice = input8();
    size_t size = frame_template(frame, choice & 3, answered);
    uint32_t changes = choice >> 2 & FRAME_CHANGES_MAX;
    for (uint32_t i = 0; i < changes; i++) {
        uint8_t at = input8();
        frame[at % size] = input8();
        *answered = false;
    }
    if ((choice & 0x20) != 0 && changes != 0 && frame[23] == 17) {
        uint32_t udp_size = (uint32_t)frame[38] << 8 | frame[39];
        if (34 + udp_size <= FRAME_CAPACITY) {
            sum_udp(frame);
        }
    }
    if ((choice & 0x40) != 0 && changes != 0) {
        sum_ipv4(frame);
    }
    if ((choice & 0x80) != 0) {
        size = input16() % FRAME_CAPACITY;
        *answered = false;
    }
    return size;
}

#endif
