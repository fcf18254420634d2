/* SPDX-License-Identifier: BSD-2-Clause */
/* The short way through the stack is judged by the long one: what it takes, that takes, with the
 * same numbers; its echo is the same, byte for byte. */
#include "packets.h"
#include <net/predicted.h>

enum { ROUNDS = 300000 };

static _Alignas(8) uint8_t frame[FRAME_CAPACITY];
static struct net_stack stack;
static struct net_predicted predicted;

static bool takes(size_t size)
{
    return net_predicted_receive(&stack, frame, size, &predicted);
}

/* The long way's verdict on `size` bytes of `copy`, and what it makes of them. */
static enum net_stack_verdict long_way(uint8_t *copy, size_t size,
                                       struct net_udp_datagram *datagram, struct net_frame *out)
{
    *out = (struct net_frame){.data = copy, .capacity = FRAME_CAPACITY};
    return net_stack_receive(&stack, copy, size, out, datagram);
}

static void predict(size_t size)
{
    struct net_udp_datagram datagram;
    struct net_frame out;
    assert_int_equal(long_way(frame, size, &datagram, &out), NET_STACK_UDP);
    net_stack_predict(&stack, frame, &datagram);
}

static void set_up(void **state)
{
    (void)state;
    assert_null(net_stack_init(&stack, &test_config));
}

/* A datagram as one host sends them: service, flags and time to live are the same. */
static size_t make_from(uint32_t source, size_t payload_size)
{
    size_t size = make_udp(frame, payload_size);
    put(frame + 14, 0x4500, 2);
    put(frame + 20, 0x4000, 2);
    put(frame + 22, 64, 1);
    put(frame + 26, source, 4);
    put(frame + 34, 1 + random_below(65535), 2);
    put(frame + 36, random_below(65536), 2);
    sum_ipv4(frame);
    sum_udp(frame);
    return size;
}

static void any_next_datagram_of_a_host_is_taken(void **state)
{
    set_up(state);
    predict(make_from(PEER_ADDRESS, 64));
    for (size_t payload = 0; payload <= 1452; payload++) {
        size_t size = make_from(PEER_ADDRESS, payload);
        memset(frame + size, 0xee, 20); /* padding */
        assert_true(takes(size + random_below(20)));
        assert_int_equal(net_predicted_source_port(&predicted), get(frame + 34, 2));
        assert_int_equal(net_predicted_destination_port(&predicted), get(frame + 36, 2));
    }
}

static void the_echo_is_the_long_ways(void **state)
{
    set_up(state);
    predict(make_from(PEER_ADDRESS, 64));
    for (size_t round = 0; round < 3000; round++) {
        uint8_t copy[FRAME_CAPACITY];
        struct net_udp_datagram datagram;
        struct net_frame out;
        assert_true(takes(make_from(PEER_ADDRESS, random_below(1473))));
        memcpy(copy, frame, sizeof copy);
        uint64_t counted = stack.echoed_predicted;
        size_t size = net_predicted_echo(&stack, &predicted, frame);
        assert_int_equal(stack.echoed_predicted, counted + 1);
        assert_int_equal(long_way(copy, size, &datagram, &out), NET_STACK_UDP);
        assert_true(net_stack_udp_echo(&stack, &datagram, &out));
        assert_int_equal(out.size, size);
        assert_memory_equal(frame, copy, size);
    }
}

