/* SPDX-License-Identifier: BSD-2-Clause */
/* How the stack answers, asks, learns and forgets by ARP, and sends UDP to whom it found. */
#include "packets.h"

static uint8_t frame[FRAME_CAPACITY];
static struct net_stack stack;
static struct net_frame out;
static struct net_udp_datagram datagram;

static int set_up(void **state)
{
    (void)state;
    memset(frame, 0, sizeof frame);
    out = (struct net_frame){.data = frame, .capacity = sizeof frame};
    return net_stack_init(&stack, &test_config) == NULL ? 0 : -1;
}

static enum net_stack_verdict receive(size_t size)
{
    return net_stack_receive(&stack, frame, size, &out, &datagram);
}

static enum net_stack_sending send_to(uint32_t destination)
{
    return net_stack_udp_send(&stack, destination, OUR_PORT, PEER_PORT, 20, &out);
}

static void assert_dropped(size_t size, enum net_reason reason)
{
    assert_int_equal(receive(size), NET_STACK_DROPPED);
    assert_string_equal(net_reason_name(stack.last_drop), net_reason_name(reason));
}

static void an_arp_request_for_us_is_answered_and_its_sender_known(void **state)
{
    (void)state;
    size_t size = make_arp(frame, NET_MAC_BROADCAST, 1, PEER_ADDRESS, OUR_ADDRESS);
    assert_int_equal(receive(size + 18), NET_STACK_REPLY);
    assert_int_equal(out.size, 42);
    assert_int_equal(get(frame, 6), PEER_MAC);
    assert_int_equal(get(frame + 6, 6), OUR_MAC);
    assert_int_equal(get(frame + 14, 8), 0x0001080006040002);
    assert_int_equal(get(frame + 22, 6), OUR_MAC);
    assert_int_equal(get(frame + 28, 4), OUR_ADDRESS);
    assert_int_equal(get(frame + 32, 6), PEER_MAC);
    assert_int_equal(get(frame + 38, 4), PEER_ADDRESS);
    assert_int_equal(send_to(PEER_ADDRESS), NET_STACK_READY);
}

static void an_arp_probe_is_answered_and_teaches_nothing(void **state)
{
    (void)state;
    assert_int_equal(receive(make_arp(frame, NET_MAC_BROADCAST, 1, 0, OUR_ADDRESS)),
                     NET_STACK_REPLY);
    assert_int_equal(get(frame + 38, 4), 0);
    assert_null(net_arp_cache_find(&stack.arp, 0));
}

static void arp_that_is_wrong_or_not_ours_is_dropped(void **state)
{
    (void)state;
    assert_dropped(make_arp(frame, NET_MAC_BROADCAST, 1, PEER_ADDRESS, GATEWAY),
                   NET_ARP_NOT_FOR_US);
    assert_dropped(make_arp(frame, NET_MAC_BROADCAST, 1, OUR_ADDRESS, OUR_ADDRESS),
                   NET_ARP_CONFLICT);
    assert_dropped(make_arp(frame, NET_MAC_BROADCAST, 1, 0xe0000001, OUR_ADDRESS),
                   NET_BAD_SOURCE_IP);
    assert_dropped(make_arp(frame, OUR_MAC, 2, 0, OUR_ADDRESS), NET_BAD_SOURCE_IP);
    assert_dropped(make_arp(frame, 0x01005e000001, 1, PEER_ADDRESS, OUR_ADDRESS), NET_NOT_OUR_MAC);
    assert_dropped(make_arp(frame, OUR_MAC, 3, PEER_ADDRESS, OUR_ADDRESS), NET_ARP_MALFORMED);
    for (size_t at = 14; at < 20; at++) {
        size_t size = make_arp(frame, OUR_MAC, 1, PEER_ADDRESS, OUR_ADDRESS);
        frame[at] ^= 8;
        assert_dropped(size, NET_ARP_MALFORMED);
    }
    size_t size = make_arp(frame, OUR_MAC, 1, PEER_ADDRESS, OUR_ADDRESS);
    put(frame + 22, NET_MAC_BROADCAST, 6);
    assert_dropped(size, NET_BAD_SOURCE_MAC);
    out.capacity = 41;
    assert_dropped(make_arp(frame, OUR_MAC, 1, PEER_ADDRESS, OUR_ADDRESS), NET_REPLY_TOO_LARGE);
}

