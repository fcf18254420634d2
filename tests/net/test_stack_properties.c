/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What must hold of the stack for any frame. Frames under test end at a page that faults, so that a
 * read beyond the given size kills the test.
 */
#include "packets.h"

enum { ROUNDS = 500 };

static uint8_t *end; /* of guarded memory */
static uint8_t *reply_end;
static struct net_stack stack;

static int set_up(void **state)
{
    (void)state;
    end = guarded_end();
    reply_end = guarded_end();
    return net_stack_init(&stack, &test_config) == NULL ? 0 : -1;
}

static uint64_t drops(void)
{
    uint64_t count = 0;
    for (unsigned i = 0; i < NET_REASON_COUNT; i++) {
        count += stack.dropped[i];
    }
    return count;
}

static size_t make_any(uint8_t *frame)
{
    switch (random_below(4)) {
    case 0:
        return make_arp(frame, NET_MAC_BROADCAST, 1, PEER_ADDRESS, OUR_ADDRESS);
    case 1:
        return make_icmp(frame, 8, random_below(200));
    default:
        return make_udp(frame, random_below(200));
    }
}

static void every_truncation_is_dropped_with_a_reason(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        uint8_t whole[FRAME_CAPACITY];
        size_t size = make_any(whole);
        for (size_t cut = 0; cut < size; cut++) {
            struct net_frame reply = {.data = reply_end - 1514, .capacity = 1514};
            struct net_udp_datagram datagram;
            uint64_t before = drops();
            memcpy(end - cut, whole, cut);
            assert_int_equal(net_stack_receive(&stack, end - cut, cut, &reply, &datagram),
                             NET_STACK_DROPPED);
            assert_int_equal(drops(), before + 1);
            assert_int_not_equal(stack.last_drop, NET_OK);
        }
    }
}

static void every_flipped_bit_is_noticed_or_harmless(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS / 10; round++) {
        uint8_t whole[FRAME_CAPACITY];
        size_t size = make_udp(whole, random_below(100));
        for (size_t bit = 0; bit < size * 8; bit++) {
            uint8_t *frame = end - size;
            struct net_frame reply = {.data = reply_end - 1514, .capacity = 1514};
            struct net_udp_datagram datagram;
            memcpy(frame, whole, size);
            frame[bit / 8] ^= (uint8_t)(1U << bit % 8);
            if (net_stack_receive(&stack, frame, size, &reply, &datagram) != NET_STACK_UDP) {
                continue;
            }
            /* Only the source MAC, or a checksum flipped to none, may differ. */
            assert_true((bit >= 48 && bit < 96) || datagram.checksum == 0);
            assert_int_equal(datagram.payload_size, size - 42);
            assert_memory_equal(datagram.payload, whole + 42, size - 42);
            assert_int_equal(datagram.source, PEER_ADDRESS);
            assert_int_equal(datagram.source_port, PEER_PORT);
            assert_int_equal(datagram.destination_port, OUR_PORT);
        }
    }
}

/* Valid frames with some bytes changed, the IPv4 checksum often right, so that they get far. */
static size_t make_hostile(uint8_t *frame)
{
    size_t size = make_any(frame);
    for (size_t changes = random_below(6); changes > 0; changes--) {
        frame[random_below(size < 44 ? size : 44)] = (uint8_t)random64();
    }
    if (random_below(8) != 0) {
        frame[14] = 0x45;
        sum_ipv4(frame);
    }
    return random_below(4) == 0 ? random_below(size + 1) : size;
}

static void any_frame_counts_once_and_stays_in_bounds(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS * 400; round++) {
        uint8_t whole[FRAME_CAPACITY];
        size_t size = make_hostile(whole);
        size_t capacity = random_below(300);
        struct net_frame reply = {.data = reply_end - capacity, .capacity = capacity};
        struct net_udp_datagram datagram;
        uint64_t counted = drops() + stack.built + stack.udp_received + stack.arp_consumed;
        memcpy(end - size, whole, size);
        enum net_stack_verdict verdict =
            net_stack_receive(&stack, end - size, size, &reply, &datagram);
        assert_int_equal(drops() + stack.built + stack.udp_received + stack.arp_consumed,
                         counted + 1);
        assert_true((verdict == NET_STACK_REPLY) == (reply.size != 0));
        assert_true(reply.size <= capacity);
        assert_memory_equal(end - size, whole, size);
        if (verdict == NET_STACK_UDP) {
            assert_true(datagram.payload >= end - size);
            assert_true(datagram.payload + datagram.payload_size <= end);
            (void)net_stack_udp_echo(&stack, &datagram, &reply);
            assert_true(reply.size <= capacity);
        }
    }
}

