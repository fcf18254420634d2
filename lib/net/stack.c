/* SPDX-License-Identifier: BSD-2-Clause */
/* The stack of stack.h. Reads in the order a frame takes: Ethernet, ARP or IPv4, ICMP or UDP; then
 * the answers to UDP; then sending. */
#include <mem/mem.h>
#include <net/icmp.h>
#include <net/stack.h>

#define LIKELY(condition)   __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

/* An ARP request is built where a datagram was to be, and must not touch its payload. */
_Static_assert(NET_ETHERNET_HEADER_SIZE + NET_ARP_SIZE <= NET_STACK_PAYLOAD_OFFSET,
               "an ARP request overwrites the payload");
_Static_assert(sizeof(struct net_udp_datagram) == 40, "a datagram's description grew");

/* Counts, and gives the verdict. */
static __attribute__((cold, noinline)) enum net_stack_verdict drop(struct net_stack *stack,
                                                                   enum net_reason reason)
{
    stack->dropped[reason]++;
    stack->last_drop = reason;
    return NET_STACK_DROPPED;
}

/* The same where the answer is false. */
static __attribute__((cold, noinline)) bool refuse(struct net_stack *stack, enum net_reason reason)
{
    drop(stack, reason);
    return false;
}

/* Can `address` be one other host's? Nothing else is taken as a source, so that we never answer to
 * a group or to ourselves (RFC 1122 section 3.2.1.3). */
static inline bool is_other_host(const struct net_stack *stack, uint32_t address)
{
    return !net_ipv4_is_no_host(address) && address != stack->address &&
           address != stack->network && address != stack->broadcast;
}

static inline bool is_on_link(const struct net_stack *stack, uint32_t address)
{
    return ((address ^ stack->address) & stack->mask) == 0;
}

/* Ethernet and IPv4 headers of a packet from us. */
static inline __attribute__((always_inline)) void write_headers(const struct net_stack *stack,
                                                                uint8_t *frame, uint64_t mac,
                                                                uint32_t destination,
                                                                uint8_t protocol, size_t total_size)
{
    const struct net_ethernet ethernet = {
        .destination = mac,
        .source = stack->mac,
        .type = NET_ETHERTYPE_IPV4,
    };
    const struct net_ipv4 ip = {
        .source = stack->address,
        .destination = destination,
        .total_size = (uint16_t)total_size,
        .protocol = protocol,
        .time_to_live = NET_IPV4_TIME_TO_LIVE,
    };
    net_ethernet_write(frame, &ethernet);
    net_ipv4_write(frame + NET_STACK_IPV4_OFFSET, &ip);
}

/* --- Receive: Ethernet
 * --------------------------------------------------------------------------------- */

static inline enum net_reason admit_ethernet(const struct net_stack *stack,
                                             const struct net_ethernet *ethernet)
{
    /* Group frames go on: what they carry decides. */
    if (UNLIKELY(ethernet->destination != stack->mac) && !net_mac_is_group(ethernet->destination)) {
        return NET_NOT_OUR_MAC;
    }
    if (UNLIKELY(net_mac_is_group(ethernet->source) || ethernet->source == stack->mac ||
                 ethernet->source == 0)) {
        return NET_BAD_SOURCE_MAC;
    }
    return NET_OK;
}

/* --- Receive: ARP
 * -------------------------------------------------------------------------------------- */

/* RFC 826 "Packet Reception", with RFC 5227: a probe (sender 0) is answered and teaches nothing. */
static enum net_reason admit_arp(const struct net_stack *stack, uint64_t destination,
                                 const struct net_arp *arp)
{
    if (destination != stack->mac && destination != NET_MAC_BROADCAST) {
        return NET_NOT_OUR_MAC;
    }
    if (net_mac_is_group(arp->sender_mac) || arp->sender_mac == stack->mac ||
        arp->sender_mac == 0) {
        return NET_BAD_SOURCE_MAC;
    }
    if (arp->sender == stack->address) {
        return NET_ARP_CONFLICT;
    }
    if (arp->target != stack->address) {
        return NET_ARP_NOT_FOR_US;
    }
    if (!is_other_host(stack, arp->sender) &&
        !(arp->sender == 0 && arp->operation == NET_ARP_REQUEST)) {
        return NET_BAD_SOURCE_IP;
    }
    if (arp->operation == NET_ARP_REPLY && arp->target_mac != stack->mac) {
        return NET_ARP_UNSOLICITED;
    }
    return NET_OK;
}