static void a_reply_counts_only_if_we_asked(void **state)
{
    (void)state;
    assert_dropped(make_arp(frame, OUR_MAC, 2, PEER_ADDRESS, OUR_ADDRESS), NET_ARP_UNSOLICITED);
    assert_int_equal(send_to(PEER_ADDRESS), NET_STACK_UNRESOLVED);
    size_t size = make_arp(frame, OUR_MAC, 2, PEER_ADDRESS, OUR_ADDRESS);
    put(frame + 32, PEER_MAC, 6); /* addressed to another target MAC */
    assert_dropped(size, NET_ARP_UNSOLICITED);
    assert_int_equal(receive(make_arp(frame, OUR_MAC, 2, PEER_ADDRESS, OUR_ADDRESS)),
                     NET_STACK_CONSUMED);
    assert_int_equal(send_to(PEER_ADDRESS), NET_STACK_READY);
    size = make_arp(frame, OUR_MAC, 2, PEER_ADDRESS, OUR_ADDRESS);
    put(frame + 22, 0x020000000066, 6); /* another MAC, later */
    assert_dropped(size, NET_ARP_UNSOLICITED);
    assert_int_equal(net_arp_cache_find(&stack.arp, PEER_ADDRESS)->mac, PEER_MAC);
}

static void sending_to_an_unknown_host_asks_and_keeps_the_payload(void **state)
{
    (void)state;
    uint8_t payload[20];
    random_bytes(payload, sizeof payload);
    memcpy(frame + NET_STACK_PAYLOAD_OFFSET, payload, sizeof payload);
    assert_int_equal(send_to(PEER_ADDRESS), NET_STACK_UNRESOLVED);
    assert_int_equal(out.size, 42);
    assert_int_equal(get(frame, 6), NET_MAC_BROADCAST);
    assert_int_equal(get(frame + 14, 8), 0x0001080006040001);
    assert_int_equal(get(frame + 28, 4), OUR_ADDRESS);
    assert_int_equal(get(frame + 38, 4), PEER_ADDRESS);
    assert_true(net_arp_cache_answer(&stack.arp, PEER_ADDRESS, PEER_MAC));
    assert_int_equal(send_to(PEER_ADDRESS), NET_STACK_READY);
    assert_int_equal(out.size, 62);
    assert_int_equal(get(frame, 6), PEER_MAC);
    assert_int_equal(get(frame + 30, 4), PEER_ADDRESS);
    assert_int_equal(get(frame + 34, 2), OUR_PORT);
    assert_int_equal(get(frame + 36, 2), PEER_PORT);
    assert_int_equal(plain_sum(frame + 14, 20, 0), 0xffff);
    assert_int_equal(udp_sum(frame), 0xffff);
    assert_memory_equal(frame + 42, payload, sizeof payload);
}

static void a_far_host_is_reached_through_the_gateway(void **state)
{
    (void)state;
    assert_int_equal(send_to(FAR_ADDRESS), NET_STACK_UNRESOLVED);
    assert_int_equal(get(frame + 38, 4), GATEWAY);
    assert_true(net_arp_cache_answer(&stack.arp, GATEWAY, PEER_MAC));
    assert_int_equal(send_to(FAR_ADDRESS), NET_STACK_READY);
    assert_int_equal(get(frame, 6), PEER_MAC);
    assert_int_equal(get(frame + 30, 4), FAR_ADDRESS);
    stack.gateway = 0;
    assert_int_equal(send_to(FAR_ADDRESS), NET_STACK_REFUSED);
    assert_int_equal(stack.last_drop, NET_NO_ROUTE);
}

static void groups_need_no_arp_and_ourselves_are_no_destination(void **state)
{
    (void)state;
    assert_int_equal(send_to(0xffffffff), NET_STACK_READY);
    assert_int_equal(get(frame, 6), NET_MAC_BROADCAST);
    assert_int_equal(send_to(0x0a0000ff), NET_STACK_READY);
    assert_int_equal(get(frame, 6), NET_MAC_BROADCAST);
    assert_int_equal(send_to(0xe1ffffff), NET_STACK_READY);
    assert_int_equal(get(frame, 6), 0x01005e7fffff);
    assert_int_equal(send_to(OUR_ADDRESS), NET_STACK_REFUSED);
    assert_int_equal(stack.last_drop, NET_BAD_DESTINATION);
    assert_int_equal(send_to(0x7f000001), NET_STACK_REFUSED);
    assert_int_equal(net_stack_udp_send(&stack, 0xffffffff, 1, 1, 1473, &out), NET_STACK_REFUSED);
    assert_int_equal(stack.last_drop, NET_REPLY_TOO_LARGE);
}

