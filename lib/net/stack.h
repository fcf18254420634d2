/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small IP stack for one client with one MAC and one IPv4 address: it answers ARP and ping, hands
 * over UDP datagrams where they lie, and builds UDP to send. No I/O and no clock: the client's
 * shell calls it for each frame it receives and sends what it built. The client's own memory holds
 * all of it.
 *
 * Frames are hostile: each is checked, and dropped and counted by reason. Nobody is trusted.
 *
 *      shell    net_stack_receive(frame) --+-- NET_STACK_REPLY     send the reply frame
 *                                          +-- NET_STACK_UDP       the client's;
 * net_stack_udp_echo, _reply
 *                                          +-- NET_STACK_CONSUMED  return the buffer
 *                                          +-- NET_STACK_DROPPED   return the buffer
 *
 * *In place*: an answer is built in the frame it answers if net_frame.data is that frame's own
 * address (zero copy); otherwise the two must not overlap, and the received frame is only read.
 *
 * Built frames may be shorter than 60 bytes: the driver or its device pads them.
 */
#pragma once

#include <net/arp.h>
#include <net/arp_cache.h>
#include <net/prediction.h>
#include <net/udp.h>

enum {
    NET_MTU_DEFAULT = 1500,
    NET_STACK_IPV4_OFFSET = NET_ETHERNET_HEADER_SIZE,
    NET_STACK_UDP_OFFSET = NET_STACK_IPV4_OFFSET + NET_IPV4_HEADER_SIZE,
    NET_STACK_PAYLOAD_OFFSET = NET_STACK_UDP_OFFSET + NET_UDP_HEADER_SIZE,
};

struct net_stack_config {
    uint64_t mac;
    uint32_t address;
    uint32_t prefix_length; /* bits, 1 to 32 */
    uint32_t gateway;       /* 0: none */
    uint32_t mtu;           /* bytes of IPv4 packet, 68 to 65535; 0: NET_MTU_DEFAULT */
    bool multicast;         /* hand over UDP to any multicast group, or drop it */
};

struct net_stack {
    struct net_prediction predictions[NET_PREDICTIONS]; /* predicted.h */

    /* Fixed by net_stack_init. */
    uint64_t mac;
    uint32_t address;
    uint32_t mask;
    uint32_t network;   /* the network's first address and its last, which are no host's; */
    uint32_t broadcast; /* both are `address` where there are none (RFC 3021) */
    uint32_t gateway;
    uint32_t frame_size_max;
    bool multicast;

    struct net_arp_cache arp;

    /* Statistics: each frame received, each call to build one, counts once; but both of what is
     * echoed as predicted at once. */
    uint64_t echoed_predicted;
    uint64_t udp_received;
    uint64_t arp_consumed;
    uint64_t built; /* replies, echoes and datagrams to send, ARP requests */
    uint64_t dropped[NET_REASON_COUNT];
    enum net_reason last_drop;
};

/* Where to build a frame. */
struct net_frame {
    uint8_t *data;
    size_t capacity; /* bytes */
    size_t size;     /* bytes: set by what builds; 0 if nothing is built */
};

enum net_cast { NET_UNICAST, NET_BROADCAST, NET_MULTICAST };

/* A UDP datagram that passed every check. */
struct net_udp_datagram {
    const uint8_t *payload; /* inside the received frame; not owned */
    uint64_t source_mac;
    uint32_t source;
    uint32_t destination;
    uint16_t payload_size; /* bytes */
    uint16_t source_port;
    uint16_t destination_port;
    uint16_t checksum; /* 0: came without one, so that nothing vouches for the payload */
    uint8_t cast; /* enum net_cast: to whom it was sent. Think twice before answering a group */
};

enum net_stack_verdict {
    NET_STACK_DROPPED,  /* counted in dropped[last_drop] */
    NET_STACK_CONSUMED, /* news for the stack itself */
    NET_STACK_REPLY,    /* reply->size bytes are to be sent */
    NET_STACK_UDP,      /* the datagram is the client's */
};

enum net_stack_sending {
    NET_STACK_REFUSED,    /* counted in dropped[last_drop] */
    NET_STACK_UNRESOLVED, /* the frame built asks for the MAC instead */
    NET_STACK_READY,      /* the frame built carries the datagram */
};

/* NULL, or what is wrong with `config`: the field, and what it must be. */
const char *net_stack_init(struct net_stack *stack, const struct net_stack_config *config);

/* Judges one frame of `frame_size` bytes, without frame check sequence, all of it readable. A reply
 * is built in `reply`. `datagram` is valid with NET_STACK_UDP only. RFC 826; RFC 1122 sections 3.2
 * and 3.3. */
enum net_stack_verdict net_stack_receive(struct net_stack *stack, const uint8_t *frame,
                                         size_t frame_size, struct net_frame *reply,
                                         struct net_udp_datagram *datagram);

/* Keeps the headers of the datagram in `frame`, which net_stack_receive() has just found good, for
 * the short way of the next from there (predicted.h). */
void net_stack_predict(struct net_stack *stack, const uint8_t *frame,
                       const struct net_udp_datagram *datagram);

/* Sends `datagram` back to where it came from, payload unchanged; in place, that is a swap of
 * addresses and ports, which leaves the UDP checksum as it is. Refuses to echo what was sent to a
 * group. False: refused. */
bool net_stack_udp_echo(struct net_stack *stack, const struct net_udp_datagram *datagram,
                        struct net_frame *out);

/* Answers `datagram` with `payload_size` bytes that the caller has put at
 * out->data + NET_STACK_PAYLOAD_OFFSET. Does answer what was sent to a group. False: refused. */
bool net_stack_udp_reply(struct net_stack *stack, const struct net_udp_datagram *datagram,
                         size_t payload_size, struct net_frame *out);

/* Builds a datagram of `payload_size` bytes that the caller has put at out->data +
 * NET_STACK_PAYLOAD_OFFSET. NET_STACK_UNRESOLVED leaves them untouched: send the ARP request, and
 * try again when the stack has consumed the answer; ask at most once a second (RFC 1122
 * section 2.3.2.1). */
enum net_stack_sending net_stack_udp_send(struct net_stack *stack, uint32_t destination,
                                          uint16_t source_port, uint16_t destination_port,
                                          size_t payload_size, struct net_frame *out);

/* Forgets neighbours not heard of since the call before. Call it about once a minute, so that a
 * host that changed its MAC is found again (RFC 1122 section 2.3.2.1). Without a clock, do not call
 * it. */
void net_stack_age(struct net_stack *stack);