static void build_arp(struct net_stack *stack, uint16_t operation, uint64_t target_mac,
                      uint32_t target, struct net_frame *out)
{
    const struct net_ethernet ethernet = {
        .destination = operation == NET_ARP_REQUEST ? NET_MAC_BROADCAST : target_mac,
        .source = stack->mac,
        .type = NET_ETHERTYPE_ARP,
    };
    const struct net_arp arp = {
        .sender_mac = stack->mac,
        .target_mac = target_mac,
        .sender = stack->address,
        .target = target,
        .operation = operation,
    };
    net_ethernet_write(out->data, &ethernet);
    net_arp_write(out->data + NET_ETHERNET_HEADER_SIZE, &arp);
    out->size = NET_ETHERNET_HEADER_SIZE + NET_ARP_SIZE;
    stack->built++;
}

static __attribute__((noinline)) enum net_stack_verdict receive_arp(struct net_stack *stack,
                                                                    const uint8_t *frame,
                                                                    size_t frame_size,
                                                                    struct net_frame *reply)
{
    struct net_arp arp;
    enum net_reason reason = net_arp_parse(frame + NET_ETHERNET_HEADER_SIZE,
                                           frame_size - NET_ETHERNET_HEADER_SIZE, &arp);

    if (reason == NET_OK) {
        reason = admit_arp(stack, net_mac_read(frame), &arp);
    }
    if (reason != NET_OK) {
        return drop(stack, reason);
    }
    if (arp.operation == NET_ARP_REPLY) {
        if (!net_arp_cache_answer(&stack->arp, arp.sender, arp.sender_mac)) {
            return drop(stack, NET_ARP_UNSOLICITED);
        }
        stack->arp_consumed++;
        return NET_STACK_CONSUMED;
    }
    if (arp.sender != 0 && is_on_link(stack, arp.sender)) {
        net_arp_cache_learn(&stack->arp, arp.sender, arp.sender_mac);
    }
    if (reply->capacity < NET_ETHERNET_HEADER_SIZE + NET_ARP_SIZE) {
        return drop(stack, NET_REPLY_TOO_LARGE);
    }
    build_arp(stack, NET_ARP_REPLY, arp.sender_mac, arp.sender, reply);
    return NET_STACK_REPLY;
}

/* --- Receive: IPv4
 * ------------------------------------------------------------------------------------- */

/* For a packet whose MAC or address is not our own: to whom it goes, in datagram->cast. RFC 1122
 * section 3.3.6. */
static __attribute__((noinline)) enum net_reason
classify(const struct net_stack *stack, uint64_t mac, struct net_udp_datagram *datagram)
{
    const uint32_t address = datagram->destination;

    if (address == stack->address) { /* so the MAC is a group's */
        return NET_UNICAST_IN_BROADCAST;
    }
    if (address == UINT32_MAX || address == stack->broadcast) {
        datagram->cast = NET_BROADCAST;
        return mac == stack->mac || mac == NET_MAC_BROADCAST ? NET_OK : NET_NOT_OUR_MAC;
    }
    if (net_ipv4_is_multicast(address) && stack->multicast) {
        datagram->cast = NET_MULTICAST;
        return mac == stack->mac || mac == NET_MAC_BROADCAST ||
                       mac == net_ipv4_multicast_mac(address)
                   ? NET_OK
                   : NET_NOT_OUR_MAC;
    }
    return NET_NOT_OUR_IP;
}

