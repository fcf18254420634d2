/* SPDX-License-Identifier: BSD-2-Clause */
/* The wires against the kernel: a veth pair and a tap in a network namespace that only this process
 * has, so that nothing is left behind, and the in-memory wire. Where no namespace can be made,
 * only what needs none is tested. */
#include "wire.h"
#include "wire_memory.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { ETHERNET_IP = 0x0800, HEADERS_SIZE = 14 + 20 + 8 };

static struct wire wire, other;

/* The addresses are made up: nobody answers for 192.0.2.2. */
static const char set_up[] = "set -e\n"
                             "ip link add va type veth peer name vb\n"
                             "sysctl -q -w net.ipv6.conf.all.disable_ipv6=1 2>/dev/null || true\n"
                             "ip link set va up\n"
                             "ip link set vb up\n"
                             "ip address add 192.0.2.1/24 dev va\n"
                             "ip neighbour add 192.0.2.2 lladdr 02:00:00:00:00:02 dev va\n";

static bool interfaces; /* can be made here */

static void need_interfaces(void)
{
    if (!interfaces) {
        skip();
    }
}

static size_t receive_in_time(struct wire *from, struct wire_frame **frames)
{
    for (unsigned i = 0; i < 50; i++) {
        size_t count = wire_receive(from, frames);
        if (count != 0) {
            return count;
        }
        struct pollfd wait = {.fd = from->fd, .events = POLLIN};
        (void)poll(&wait, 1, 100);
    }
    fail_msg("no frame came");
    return 0;
}

static void drain(struct wire *from)
{
    struct wire_frame *frames = NULL;
    size_t count = wire_receive(from, &frames);
    while (count != 0) {
        wire_consume(from, count);
        count = wire_receive(from, &frames);
    }
}

/* The next frame with this EtherType (after a VLAN tag, if it has one); copied, for it is gone. */
static uint32_t receive_type(struct wire *from, uint16_t type, uint8_t copy[WIRE_BUFFER_SIZE])
{
    for (unsigned i = 0; i < 100; i++) {
        struct wire_frame *frames = NULL;
        (void)receive_in_time(from, &frames);
        uint32_t size = frames[0].size;
        memcpy(copy, frames[0].data, size);
        wire_consume(from, 1);
        uint32_t at = copy[12] == 0x81 && copy[13] == 0 ? 16 : 12;
        if ((copy[at] << 8 | copy[at + 1]) == type) {
            return size;
        }
    }
    fail_msg("only other frames came");
    return 0;
}

static void send_frame(struct wire *to, uint32_t size, uint8_t fill)
{
    uint8_t *frame = wire_reserve(to);
    memset(frame, fill, size);
    memcpy(frame, "\x02\0\0\0\0\x09\x02\0\0\0\0\x08\x88\xb5", WIRE_FRAME_MIN);
    wire_commit(to, size);
}

static void close_wire(struct wire *which)
{
    if (which->fd >= 0) {
        close(which->fd);
    }
    if (which->listener >= 0 && which->listener != which->fd) {
        close(which->listener);
    }
}

static void open_or_fail(struct wire *which, const char *text)
{
    if (!wire_open(which, text)) {
        fail_msg("%s", which->error);
    }
}

static void frames_cross_a_veth_pair_whole_and_in_order(void **state)
{
    (void)state;
    need_interfaces();
    open_or_fail(&wire, "packet:va");
    open_or_fail(&other, "packet:vb");
    drain(&other);
    for (uint32_t i = 0; i < 100; i++) {
        send_frame(&wire, i % 2 == 0 ? 60 + i : 1514 - i, (uint8_t)i);
    }
    wire_flush(&wire);
    uint8_t frame[WIRE_BUFFER_SIZE];
    for (uint32_t i = 0; i < 100; i++) {
        assert_int_equal(receive_type(&other, 0x88b5, frame), i % 2 == 0 ? 60 + i : 1514 - i);
        assert_int_equal(frame[14], i);
        assert_int_equal(frame[59], i);
    }
    assert_int_equal(wire.counters.tx_dropped, 0);
    struct wire_frame *frames = NULL; /* what we send ourselves does not come back */
    for (size_t n = wire_receive(&wire, &frames); n != 0; n = wire_receive(&wire, &frames)) {
        for (size_t i = 0; i < n; i++) {
            assert_memory_not_equal(frames[i].data + 12, "\x88\xb5", 2);
        }
        wire_consume(&wire, n);
    }
    close_wire(&wire);
    close_wire(&other);
}