static void no_flipped_bit_is_taken(void **state)
{
    set_up(state);
    for (size_t payload = 0; payload < 70; payload++) {
        size_t size = make_udp(frame, payload);
        predict(size);
        assert_true(takes(size));
        for (size_t bit = 0; bit < size * 8; bit++) {
            frame[bit / 8] ^= (uint8_t)(1U << bit % 8);
            assert_false(takes(size));
            frame[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
        for (size_t cut = 0; cut < size; cut++) {
            assert_false(takes(cut));
        }
    }
}

/* A datagram with some of its bytes changed and its checksums mostly right. */
static size_t make_hostile(void)
{
    static const uint64_t extremes[] = {0, 1, 7, 8, 20, 27, 28, 0x7f, 0xe0, 0xff};
    size_t size = make_from(PEER_ADDRESS, random_below(80));
    for (size_t changes = random_below(4); changes > 0; changes--) {
        frame[random_below(44)] =
            (uint8_t)(random_below(2) != 0 ? random64() : extremes[random_below(10)]);
    }
    frame[14] = random_below(50) != 0 ? 0x45 : frame[14];
    if (get(frame + 38, 2) <= size) {
        sum_udp(frame);
    }
    if (random_below(8) != 0) {
        sum_ipv4(frame);
    }
    return random_below(8) == 0 ? random_below(size + 1) : size + random_below(3);
}

static void what_the_short_way_takes_the_long_way_takes(void **state)
{
    set_up(state);
    size_t taken = 0;
    for (size_t round = 0; round < ROUNDS; round++) {
        uint8_t copy[FRAME_CAPACITY];
        struct net_udp_datagram datagram;
        struct net_frame out;
        size_t size = make_hostile();
        bool short_way = takes(size);
        memcpy(copy, frame, sizeof copy);
        enum net_stack_verdict verdict = long_way(copy, size, &datagram, &out);
        if (short_way) {
            assert_int_equal(verdict, NET_STACK_UDP);
            assert_int_equal(datagram.cast, NET_UNICAST);
            assert_int_not_equal(datagram.checksum, 0);
            assert_int_not_equal(datagram.source_port, 0);
            assert_int_equal(datagram.source_port, net_predicted_source_port(&predicted));
            assert_int_equal(datagram.destination_port, net_predicted_destination_port(&predicted));
            assert_true(net_stack_udp_echo(&stack, &datagram, &out));
            assert_int_equal(net_predicted_echo(&stack, &predicted, frame), out.size);
            assert_memory_equal(frame, copy, out.size);
            taken++;
        } else if (verdict == NET_STACK_UDP) {
            net_stack_predict(&stack, copy, &datagram);
        }
    }
    assert_true(taken > ROUNDS / 100);
}

static void hosts_with_addresses_that_end_alike_take_turns(void **state)
{
    set_up(state);
    for (uint32_t host = 2; host < 2 + NET_PREDICTIONS; host++) {
        predict(make_from(0x0a000000 + host, 20));
    }
    for (uint32_t host = 2; host < 2 + NET_PREDICTIONS; host++) {
        assert_true(takes(make_from(0x0a000000 + host, 20)));
    }
    predict(make_from(0x0a000000 + 2 + NET_PREDICTIONS, 20));
    assert_false(takes(make_from(0x0a000002, 20)));
    assert_true(takes(make_from(0x0a000003, 20)));
}

static void what_must_not_be_echoed_is_never_predicted(void **state)
{
    set_up(state);
    struct net_udp_datagram datagram;
    struct net_frame out;
    size_t size = make_udp(frame, 20);
    put(frame, NET_MAC_BROADCAST, 6);
    put(frame + 30, 0xffffffff, 4);
    sum_ipv4(frame);
    sum_udp(frame);
    assert_int_equal(long_way(frame, size, &datagram, &out), NET_STACK_UDP);
    net_stack_predict(&stack, frame, &datagram);
    assert_false(takes(size));
    predict(make_udp(frame, 20));
    put(frame + 34, 0, 2); /* from port 0 */
    sum_udp(frame);
    assert_false(takes(size));

    predict(make_from(PEER_ADDRESS, 20));
    size = make_from(PEER_ADDRESS, 20);
    assert_true(takes(size));
    put(frame + 40, 0, 2); /* no checksum, though it would be right */
    put(frame + 42, 0, 2);
    put(frame + 42, 0xffff ^ udp_sum(frame), 2);
    assert_int_equal(udp_sum(frame), 0xffff);
    assert_false(takes(size));
}

/* The client's peer changes a frame after its check, and before its headers are kept. */
static void a_frame_that_changes_after_its_check_makes_no_other_prediction(void **state)
{
    set_up(state);
    struct net_udp_datagram datagram;
    struct net_frame out;
    for (size_t round = 0; round < 20000; round++) {
        size_t size = make_udp(frame, 20);
        assert_int_equal(long_way(frame, size, &datagram, &out), NET_STACK_UDP);
        random_bytes(frame, 42);
        if (random_below(2) != 0) {
            memset(frame, random_below(2) != 0 ? 0 : 0xff, 42);
        }
        net_stack_predict(&stack, frame, &datagram);
        size = make_udp(frame, 20);
        const struct net_prediction *p = &stack.predictions[PEER_ADDRESS % NET_PREDICTIONS];
        memcpy(frame, p->request, 40); /* whatever it is, with sizes and sums made right */
        put(frame + 16, 48, 2);
        put(frame + 34, PEER_PORT, 2);
        put(frame + 36, OUR_PORT, 2);
        put(frame + 38, 28, 2);
        sum_ipv4(frame);
        sum_udp(frame);
        if (takes(size)) {
            assert_int_equal(long_way(frame, size, &datagram, &out), NET_STACK_UDP);
            assert_int_equal(datagram.source, PEER_ADDRESS);
            assert_int_equal(datagram.source_mac, PEER_MAC);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SENTENCE("any next datagram of a host is taken", any_next_datagram_of_a_host_is_taken),
        SENTENCE("the echo is the long way's, byte for byte", the_echo_is_the_long_ways),
        SENTENCE("no flipped bit and no truncation is taken", no_flipped_bit_is_taken),
        SENTENCE("what the short way takes, the long way takes",
                 what_the_short_way_takes_the_long_way_takes),
        SENTENCE("hosts whose addresses end alike take turns",
                 hosts_with_addresses_that_end_alike_take_turns),
        SENTENCE("what must not be echoed is never predicted",
                 what_must_not_be_echoed_is_never_predicted),
        SENTENCE("a frame that changes after its check makes no other prediction",
                 a_frame_that_changes_after_its_check_makes_no_other_prediction),
    };
    random_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
