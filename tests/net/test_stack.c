/* SPDX-License-Identifier: BSD-2-Clause */
/* The client's stack, sentence by sentence: what it answers, delivers, sends, and drops for which
 * reason. */
#include "packets.h"

static uint8_t frame[FRAME_CAPACITY];
static struct net_stack stack;
static struct net_frame reply;
static struct net_udp_datagram datagram;

static int set_up(void **state)
{
    (void)state;
    memset(frame, 0, sizeof frame);
    reply = (struct net_frame){.data = frame, .capacity = sizeof frame};
    return net_stack_init(&stack, &test_config) == NULL ? 0 : -1;
}

static enum net_stack_verdict receive(size_t size)
{
    return net_stack_receive(&stack, frame, size, &reply, &datagram);
}

static void assert_dropped(size_t size, enum net_reason reason)
{
    uint64_t before = stack.dropped[reason];
    assert_int_equal(receive(size), NET_STACK_DROPPED);
    assert_string_equal(net_reason_name(stack.last_drop), net_reason_name(reason));
    assert_int_equal(stack.dropped[reason], before + 1);
    assert_int_equal(reply.size, 0);
}

/* A valid datagram with `size` bytes at `offset` replaced, IPv4 checksum made right again. */
static void assert_changed_udp_dropped(size_t offset, uint64_t value, size_t size,
                                       enum net_reason reason)
{
    size_t frame_size = make_udp(frame, 64);
    put(frame + offset, value, size);
    sum_ipv4(frame);
    assert_dropped(frame_size, reason);
}

static void udp_is_delivered_where_it_lies(void **state)
{
    (void)state;
    size_t size = make_udp(frame, 64);
    memset(frame + size, 0xee, 10); /* Ethernet padding */
    assert_int_equal(receive(size + 10), NET_STACK_UDP);
    assert_ptr_equal(datagram.payload, frame + 42);
    assert_int_equal(datagram.payload_size, 64);
    assert_int_equal(datagram.source_mac, PEER_MAC);
    assert_int_equal(datagram.source, PEER_ADDRESS);
    assert_int_equal(datagram.destination, OUR_ADDRESS);
    assert_int_equal(datagram.source_port, PEER_PORT);
    assert_int_equal(datagram.destination_port, OUR_PORT);
    assert_int_equal(datagram.cast, NET_UNICAST);
    assert_int_equal(stack.udp_received, 1);
}

static void udp_without_checksum_is_delivered_and_answered_with_one(void **state)
{
    (void)state;
    size_t size = make_udp(frame, 33);
    put(frame + 40, 0, 2);
    assert_int_equal(receive(size), NET_STACK_UDP);
    assert_int_equal(datagram.checksum, 0);
    assert_true(net_stack_udp_echo(&stack, &datagram, &reply));
    assert_int_not_equal(get(frame + 40, 2), 0);
    assert_int_equal(udp_sum(frame), 0xffff);
}

static void a_computed_udp_checksum_of_zero_is_sent_as_all_ones(void **state)
{
    (void)state;
    size_t size = make_udp(frame, 2);
    put(frame + 42, 0, 2);
    put(frame + 40, 0, 2);
    put(frame + 42, 0xffff ^ udp_sum(frame), 2); /* now the sum is ffff, its complement 0 */
    assert_int_equal(receive(size), NET_STACK_UDP);
    assert_true(net_stack_udp_reply(&stack, &datagram, 2, &reply));
    assert_int_equal(get(frame + 40, 2), 0xffff);
}

