/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Header prediction (Van Jacobson's, for TCP): datagrams of one host have the same headers, but for
 * sizes, identification, ports and checksums. So the headers of one that has passed every check are
 * kept, as the words that they are; for the next with the same, only what may differ is left to
 * check, and the headers of its answer stand ready. All else goes the long way (stack.h).
 *
 *      word 0   destination MAC                           | source MAC, first two bytes
 *           1   source MAC, last four     | type          | version and size, type of service
 *           2   total size*  | id*        | flags, offset | time to live, protocol
 *           3   checksum*    | source address             | destination address, first half
 *           4   its second   | source port*  | destination port*  | UDP size*
 *           5   UDP checksum*  | payload                                          * may differ
 *
 * A prediction is made of numbers that were checked, never of a frame, which may change meanwhile;
 * and of what net_stack_init() has fixed.
 */
#pragma once

#include <net/checksum.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words are taken apart as they lie");

enum {
    NET_PREDICTIONS = 16, /* hosts, by the last bits of their addresses; a power of two */
    NET_PREDICTED_WORDS = 5,
    NET_PREDICTED_UDP = 6, /* bytes of the UDP header that word 4 has */
};

/* In words, what may differ is zero. Sums are of 16 bits. */
struct net_prediction {
    _Alignas(64) net_word request[NET_PREDICTED_WORDS];
    net_word answer[NET_PREDICTED_WORDS]; /* its checksum all ones */
    uint64_t request_sum;                 /* of the IPv4 header */
    uint64_t answer_sum;
    uint64_t pseudo_sum; /* of addresses and protocol, which the UDP checksum also covers */
};

/* The one for the source address whose last byte is in `word3`. The address is hidden from the
 * compiler, which would reckon with its parts again and again. */
static inline const struct net_prediction *net_prediction_of(const struct net_prediction *all,
                                                             uint64_t word3)
{
    const struct net_prediction *p = &all[word3 >> 40 & (NET_PREDICTIONS - 1)];
    __asm__("" : "+r"(p));
    return p;
}