/* `from` gives the sender and the cast. RFC 792; RFC 1122 section 3.2.2.6: an echo to a group may
 * be ignored, and is. */
static __attribute__((noinline)) enum net_stack_verdict
receive_icmp(struct net_stack *stack, const struct net_udp_datagram *from, const uint8_t *message,
             size_t message_size, struct net_frame *reply)
{
    if (from->cast != NET_UNICAST) {
        return drop(stack, NET_ICMP_BROADCAST);
    }
    enum net_reason reason = net_icmp_check_request(message, message_size);
    if (reason != NET_OK) {
        return drop(stack, reason);
    }
    if (message_size + NET_STACK_UDP_OFFSET > reply->capacity) {
        return drop(stack, NET_REPLY_TOO_LARGE);
    }
    uint8_t *answer = reply->data + NET_STACK_UDP_OFFSET;
    if (answer != message) {
        memcpy(answer, message, message_size);
    }
    net_icmp_request_to_reply(answer);
    write_headers(stack, reply->data, from->source_mac, from->source, NET_IPV4_ICMP,
                  NET_IPV4_HEADER_SIZE + message_size);
    reply->size = NET_STACK_UDP_OFFSET + message_size;
    stack->built++;
    return NET_STACK_REPLY;
}

static inline enum net_stack_verdict receive_udp(struct net_stack *stack, const uint8_t *segment,
                                                 size_t size, struct net_udp_datagram *datagram)
{
    struct net_udp udp;
    enum net_reason reason = net_udp_parse(segment, size, &udp);

    if (UNLIKELY(reason != NET_OK)) {
        return drop(stack, reason);
    }
    datagram->payload = segment + NET_UDP_HEADER_SIZE;
    datagram->payload_size = (uint16_t)(udp.size - NET_UDP_HEADER_SIZE);
    datagram->source_port = udp.source_port;
    datagram->destination_port = udp.destination_port;
    datagram->checksum = udp.checksum;
    if (LIKELY(udp.checksum != 0) &&
        UNLIKELY(!net_udp_verifies(segment, udp.size, datagram->source, datagram->destination))) {
        return drop(stack, NET_BAD_UDP_CHECKSUM);
    }
    stack->udp_received++;
    return NET_STACK_UDP;
}

static inline enum net_stack_verdict
receive_ipv4(struct net_stack *stack, const struct net_ethernet *ethernet, const uint8_t *packet,
             size_t size, struct net_frame *reply, struct net_udp_datagram *datagram)
{
    struct net_ipv4 ip;
    enum net_reason reason = net_ipv4_parse(packet, size, &ip);

    if (UNLIKELY(reason != NET_OK)) {
        return drop(stack, reason);
    }
    if (UNLIKELY(!is_other_host(stack, ip.source))) {
        return drop(stack, NET_BAD_SOURCE_IP);
    }
    datagram->source_mac = ethernet->source;
    datagram->source = ip.source;
    datagram->destination = ip.destination;
    datagram->cast = NET_UNICAST;
    if (UNLIKELY(ip.destination != stack->address || ethernet->destination != stack->mac)) {
        reason = classify(stack, ethernet->destination, datagram);
        if (reason != NET_OK) {
            return drop(stack, reason);
        }
    }
    packet += NET_IPV4_HEADER_SIZE;
    size = ip.total_size - (size_t)NET_IPV4_HEADER_SIZE; /* without the frame's padding */
    if (LIKELY(ip.protocol == NET_IPV4_UDP)) {
        return receive_udp(stack, packet, size, datagram);
    }
    if (ip.protocol == NET_IPV4_ICMP) {
        return receive_icmp(stack, datagram, packet, size, reply);
    }
    return drop(stack, NET_UNKNOWN_PROTOCOL);
}

enum net_stack_verdict net_stack_receive(struct net_stack *stack, const uint8_t *frame,
                                         size_t frame_size, struct net_frame *reply,
                                         struct net_udp_datagram *datagram)
{
    struct net_ethernet ethernet;