static void each_header_fault_has_its_own_reason(void **state)
{
    (void)state;
    assert_changed_udp_dropped(0, 0x020000000099, 6, NET_NOT_OUR_MAC);
    assert_changed_udp_dropped(0, NET_MAC_BROADCAST, 6, NET_UNICAST_IN_BROADCAST);
    assert_changed_udp_dropped(6, 0x010000000001, 6, NET_BAD_SOURCE_MAC);
    assert_changed_udp_dropped(6, OUR_MAC, 6, NET_BAD_SOURCE_MAC);
    assert_changed_udp_dropped(6, 0, 6, NET_BAD_SOURCE_MAC);
    assert_changed_udp_dropped(12, 0x86dd, 2, NET_UNKNOWN_ETHERTYPE);
    assert_changed_udp_dropped(12, 0x8100, 2, NET_UNKNOWN_ETHERTYPE);
    assert_changed_udp_dropped(14, 0x65, 1, NET_BAD_IP_VERSION);
    assert_changed_udp_dropped(14, 0x44, 1, NET_BAD_IP_HEADER_SIZE);
    assert_changed_udp_dropped(14, 0x46, 1, NET_IP_OPTIONS);
    assert_changed_udp_dropped(16, 19, 2, NET_BAD_IP_LENGTH);
    assert_changed_udp_dropped(16, 93, 2, NET_BAD_IP_LENGTH);
    assert_changed_udp_dropped(20, 0x2000, 2, NET_IP_FRAGMENT);
    assert_changed_udp_dropped(20, 0x0001, 2, NET_IP_FRAGMENT);
    assert_changed_udp_dropped(22, 0, 1, NET_TTL_ZERO);
    assert_changed_udp_dropped(23, 6, 1, NET_UNKNOWN_PROTOCOL);
    assert_changed_udp_dropped(30, PEER_ADDRESS, 4, NET_NOT_OUR_IP);
    assert_changed_udp_dropped(30, 0xe0000001, 4, NET_NOT_OUR_IP);
    assert_changed_udp_dropped(16, 27, 2, NET_TRUNCATED_UDP);
    assert_changed_udp_dropped(38, 7, 2, NET_BAD_UDP_LENGTH);
    assert_changed_udp_dropped(38, 73, 2, NET_BAD_UDP_LENGTH);
    assert_changed_udp_dropped(38, 71, 2, NET_BAD_UDP_CHECKSUM);

    size_t size = make_udp(frame, 64);
    frame[24] ^= 1;
    assert_dropped(size, NET_BAD_IP_CHECKSUM);
    size = make_udp(frame, 1472);
    assert_int_equal(receive(size), NET_STACK_UDP);
    assert_dropped(size + 1, NET_OVERSIZED);
}

static void no_group_nor_ourselves_is_taken_as_source(void **state)
{
    (void)state;
    const uint32_t bad[] = {0,          0x00000001, 0x7f000001, 0xe0000001, 0xefffffff,
                            0xf0000001, 0xffffffff, 0x0a000000, 0x0a0000ff, OUR_ADDRESS};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_changed_udp_dropped(26, bad[i], 4, NET_BAD_SOURCE_IP);
    }
}

static void an_echo_in_place_goes_back_with_the_payload(void **state)
{
    (void)state;
    uint8_t sent[FRAME_CAPACITY];
    size_t size = make_udp(frame, 64);
    memcpy(sent, frame, size);
    assert_int_equal(receive(size), NET_STACK_UDP);
    assert_true(net_stack_udp_echo(&stack, &datagram, &reply));
    assert_int_equal(reply.size, size);
    assert_int_equal(get(frame, 6), PEER_MAC);
    assert_int_equal(get(frame + 6, 6), OUR_MAC);
    assert_int_equal(get(frame + 14, 1), 0x45);
    assert_int_equal(get(frame + 16, 2), size - 14);
    assert_int_equal(get(frame + 22, 1), 64);
    assert_int_equal(plain_sum(frame + 14, 20, 0), 0xffff);
    assert_int_equal(get(frame + 26, 4), OUR_ADDRESS);
    assert_int_equal(get(frame + 30, 4), PEER_ADDRESS);
    assert_int_equal(get(frame + 34, 2), OUR_PORT);
    assert_int_equal(get(frame + 36, 2), PEER_PORT);
    assert_int_equal(udp_sum(frame), 0xffff);
    assert_memory_equal(frame + 42, sent + 42, 64);
}

static void bytes_behind_the_udp_length_are_not_echoed(void **state)
{
    (void)state;
    size_t size = make_udp(frame, 64);
    put(frame + 38, 8 + 32, 2);
    sum_udp(frame);
    assert_int_equal(receive(size), NET_STACK_UDP);
    assert_int_equal(datagram.payload_size, 32);
    assert_true(net_stack_udp_echo(&stack, &datagram, &reply));
    assert_int_equal(reply.size, 42 + 32);
    assert_int_equal(get(frame + 16, 2), 28 + 32);
    assert_int_equal(udp_sum(frame), 0xffff);
}

static void a_reply_of_another_size_is_summed_anew(void **state)
{
    (void)state;
    const size_t sizes[] = {0, 1, 7, 500, 1472};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        assert_int_equal(receive(make_udp(frame, 64)), NET_STACK_UDP);
        random_bytes(frame + 42, sizes[i]);
        assert_true(net_stack_udp_reply(&stack, &datagram, sizes[i], &reply));
        assert_int_equal(reply.size, 42 + sizes[i]);
        assert_int_equal(plain_sum(frame + 14, 20, 0), 0xffff);
        assert_int_equal(udp_sum(frame), 0xffff);
        assert_int_equal(get(frame + 36, 2), PEER_PORT);
    }
}