static void a_flood_of_requests_does_not_push_out_what_is_asked(void **state)
{
    (void)state;
    assert_int_equal(send_to(GATEWAY), NET_STACK_UNRESOLVED);
    for (uint32_t host = 2; host < 250; host++) {
        assert_int_equal(receive(make_arp(frame, OUR_MAC, 1, 0x0a000000 + host, OUR_ADDRESS)),
                         NET_STACK_REPLY);
    }
    assert_int_equal(receive(make_arp(frame, OUR_MAC, 2, GATEWAY, OUR_ADDRESS)),
                     NET_STACK_CONSUMED);
    assert_int_equal(send_to(GATEWAY), NET_STACK_READY);
}

static void asking_for_more_hosts_than_entries_goes_on(void **state)
{
    (void)state;
    for (uint32_t host = 2; host < 250; host++) {
        assert_int_equal(send_to(0x0a000000 + host), NET_STACK_UNRESOLVED);
    }
    assert_int_equal(receive(make_arp(frame, OUR_MAC, 1, PEER_ADDRESS, OUR_ADDRESS)),
                     NET_STACK_REPLY);
    assert_int_equal(receive(make_arp(frame, OUR_MAC, 2, 0x0a0000f9, OUR_ADDRESS)),
                     NET_STACK_CONSUMED);
    assert_int_equal(send_to(0x0a0000f9), NET_STACK_READY);
}

static void a_neighbour_not_heard_of_is_forgotten(void **state)
{
    (void)state;
    net_arp_cache_learn(&stack.arp, PEER_ADDRESS, PEER_MAC);
    net_stack_age(&stack);
    assert_int_equal(send_to(PEER_ADDRESS), NET_STACK_READY);
    net_arp_cache_learn(&stack.arp, PEER_ADDRESS, PEER_MAC);
    net_stack_age(&stack);
    assert_int_equal(send_to(PEER_ADDRESS), NET_STACK_READY);
    net_stack_age(&stack);
    assert_int_equal(send_to(PEER_ADDRESS), NET_STACK_UNRESOLVED);
    net_stack_age(&stack);
    assert_int_equal(receive(make_arp(frame, OUR_MAC, 2, PEER_ADDRESS, OUR_ADDRESS)),
                     NET_STACK_CONSUMED);
    net_stack_age(&stack);
    assert_int_equal(send_to(PEER_ADDRESS), NET_STACK_READY);
}

static void off_link_senders_are_answered_but_not_learned(void **state)
{
    (void)state;
    assert_int_equal(receive(make_arp(frame, OUR_MAC, 1, FAR_ADDRESS, OUR_ADDRESS)),
                     NET_STACK_REPLY);
    assert_null(net_arp_cache_find(&stack.arp, FAR_ADDRESS));
}

#define CASE(text, function)                                          \
    {                                                                 \
        .name = (text), .test_func = (function), .setup_func = set_up \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE("an ARP request for us is answered and its sender known",
             an_arp_request_for_us_is_answered_and_its_sender_known),
        CASE("an ARP probe is answered and teaches nothing",
             an_arp_probe_is_answered_and_teaches_nothing),
        CASE("ARP that is wrong or not ours is dropped", arp_that_is_wrong_or_not_ours_is_dropped),
        CASE("a reply counts only if we asked", a_reply_counts_only_if_we_asked),
        CASE("sending to an unknown host asks and keeps the payload",
             sending_to_an_unknown_host_asks_and_keeps_the_payload),
        CASE("a far host is reached through the gateway",
             a_far_host_is_reached_through_the_gateway),
        CASE("groups need no ARP, and ourselves are no destination",
             groups_need_no_arp_and_ourselves_are_no_destination),
        CASE("a flood of requests does not push out what is asked",
             a_flood_of_requests_does_not_push_out_what_is_asked),
        CASE("asking for more hosts than entries goes on",
             asking_for_more_hosts_than_entries_goes_on),
        CASE("a neighbour not heard of is forgotten", a_neighbour_not_heard_of_is_forgotten),
        CASE("off-link senders are answered but not learned",
             off_link_senders_are_answered_but_not_learned),
    };
    random_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