    reply->size = 0;
    if (UNLIKELY(frame_size > stack->frame_size_max)) {
        return drop(stack, NET_OVERSIZED);
    }
    enum net_reason reason = net_ethernet_parse(frame, frame_size, &ethernet);
    if (LIKELY(reason == NET_OK)) {
        reason = admit_ethernet(stack, &ethernet);
    }
    if (UNLIKELY(reason != NET_OK)) {
        return drop(stack, reason);
    }
    if (LIKELY(ethernet.type == NET_ETHERTYPE_IPV4)) {
        return receive_ipv4(stack, &ethernet, frame + NET_ETHERNET_HEADER_SIZE,
                            frame_size - NET_ETHERNET_HEADER_SIZE, reply, datagram);
    }
    if (ethernet.type == NET_ETHERTYPE_ARP) {
        return receive_arp(stack, frame, frame_size, reply);
    }
    return drop(stack, NET_UNKNOWN_ETHERTYPE);
}

/* --- Answering UDP
 * ------------------------------------------------------------------------------------- */

/* May `payload_size` bytes be sent in `out`? */
static inline enum net_reason admit_payload(const struct net_stack *stack, size_t payload_size,
                                            struct net_frame *out)
{
    out->size = 0;
    /* Compared without a sum that could overflow: frame_size_max is above NET_STACK_PAYLOAD_OFFSET.
     */
    if (payload_size > stack->frame_size_max - NET_STACK_PAYLOAD_OFFSET ||
        payload_size + NET_STACK_PAYLOAD_OFFSET > out->capacity) {
        return NET_REPLY_TOO_LARGE;
    }
    return NET_OK;
}

/* All three headers before a payload that is there. */
static inline __attribute__((always_inline)) void build_udp(struct net_stack *stack,
                                                            struct net_frame *out, uint64_t mac,
                                                            uint32_t destination,
                                                            const struct net_udp *udp)
{
    write_headers(stack, out->data, mac, destination, NET_IPV4_UDP,
                  NET_IPV4_HEADER_SIZE + (size_t)udp->size);
    net_udp_write(out->data + NET_STACK_UDP_OFFSET, udp);
    out->size = NET_STACK_UDP_OFFSET + (size_t)udp->size;
    stack->built++;
}

/* The same, with the checksum of that payload. */
static __attribute__((noinline)) void build_udp_and_sum(struct net_stack *stack,
                                                        struct net_frame *out, uint64_t mac,
                                                        uint32_t destination, struct net_udp udp)
{
    udp.checksum =
        net_udp_checksum(out->data + NET_STACK_UDP_OFFSET, &udp, stack->address, destination);
    build_udp(stack, out, mac, destination, &udp);
}

/* The answer's header. */
static inline struct net_udp answer_header(const struct net_udp_datagram *datagram,
                                           size_t payload_size, uint16_t checksum)
{
    return (struct net_udp){
        .source_port = datagram->destination_port,
        .destination_port = datagram->source_port,
        .size = (uint16_t)(payload_size + NET_UDP_HEADER_SIZE),
        .checksum = checksum,
    };
}

/* Builds the echo of a datagram around its payload, which is in place. The sum of addresses, ports,
 * length and payload does not depend on their order, so the checksum stays, and still vouches for
 * what the sender sent. */
static inline __attribute__((always_inline)) bool
build_echo(struct net_stack *stack, const struct net_udp_datagram *datagram, struct net_frame *out)
{
    const struct net_udp udp = answer_header(datagram, datagram->payload_size, datagram->checksum);
    if (UNLIKELY(udp.checksum == 0)) {
        build_udp_and_sum(stack, out, datagram->source_mac, datagram->source, udp);
    } else {
        build_udp(stack, out, datagram->source_mac, datagram->source, &udp);
    }
    return true;
}