static void an_answer_that_does_not_fit_or_is_not_wanted_is_refused(void **state)
{
    (void)state;
    assert_int_equal(receive(make_udp(frame, 64)), NET_STACK_UDP);
    assert_false(net_stack_udp_reply(&stack, &datagram, 1473, &reply));
    assert_int_equal(stack.last_drop, NET_REPLY_TOO_LARGE);
    assert_false(net_stack_udp_reply(&stack, &datagram, SIZE_MAX, &reply));
    assert_int_equal(stack.last_drop, NET_REPLY_TOO_LARGE);
    reply.capacity = 42 + 63;
    assert_false(net_stack_udp_echo(&stack, &datagram, &reply));
    assert_int_equal(stack.dropped[NET_REPLY_TOO_LARGE], 3);
    reply.capacity++;
    assert_true(net_stack_udp_echo(&stack, &datagram, &reply));

    size_t size = make_udp(frame, 64);
    put(frame + 34, 0, 2);
    sum_udp(frame);
    assert_int_equal(receive(size), NET_STACK_UDP);
    assert_false(net_stack_udp_echo(&stack, &datagram, &reply));
    assert_int_equal(stack.last_drop, NET_REPLY_TO_PORT_ZERO);
    assert_false(net_stack_udp_reply(&stack, &datagram, 1, &reply));
    assert_int_equal(stack.dropped[NET_REPLY_TO_PORT_ZERO], 2);
}

static void receive_group(uint64_t mac, uint32_t address, enum net_cast cast)
{
    size_t size = make_udp(frame, 10);
    put(frame, mac, 6);
    put(frame + 30, address, 4);
    sum_ipv4(frame);
    sum_udp(frame);
    assert_int_equal(receive(size), NET_STACK_UDP);
    assert_int_equal(datagram.cast, cast);
    assert_false(net_stack_udp_echo(&stack, &datagram, &reply));
    assert_int_equal(stack.last_drop, NET_REPLY_TO_GROUP);
    assert_true(net_stack_udp_reply(&stack, &datagram, 10, &reply));
    assert_int_equal(get(frame + 26, 4), OUR_ADDRESS);
    assert_int_equal(udp_sum(frame), 0xffff);
}

static void udp_to_a_group_is_marked_and_never_echoed(void **state)
{
    (void)state;
    stack.multicast = true;
    receive_group(NET_MAC_BROADCAST, 0xffffffff, NET_BROADCAST);
    receive_group(NET_MAC_BROADCAST, 0x0a0000ff, NET_BROADCAST);
    receive_group(OUR_MAC, 0x0a0000ff, NET_BROADCAST);
    receive_group(0x01005e000001, 0xe0000001, NET_MULTICAST);
    receive_group(0x01005e7f0001, 0xefff0001, NET_MULTICAST);
    assert_changed_udp_dropped(0, 0x01005e000001, 6, NET_UNICAST_IN_BROADCAST);
    size_t size = make_udp(frame, 10);
    put(frame, 0x01005e000002, 6);
    put(frame + 30, 0xe0000001, 4);
    sum_ipv4(frame);
    assert_dropped(size, NET_NOT_OUR_MAC);
}

static void a_ping_is_answered(void **state)
{
    (void)state;
    const size_t sizes[] = {0, 1, 56, 1472};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint8_t sent[FRAME_CAPACITY];
        size_t size = make_icmp(frame, 8, sizes[i]);
        memcpy(sent, frame, size);
        assert_int_equal(receive(size), NET_STACK_REPLY);
        assert_int_equal(reply.size, size);
        assert_int_equal(get(frame, 6), PEER_MAC);
        assert_int_equal(get(frame + 6, 6), OUR_MAC);
        assert_int_equal(get(frame + 30, 4), PEER_ADDRESS);
        assert_int_equal(plain_sum(frame + 14, 20, 0), 0xffff);
        assert_int_equal(get(frame + 34, 2), 0);
        assert_int_equal(plain_sum(frame + 34, size - 34, 0), 0xffff);
        assert_memory_equal(frame + 38, sent + 38, size - 38);
    }
}

