/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes the predictions of prediction.h. */
#include <net/stack.h>

/* The words before the ports; `first`, `second` and `last` are the IPv4 header's. Returns its sum.
 */
static uint64_t write_words(net_word *words, const struct net_ethernet *ethernet, uint64_t first,
                            uint64_t second, uint32_t last)
{
    uint8_t *frame = (uint8_t *)words;
    uint8_t *ip = frame + NET_STACK_IPV4_OFFSET;
    net_ethernet_write(frame, ethernet);
    net_write_be64(ip, first);
    net_write_be64(ip + 8, second);
    net_write_be32(ip + 16, last);
    return net_be16(net_sum_fold(net_sum_add(net_sum_add(first, second), last)));
}

void net_stack_predict(struct net_stack *stack, const uint8_t *frame,
                       const struct net_udp_datagram *datagram)
{
    /* What the datagram's numbers do not have is read again, and harms nobody, whatever it is. */
    const uint64_t service = frame[NET_STACK_IPV4_OFFSET + 1];
    const uint64_t flags = frame[NET_STACK_IPV4_OFFSET + 6] & 0xc0;
    const uint64_t time_to_live = frame[NET_STACK_IPV4_OFFSET + 8];
    const uint64_t version = (uint64_t)NET_IPV4_VERSION_AND_SIZE << 56;
    const uint64_t udp = (uint64_t)NET_IPV4_UDP << 48;
    const struct net_ethernet request = {stack->mac, datagram->source_mac, NET_ETHERTYPE_IPV4};
    const struct net_ethernet answer = {datagram->source_mac, stack->mac, NET_ETHERTYPE_IPV4};
    struct net_prediction *p = &stack->predictions[datagram->source % NET_PREDICTIONS];

    if (datagram->checksum == 0 || time_to_live == 0) {
        return; /* its next will have no checksum, either; or the frame has changed */
    }
    *p = (struct net_prediction){0};
    p->request_sum = write_words(p->request, &request, version | service << 48 | flags << 8,
                                 time_to_live << 56 | udp | datagram->source, stack->address);
    p->answer_sum =
        write_words(p->answer, &answer, version | NET_IPV4_DONT_FRAGMENT,
                    (uint64_t)NET_IPV4_TIME_TO_LIVE << 56 | udp | stack->address, datagram->source);
    p->answer[3] |= UINT16_MAX;
    p->pseudo_sum =
        net_sum_fold(net_ipv4_pseudo_sum(datagram->source, stack->address, NET_IPV4_UDP, 0));
}