static void send_datagram(const char *address)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(1235)};
    char payload[101];
    memset(payload, 'x', sizeof payload);
    assert_int_equal(inet_pton(AF_INET, address, &to.sin_addr), 1);
    assert_int_equal(sendto(fd, payload, sizeof payload, 0, (struct sockaddr *)&to, sizeof to),
                     sizeof payload);
    close(fd);
}

/* Sum of pseudo header, UDP header and payload: 0xffff when the checksum is right. */
static uint32_t udp_sum(const uint8_t *ip, uint32_t udp_size)
{
    uint32_t sum = 17 + udp_size;
    for (uint32_t i = 12; i < 20 + udp_size; i++) {
        sum += i % 2 == 0 ? (uint32_t)ip[i] << 8 : ip[i];
    }
    while (sum > 0xffff) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return sum;
}

static void a_checksum_that_the_kernel_left_open_is_finished(void **state)
{
    (void)state;
    uint8_t frame[WIRE_BUFFER_SIZE];
    struct wire_frame *frames = NULL;
    need_interfaces();
    open_or_fail(&wire, "packet:vb");
    open_or_fail(&other, "packet:va");
    drain(&other);
    send_datagram("192.0.2.2");
    assert_int_equal(receive_type(&wire, ETHERNET_IP, frame), HEADERS_SIZE + 101);
    assert_int_equal(udp_sum(frame + 14, 109), 0xffff);
    /* Otherwise the kernel did it, and this test shows nothing. */
    assert_int_equal(wire.counters.rx_checksums, 1);
    /* What the host sends through an interface is not received from it. */
    assert_int_equal(wire_receive(&other, &frames), 0);
    close_wire(&wire);
    close_wire(&other);
}

/* The kernel takes the tag out of every frame that arrives, before packet sockets see it. */
static void a_vlan_tag_that_the_kernel_took_out_is_put_back(void **state)
{
    (void)state;
    static const uint8_t tagged[70] =
        "\x02\0\0\0\0\x09\x02\0\0\0\0\x08\x81\0\x60\x0a\x88\xb5payload";
    uint8_t frame[WIRE_BUFFER_SIZE];
    need_interfaces();
    open_or_fail(&wire, "packet:va");
    open_or_fail(&other, "packet:vb");
    memcpy(wire_reserve(&wire), tagged, sizeof tagged);
    wire_commit(&wire, sizeof tagged);
    wire_flush(&wire);
    assert_int_equal(receive_type(&other, 0x88b5, frame), sizeof tagged);
    assert_memory_equal(frame, tagged, sizeof tagged);
    close_wire(&wire);
    close_wire(&other);
}

static void frames_that_the_full_ring_lost_are_counted(void **state)
{
    (void)state;
    need_interfaces();
    open_or_fail(&wire, "packet:va");
    open_or_fail(&other, "packet:vb");
    drain(&other);
    for (uint32_t i = 0; i < 2048; i++) {
        send_frame(&wire, 60, 1);
    }
    wire_flush(&wire);
    drain(&other);
    send_frame(&wire, 60, 2); /* the frame behind the losses carries the news */
    wire_flush(&wire);
    uint8_t frame[WIRE_BUFFER_SIZE];
    (void)receive_type(&other, 0x88b5, frame);
    assert_in_range(other.counters.rx_overflow, 1000, 1100);
    close_wire(&wire);
    close_wire(&other);
}

static void frames_cross_a_tap_both_ways(void **state)
{
    (void)state;
    uint8_t frame[WIRE_BUFFER_SIZE];
    need_interfaces();
    if (access("/dev/net/tun", R_OK | W_OK) != 0) {
        skip();
    }
    open_or_fail(&wire, "tap:sddft0");
    assert_int_equal(system("ip link set sddft0 up"), 0);
    open_or_fail(&other, "packet:sddft0");
    drain(&other);
    send_frame(&wire, 77, 5);
    wire_flush(&wire);
    assert_int_equal(receive_type(&other, 0x88b5, frame), 77);
    send_frame(&other, 99, 6);
    wire_flush(&other);
    assert_int_equal(receive_type(&wire, 0x88b5, frame), 99);
    assert_int_equal(frame[98], 6);
    close_wire(&other);
    close_wire(&wire);
}