static void other_icmp_is_dropped(void **state)
{
    (void)state;
    assert_dropped(make_icmp(frame, 0, 8), NET_ICMP_NOT_ECHO);
    assert_dropped(make_icmp(frame, 5, 8), NET_ICMP_NOT_ECHO);
    size_t size = make_icmp(frame, 8, 8);
    frame[45] ^= 4;
    assert_dropped(size, NET_BAD_ICMP_CHECKSUM);
    size = make_icmp(frame, 8, 8);
    put(frame + 16, 27, 2);
    sum_ipv4(frame);
    assert_dropped(size, NET_TRUNCATED_ICMP);
    size = make_icmp(frame, 8, 8);
    put(frame, NET_MAC_BROADCAST, 6);
    put(frame + 30, 0x0a0000ff, 4);
    sum_ipv4(frame);
    assert_dropped(size, NET_ICMP_BROADCAST);
    reply.capacity = 49;
    assert_dropped(make_icmp(frame, 8, 8), NET_REPLY_TOO_LARGE);
}

static void every_reason_has_a_short_name_of_its_own(void **state)
{
    (void)state;
    for (unsigned i = 0; i < NET_REASON_COUNT; i++) {
        const char *name = net_reason_name((enum net_reason)i);
        assert_in_range(strlen(name), 2, 23);
        assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz_4"), strlen(name));
        assert_in_range(strlen(net_reason_meaning((enum net_reason)i)), 5, 63);
        for (unsigned j = 0; j < i; j++) {
            assert_string_not_equal(name, net_reason_name((enum net_reason)j));
        }
    }
    assert_string_equal(net_reason_name(NET_REASON_COUNT), "unknown");
}

static void assert_config_refused(struct net_stack_config config, const char *field)
{
    const char *mistake = net_stack_init(&stack, &config);
    assert_non_null(mistake);
    assert_memory_equal(mistake, field, strlen(field));
}

static void a_wrong_configuration_is_refused_by_field(void **state)
{
    (void)state;
    struct net_stack_config config = test_config;
    config.mac = 0x010000000001;
    assert_config_refused(config, "mac:");
    config.mac = 0;
    assert_config_refused(config, "mac:");
    config = test_config;
    config.address = 0xe0000001;
    assert_config_refused(config, "address:");
    config.address = 0x0a0000ff;
    assert_config_refused(config, "address:");
    config = test_config;
    config.prefix_length = 33;
    assert_config_refused(config, "prefix_length:");
    config.prefix_length = 0;
    assert_config_refused(config, "prefix_length:");
    config = test_config;
    config.gateway = FAR_ADDRESS;
    assert_config_refused(config, "gateway:");
    config.gateway = OUR_ADDRESS;
    assert_config_refused(config, "gateway:");
    config = test_config;
    config.mtu = 67;
    assert_config_refused(config, "mtu:");
    config = test_config;
    config.prefix_length = 31; /* RFC 3021: both addresses are hosts' */
    config.gateway = 0x0a000000;
    assert_null(net_stack_init(&stack, &config));
}

#define CASE(text, function)                                          \
    {                                                                 \
        .name = (text), .test_func = (function), .setup_func = set_up \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE("UDP is delivered where it lies, without padding", udp_is_delivered_where_it_lies),
        CASE("UDP without checksum is delivered, and answered with one",
             udp_without_checksum_is_delivered_and_answered_with_one),
        CASE("a computed UDP checksum of zero is sent as all ones",
             a_computed_udp_checksum_of_zero_is_sent_as_all_ones),
        CASE("each header fault has its own reason", each_header_fault_has_its_own_reason),
        CASE("no group nor ourselves is taken as source",
             no_group_nor_ourselves_is_taken_as_source),
        CASE("an echo in place goes back with the payload",
             an_echo_in_place_goes_back_with_the_payload),
        CASE("bytes behind the UDP length are not echoed",
             bytes_behind_the_udp_length_are_not_echoed),
        CASE("a reply of another size is summed anew", a_reply_of_another_size_is_summed_anew),
        CASE("an answer that does not fit or is not wanted is refused",
             an_answer_that_does_not_fit_or_is_not_wanted_is_refused),
        CASE("UDP to a group is marked and never echoed",
             udp_to_a_group_is_marked_and_never_echoed),
        CASE("a ping is answered", a_ping_is_answered),
        CASE("other ICMP is dropped", other_icmp_is_dropped),
        CASE("every reason has a short name of its own", every_reason_has_a_short_name_of_its_own),
        CASE("a wrong configuration is refused by field",
             a_wrong_configuration_is_refused_by_field),
    };
    random_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