static __attribute__((noinline)) bool echo_elsewhere(struct net_stack *stack,
                                                     const struct net_udp_datagram *datagram,
                                                     struct net_frame *out)
{
    memcpy(out->data + NET_STACK_PAYLOAD_OFFSET, datagram->payload, datagram->payload_size);
    return build_echo(stack, datagram, out);
}

bool net_stack_udp_echo(struct net_stack *stack, const struct net_udp_datagram *datagram,
                        struct net_frame *out)
{
    enum net_reason reason = admit_payload(stack, datagram->payload_size, out);

    if (UNLIKELY(reason != NET_OK)) {
        return refuse(stack, reason);
    }
    if (UNLIKELY(datagram->cast != NET_UNICAST)) {
        return refuse(stack, NET_REPLY_TO_GROUP);
    }
    if (UNLIKELY(datagram->source_port == 0)) {
        return refuse(stack, NET_REPLY_TO_PORT_ZERO);
    }
    if (UNLIKELY(out->data + NET_STACK_PAYLOAD_OFFSET != datagram->payload)) {
        return echo_elsewhere(stack, datagram, out);
    }
    return build_echo(stack, datagram, out);
}

bool net_stack_udp_reply(struct net_stack *stack, const struct net_udp_datagram *datagram,
                         size_t payload_size, struct net_frame *out)
{
    enum net_reason reason = admit_payload(stack, payload_size, out);

    if (reason != NET_OK) {
        return refuse(stack, reason);
    }
    if (datagram->source_port == 0) {
        return refuse(stack, NET_REPLY_TO_PORT_ZERO);
    }
    build_udp_and_sum(stack, out, datagram->source_mac, datagram->source,
                      answer_header(datagram, payload_size, 0));
    return true;
}

/* --- Sending UDP
 * --------------------------------------------------------------------------------------- */

/* The MAC to send to for `destination`; 0 if it must be asked for: then *hop is whose. */
static enum net_reason resolve(struct net_stack *stack, uint32_t destination, uint32_t *hop,
                               uint64_t *mac)
{
    *hop = destination;
    *mac = 0;
    if (destination == UINT32_MAX ||
        (destination == stack->broadcast && destination != stack->address)) {
        *mac = NET_MAC_BROADCAST;
        return NET_OK;
    }
    if (net_ipv4_is_multicast(destination)) {
        *mac = net_ipv4_multicast_mac(destination);
        return NET_OK;
    }
    if (!is_other_host(stack, destination)) {
        return NET_BAD_DESTINATION;
    }
    if (!is_on_link(stack, destination)) {
        *hop = stack->gateway;
    }
    if (*hop == 0) {
        return NET_NO_ROUTE;
    }
    const struct net_arp_entry *entry = net_arp_cache_find(&stack->arp, *hop);
    if (entry != NULL && entry->state == NET_ARP_KNOWN) {
        *mac = entry->mac;
    }
    return NET_OK;
}

enum net_stack_sending net_stack_udp_send(struct net_stack *stack, uint32_t destination,
                                          uint16_t source_port, uint16_t destination_port,
                                          size_t payload_size, struct net_frame *out)
{
    uint64_t mac = 0;
    uint32_t hop = 0;
    enum net_reason reason = admit_payload(stack, payload_size, out);

    if (reason == NET_OK) {
        reason = resolve(stack, destination, &hop, &mac);
    }
    if (reason != NET_OK) {
        drop(stack, reason);
        return NET_STACK_REFUSED;
    }
    if (mac == 0) {
        net_arp_cache_ask(&stack->arp, hop);
        build_arp(stack, NET_ARP_REQUEST, 0, hop, out);
        return NET_STACK_UNRESOLVED;
    }
    const struct net_udp udp = {
        .source_port = source_port,
        .destination_port = destination_port,
        .size = (uint16_t)(payload_size + NET_UDP_HEADER_SIZE),
    };
    build_udp_and_sum(stack, out, mac, destination, udp);
    return NET_STACK_READY;
}