static void generators_come_and_go_on_the_memory_wire(void **state)
{
    (void)state;
    char text[64];
    uint8_t frame[WIRE_BUFFER_SIZE] = {1};
    struct wire_frame *frames = NULL;
    snprintf(text, sizeof text, "memory:@sddf-test-wire-%d", (int)getpid());
    open_or_fail(&wire, text);
    send_frame(&wire, 60, 1);
    wire_flush(&wire);
    assert_int_equal(wire.counters.tx_dropped, 1); /* nobody there */
    for (unsigned round = 0; round < 3; round++) {
        int generator = wire_memory_connect(text + strlen("memory:"));
        assert_true(generator >= 0);
        assert_int_equal(send(generator, frame, 2000, 0), 2000);
        assert_int_equal(send(generator, frame, 13, 0), 13);
        assert_int_equal(send(generator, frame, 64, 0), 64);
        assert_int_equal(receive_in_time(&wire, &frames), 2); /* length is the model's to check */
        assert_int_equal(frames[1].size, 64);
        wire_consume(&wire, 2);
        send_frame(&wire, 88, 3);
        wire_flush(&wire);
        assert_int_equal(recv(generator, frame, sizeof frame, 0), 88);
        assert_int_equal(frame[87], 3);
        close(generator);
        assert_int_equal(wire_receive(&wire, &frames), 0);
        assert_int_equal(wire.fd, wire.listener);
    }
    assert_int_equal(wire.counters.rx_bad, 3);
    close_wire(&wire);
}

static void a_generator_without_room_is_told_how_many_frames_it_missed(void **state)
{
    (void)state;
    enum { FRAMES = 100000 }; /* more than any queue holds */
    char text[64];
    uint8_t frame[WIRE_BUFFER_SIZE];
    struct wire_frame *frames = NULL;
    struct wire_memory_news news = {0};
    snprintf(text, sizeof text, "memory:@sddf-test-room-%d", (int)getpid());
    open_or_fail(&wire, text);
    int generator = wire_memory_connect(text + strlen("memory:"));
    assert_true(generator >= 0);
    assert_int_equal(wire_receive(&wire, &frames), 0); /* accepts */
    for (uint32_t i = 0; i < FRAMES; i++) {
        send_frame(&wire, 60, 1);
    }
    wire_flush(&wire);
    uint64_t taken = 0;
    while (recv(generator, frame, sizeof frame, 0) == 60) {
        taken++;
    }
    assert_true(taken > 0 && taken < FRAMES);
    assert_int_equal(wire.counters.tx_dropped, FRAMES - taken);
    for (unsigned i = 0; i < 2; i++) { /* told once, before the next frame */
        send_frame(&wire, 77, 2);
        wire_flush(&wire);
    }
    assert_int_equal(recv(generator, &news, sizeof news, 0), sizeof news);
    assert_int_equal(news.dropped, FRAMES - taken);
    assert_int_equal(recv(generator, frame, sizeof frame, 0), 77);
    assert_int_equal(recv(generator, frame, sizeof frame, 0), 77);
    close(generator);
    close_wire(&wire);
}

static void a_wire_that_cannot_be_opened_says_why(void **state)
{
    (void)state;
    assert_false(wire_open(&wire, "string:va"));
    assert_non_null(strstr(wire.error, "packet:IFNAME"));
    assert_false(wire_open(&wire, "packet:nosuch"));
    assert_non_null(strstr(wire.error, "nosuch"));
    assert_false(wire_open(&wire, "memory:"));
    assert_false(wire_open(&wire, "tap:"));
    assert_false(wire_open(&wire, "pack"));
    assert_true(wire_open(&wire, "none"));
}

int main(void)
{
    interfaces = unshare(CLONE_NEWNET) == 0 && system(set_up) == 0;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_cross_a_veth_pair_whole_and_in_order),
        cmocka_unit_test(a_checksum_that_the_kernel_left_open_is_finished),
        cmocka_unit_test(a_vlan_tag_that_the_kernel_took_out_is_put_back),
        cmocka_unit_test(frames_that_the_full_ring_lost_are_counted),
        cmocka_unit_test(frames_cross_a_tap_both_ways),
        cmocka_unit_test(generators_come_and_go_on_the_memory_wire),
        cmocka_unit_test(a_generator_without_room_is_told_how_many_frames_it_missed),
        cmocka_unit_test(a_wire_that_cannot_be_opened_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