static void answers_in_place_and_elsewhere_are_equal(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS * 10; round++) {
        uint8_t in_place[FRAME_CAPACITY];
        size_t size = make_any(in_place);
        uint8_t *source = end - size;
        struct net_frame elsewhere = {.data = reply_end - FRAME_CAPACITY,
                                      .capacity = FRAME_CAPACITY};
        struct net_frame here = {.data = in_place, .capacity = FRAME_CAPACITY};
        struct net_udp_datagram datagram;
        memcpy(source, in_place, size);
        enum net_stack_verdict verdict =
            net_stack_receive(&stack, source, size, &elsewhere, &datagram);
        if (verdict == NET_STACK_UDP) {
            assert_true(net_stack_udp_echo(&stack, &datagram, &elsewhere));
        }
        assert_int_equal(net_stack_receive(&stack, in_place, size, &here, &datagram), verdict);
        if (verdict == NET_STACK_UDP) {
            assert_true(net_stack_udp_echo(&stack, &datagram, &here));
        }
        assert_int_equal(here.size, size);
        assert_int_equal(elsewhere.size, size);
        assert_memory_equal(here.data, elsewhere.data, size);
    }
}

static void what_one_stack_sends_another_receives_and_its_echo_returns(void **state)
{
    (void)state;
    const struct net_stack_config peer_config = {
        .mac = PEER_MAC, .address = PEER_ADDRESS, .prefix_length = 24};
    struct net_stack peer;
    struct net_udp_datagram datagram;
    uint8_t frame[FRAME_CAPACITY];
    uint8_t payload[1472];
    struct net_frame out = {.data = frame, .capacity = sizeof frame};

    assert_null(net_stack_init(&peer, &peer_config));
    assert_int_equal(net_stack_udp_send(&peer, OUR_ADDRESS, 1, 2, 0, &out), NET_STACK_UNRESOLVED);
    assert_int_equal(net_stack_receive(&stack, frame, out.size, &out, &datagram), NET_STACK_REPLY);
    assert_int_equal(net_stack_receive(&peer, frame, out.size, &out, &datagram),
                     NET_STACK_CONSUMED);
    for (int round = 0; round < ROUNDS; round++) {
        size_t size = random_below(sizeof payload + 1);
        uint16_t port = (uint16_t)(1 + random_below(65535));
        random_bytes(payload, size);
        memcpy(frame + NET_STACK_PAYLOAD_OFFSET, payload, size);
        assert_int_equal(net_stack_udp_send(&peer, OUR_ADDRESS, port, OUR_PORT, size, &out),
                         NET_STACK_READY);
        assert_int_equal(net_stack_receive(&stack, frame, out.size, &out, &datagram),
                         NET_STACK_UDP);
        assert_true(net_stack_udp_echo(&stack, &datagram, &out));
        assert_int_equal(net_stack_receive(&peer, frame, out.size, &out, &datagram), NET_STACK_UDP);
        assert_int_equal(datagram.destination_port, port);
        assert_int_equal(datagram.payload_size, size);
        assert_memory_equal(datagram.payload, payload, size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SENTENCE("every truncation is dropped with a reason",
                 every_truncation_is_dropped_with_a_reason),
        SENTENCE("every flipped bit is noticed or harmless",
                 every_flipped_bit_is_noticed_or_harmless),
        SENTENCE("any frame counts once and stays in bounds",
                 any_frame_counts_once_and_stays_in_bounds),
        SENTENCE("answers in place and elsewhere are equal",
                 answers_in_place_and_elsewhere_are_equal),
        SENTENCE("what one stack sends, another receives, and its echo returns",
                 what_one_stack_sends_another_receives_and_its_echo_returns),
    };
    random_start();
    return cmocka_run_group_tests(tests, set_up, NULL);
}
