/* SPDX-License-Identifier: BSD-2-Clause */
/* The echo client and the client library between a copier and a transmit virtualiser. */
#include "mock_microkit.h"

#include <string.h>

enum {
    BUFFERS = 64,
    RX_BUFFERS = 32,
    CAPACITY = 128,
    RX_CHANNEL = 10,
    TX_CHANNEL = 20,
    ECHO_PORT = 1235,
    PEER_PORT = 40000,
    UDP_HEADERS = 42,
};

static const uint8_t our_mac[6] = {2, 0, 0, 0, 0, 1}, peer_mac[6] = {2, 0, 0, 0, 0, 2};
static const uint8_t our_ip[4] = {10, 0, 0, 1}, peer_ip[4] = {10, 0, 0, 2};

static struct net_client_config *config;
static uint8_t *data;
static struct peer copier, virt;
static enum { CLIENT, COPIER, VIRT } owner[BUFFERS]; /* by what the peers have seen */
static uint32_t empty[BUFFERS], empty_count;         /* what the copier holds */

static void configure(void)
{
    config = mock_memory(sizeof(*config));
    mock_header(&config->header, CONFIG_NET_CLIENT, sizeof(*config));
    data = mock_memory((size_t)BUFFERS * NET_BUFFER_SIZE);
    config->tx_data =
        (struct config_region){(uintptr_t)data, 0, (uint64_t)BUFFERS * NET_BUFFER_SIZE};
    config->rx_data = config->tx_data;
    config->buffer_size = NET_BUFFER_SIZE;
    config->rx_buffers = RX_BUFFERS;
    config->prefix_length = 24;
    memcpy(config->mac, our_mac, 6);
    memcpy(config->ip, our_ip, 4);
    peer_make(&copier, &config->rx, CAPACITY, RX_CHANNEL);
    peer_make(&virt, &config->tx, CAPACITY, TX_CHANNEL);
    mock_configure(config, sizeof(*config));
    memset(owner, 0, sizeof(owner));
    empty_count = 0;
}

/* The copier takes the empty buffers that the client offers: each was the client's. */
static void collect_empty(void)
{
    struct net_desc got[CAPACITY];
    uint32_t count = peer_take(&copier, got, CAPACITY);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t number = got[i].address / NET_BUFFER_SIZE;
        assert_true(got[i].address % NET_BUFFER_SIZE == 0 && number < BUFFERS);
        assert_int_equal(owner[number], CLIENT);
        owner[number] = COPIER;
        empty[empty_count++] = (uint32_t)number;
    }
    assert_true(empty_count <= RX_BUFFERS);
}

static void start(void)
{
    configure();
    mock_init();
    peer_start(&copier);
    peer_start(&virt);
    collect_empty();
    assert_int_equal(empty_count, RX_BUFFERS);
}

/* ---- Packets, from the RFCs ---- */

static void put16(uint8_t *to, uint32_t value)
{
    to[0] = (uint8_t)(value >> 8);
    to[1] = (uint8_t)value;
}

static uint32_t sum(const uint8_t *bytes, uint32_t size, uint32_t start_value)
{
    uint32_t total = start_value;
    for (uint32_t i = 0; i < size; i++) {
        total += i % 2 == 0 ? (uint32_t)bytes[i] << 8 : bytes[i];
        total = (total & 0xffff) + (total >> 16);
    }
    return total;
}

static void make_ipv4(uint8_t *frame, uint8_t protocol, uint32_t payload)
{
    memset(frame, 0, UDP_HEADERS);
    memcpy(frame, our_mac, 6);
    memcpy(frame + 6, peer_mac, 6);
    put16(frame + 12, 0x0800);
    frame[14] = 0x45;
    put16(frame + 16, 20 + payload);
    frame[22] = 64;
    frame[23] = protocol;
    memcpy(frame + 26, peer_ip, 4);
    memcpy(frame + 30, our_ip, 4);
    put16(frame + 24, 0xffff ^ sum(frame + 14, 20, 0));
}

static uint16_t make_udp(uint8_t *frame, uint32_t port, uint32_t size)
{
    make_ipv4(frame, 17, 8 + size);
    put16(frame + 34, PEER_PORT);
    put16(frame + 36, port);
    put16(frame + 38, 8 + size);
    for (uint32_t i = 0; i < size; i++) {
        frame[UDP_HEADERS + i] = (uint8_t)random64();
    }
    put16(frame + 40, 0xffff ^ sum(frame + 34, 8 + size, sum(frame + 26, 8, 17 + 8 + size)));
    return (uint16_t)(UDP_HEADERS + size);
}

static uint16_t make_ping(uint8_t *frame, uint32_t size)
{
    make_ipv4(frame, 1, 8 + size);
    memset(frame + 34, 0, 8);
    frame[34] = 8;
    for (uint32_t i = 0; i < 4 + size; i++) {
        frame[38 + i] = (uint8_t)random64();
    }
    put16(frame + 36, 0xffff ^ sum(frame + 34, 8 + size, 0));
    return (uint16_t)(UDP_HEADERS + size);
}

static uint16_t make_arp(uint8_t *frame)
{
    static const uint8_t request[8] = {0, 1, 8, 0, 6, 4, 0, 1};
    memset(frame, 0xff, 6);
    memcpy(frame + 6, peer_mac, 6);
    put16(frame + 12, 0x0806);
    memcpy(frame + 14, request, 8);
    memcpy(frame + 22, peer_mac, 6);
    memcpy(frame + 28, peer_ip, 4);
    memset(frame + 32, 0, 6);
    memcpy(frame + 38, our_ip, 4);
    return 42;
}

/* ---- Traffic ---- */

/* Hands the client a frame of `length` bytes from `bytes`, in some empty buffer. */
static uint32_t deliver(const uint8_t *bytes, uint16_t length)
{
    assert_true(empty_count != 0);
    uint32_t which = random_below(empty_count);
    uint32_t number = empty[which];
    empty[which] = empty[--empty_count];
    memcpy(data + (size_t)number * NET_BUFFER_SIZE, bytes, length);
    owner[number] = CLIENT;
    peer_put(&copier, (uint64_t)number * NET_BUFFER_SIZE, length);
    return number;
}

/* The virtualiser takes the only answer; it lies in a buffer that was the client's. */
static const uint8_t *answer(uint32_t *number, uint16_t length)
{
    struct net_desc got[2] = {0};
    assert_int_equal(peer_take(&virt, got, 2), 1);
    assert_int_equal(got[0].length, length);
    *number = (uint32_t)(got[0].address / NET_BUFFER_SIZE);
    assert_true(*number < BUFFERS && got[0].address % NET_BUFFER_SIZE == 0);
    assert_int_equal(owner[*number], CLIENT);
    owner[*number] = VIRT;
    return data + got[0].address;
}

static void sent(uint32_t number)
{
    assert_int_equal(owner[number], VIRT);
    owner[number] = CLIENT;
    peer_put(&virt, (uint64_t)number * NET_BUFFER_SIZE, 0);
}

static void expect_silence(void)
{
    struct net_desc got;
    assert_int_equal(peer_take(&virt, &got, 1), 0);
}

static void test_arp(void **state)
{
    uint8_t frame[64];
    uint32_t number;
    (void)state;
    start();
    uint32_t given = deliver(frame, make_arp(frame));
    mock_enter(RX_CHANNEL);
    const uint8_t *reply = answer(&number, 42);
    assert_int_equal(number, given); /* in place */
    assert_memory_equal(reply, peer_mac, 6);
    assert_memory_equal(reply + 6, our_mac, 6);
    assert_int_equal(reply[21], 2);
    assert_memory_equal(reply + 22, our_mac, 6);
    assert_memory_equal(reply + 28, our_ip, 4);
    assert_memory_equal(reply + 32, peer_mac, 6);
    assert_memory_equal(reply + 38, peer_ip, 4);
}

static void check_reply(const uint8_t *reply, const uint8_t *request)
{
    assert_memory_equal(reply, peer_mac, 6);
    assert_memory_equal(reply + 6, our_mac, 6);
    assert_memory_equal(reply + 26, our_ip, 4);
    assert_memory_equal(reply + 30, peer_ip, 4);
    assert_int_equal(sum(reply + 14, 20, 0), 0xffff);
    assert_memory_equal(reply + 16, request + 16, 2);
}

static void test_ping(void **state)
{
    uint8_t frame[256];
    uint32_t number;
    (void)state;
    start();
    uint16_t length = make_ping(frame, 56);
    uint32_t given = deliver(frame, length);
    mock_enter(RX_CHANNEL);
    const uint8_t *reply = answer(&number, length);
    assert_int_equal(number, given);
    check_reply(reply, frame);
    assert_int_equal(reply[34], 0);
    assert_int_equal(sum(reply + 34, length - 34U, 0), 0xffff);
    assert_memory_equal(reply + 38, frame + 38, length - 38U);
    assert_int_equal(mock_counter("replied"), 1);
}

static void check_udp(const uint8_t *reply, const uint8_t *request, uint16_t length)
{
    check_reply(reply, request);
    assert_memory_equal(reply + 34, request + 36, 2);
    assert_memory_equal(reply + 36, request + 34, 2);
    assert_memory_equal(reply + UDP_HEADERS, request + UDP_HEADERS, length - UDP_HEADERS);
    uint32_t size = length - 34U;
    assert_int_equal(sum(reply + 34, size, sum(reply + 26, 8, 17 + size)), 0xffff);
}

static void test_udp(void **state)
{
    static const uint32_t sizes[] = {0, 1, 18, 1000, 1472};
    uint8_t frame[NET_BUFFER_SIZE];
    uint32_t number;
    (void)state;
    start();
    for (uint32_t i = 0; i < 5; i++) {
        uint16_t length = make_udp(frame, ECHO_PORT, sizes[i]);
        uint32_t given = deliver(frame, length);
        mock_enter(RX_CHANNEL);
        check_udp(answer(&number, length), frame, length);
        assert_int_equal(number, given);
    }
    assert_int_equal(mock_counter("udp_echoed"), 5);
}

static void test_other_ports(void **state)
{
    uint8_t frame[256];
    (void)state;
    start();
    (void)deliver(frame, make_udp(frame, 1234, 10));
    uint16_t length = make_udp(frame, ECHO_PORT, 10);
    put16(frame + 34, ECHO_PORT); /* from an echo port */
    put16(frame + 40, 0);         /* without checksum */
    (void)deliver(frame, length);
    mock_enter(RX_CHANNEL);
    expect_silence();
    assert_int_equal(mock_counter("drop_port"), 2);
}

static void test_rubbish(void **state)
{
    uint8_t frame[NET_BUFFER_SIZE];
    (void)state;
    start();
    for (uint32_t i = 0; i < 5000; i++) {
        uint32_t length = random_below(NET_BUFFER_SIZE + 1);
        for (uint32_t at = 0; at < length; at++) {
            frame[at] = (uint8_t)random64();
        }
        if (random_below(2) == 0 && length >= 14) {
            memcpy(frame, our_mac, 6);
            put16(frame + 12, random_below(2) == 0 ? 0x0800 : 0x0806);
        }
        (void)deliver(frame, (uint16_t)length);
        mock_enter(RX_CHANNEL);
        expect_silence();
        collect_empty();
        assert_int_equal(empty_count, RX_BUFFERS); /* supplied at once */
    }
}

/* With nobody returning anything, every buffer of the client's can be filled and answered once. */
static void assert_all_buffers_there(void)
{
    uint8_t frame[128];
    uint32_t number, answered = 0;
    collect_empty();
    while (empty_count != 0) {
        (void)deliver(frame, make_udp(frame, ECHO_PORT, 20));
        mock_enter(RX_CHANNEL);
        (void)answer(&number, UDP_HEADERS + 20);
        answered++;
        collect_empty();
    }
    assert_int_equal(answered, BUFFERS);
}

static void test_conservation(void **state)
{
    uint8_t frame[256];
    uint32_t flying[BUFFERS], count = 0;
    (void)state;
    start();
    for (uint32_t packet = 0; packet < 10000;) {
        collect_empty();
        if (empty_count != 0 && random_below(4) != 0) {
            uint16_t length = make_udp(frame, ECHO_PORT, random_below(100));
            uint32_t given = deliver(frame, length);
            mock_enter(RX_CHANNEL);
            check_udp(answer(&flying[count], length), frame, length);
            assert_int_equal(flying[count++], given);
            packet++;
        }
        for (uint32_t n = random_below(3); n > 0 && count != 0; n--) {
            uint32_t which = random_below(count);
            sent(flying[which]);
            flying[which] = flying[--count];
        }
        if (empty_count == 0) { /* it waits: then it has said so */
            assert_true(queue_peer_waits(&virt.c) || queue_signal(&virt.c) || count == 0);
            mock_enter(TX_CHANNEL);
        }
    }
    while (count != 0) {
        sent(flying[--count]);
    }
    mock_enter(TX_CHANNEL);
    assert_int_equal(mock_counter("bad_returns"), 0);
    assert_int_equal(mock_counter("udp_echoed"), 10000);
    assert_all_buffers_there();
}

static void test_wrong_returns(void **state)
{
    static const uint64_t wrong[] = {1, (uint64_t)BUFFERS * NET_BUFFER_SIZE, UINT64_MAX,
                                     UINT64_MAX - NET_BUFFER_SIZE + 1, UINT64_C(1) << 43};
    uint8_t frame[128];
    uint32_t number;
    (void)state;
    start();
    for (uint32_t i = 0; i < 5; i++) {
        peer_put(&virt, wrong[i], 0);
        mock_enter(TX_CHANNEL);
        peer_put(&copier, wrong[i], 60);
        mock_enter(RX_CHANNEL);
        assert_int_equal(mock_counter("bad_returns"), 2 * (i + 1));
    }
    (void)deliver(frame, make_udp(frame, ECHO_PORT, 20));
    mock_enter(RX_CHANNEL);
    (void)answer(&number, UDP_HEADERS + 20);
    sent(number);
    peer_put(&virt, (uint64_t)number * NET_BUFFER_SIZE, 0); /* twice */
    collect_empty();
    peer_put(&virt, (uint64_t)empty[0] * NET_BUFFER_SIZE, 0); /* the copier's */
    mock_enter(TX_CHANNEL);
    assert_int_equal(mock_counter("bad_returns"), 12);
    assert_all_buffers_there();
}

static void test_frame_too_long(void **state)
{
    (void)state;
    start();
    peer_put(&copier, (uint64_t)empty[0] * NET_BUFFER_SIZE, NET_BUFFER_SIZE + 1);
    peer_put(&copier, (uint64_t)empty[1] * NET_BUFFER_SIZE, UINT16_MAX);
    mock_enter(RX_CHANNEL);
    expect_silence();
    assert_int_equal(mock_counter("bad_returns"), 2);
}

static void test_copier_restart(void **state)
{
    (void)state;
    start();
    for (uint32_t round = 0; round < 5; round++) {
        for (uint32_t i = 0; i < empty_count; i++) {
            owner[empty[i]] = CLIENT;
        }
        empty_count = 0;
        peer_start(&copier);
        collect_empty();
        assert_int_equal(empty_count, RX_BUFFERS);
    }
    assert_all_buffers_there();
}

static void test_virt_restart(void **state)
{
    uint8_t frame[128];
    uint32_t number;
    (void)state;
    start();
    for (uint32_t round = 0; round < 5; round++) {
        for (uint32_t i = 0; i < BUFFERS / 2; i++) {
            (void)deliver(frame, make_udp(frame, ECHO_PORT, 20));
            mock_enter(RX_CHANNEL);
            (void)answer(&number, UDP_HEADERS + 20);
            collect_empty();
        }
        peer_start(&virt);
        for (uint32_t i = 0; i < BUFFERS; i++) {
            owner[i] = owner[i] == VIRT ? CLIENT : owner[i];
        }
        collect_empty();
    }
    assert_all_buffers_there();
}

static void test_virt_down(void **state)
{
    uint8_t frame[128];
    (void)state;
    start();
    atomic_store_release(&virt.mine->epoch, virt.c.epoch + 1);
    for (uint32_t i = 0; i < 1000; i++) {
        (void)deliver(frame, make_udp(frame, ECHO_PORT, 20));
        mock_enter(RX_CHANNEL);
        collect_empty();
        assert_int_equal(empty_count, RX_BUFFERS);
    }
    peer_start(&virt);
    assert_all_buffers_there();
}

static void test_lying_peers(void **state)
{
    static const uint32_t lies[] = {CAPACITY + 1, UINT32_MAX, 1U << 31};
    (void)state;
    start();
    for (uint32_t i = 0; i < 3; i++) {
        atomic_store_release(&copier.mine->tail, lies[i]);
        atomic_store_release(&copier.mine->head, lies[i]);
        atomic_store_release(&virt.mine->tail, lies[i]);
        atomic_store_release(&virt.mine->head, lies[i]);
        mock_enter(RX_CHANNEL);
        expect_silence();
    }
}

static void test_restart_within_activation(void **state)
{
    (void)state;
    start();
    /* Its epoch is new, its tail ahead: to be seen by a client that looks only once. */
    atomic_store_release(&copier.mine->tail, copier.c.tail + 1);
    atomic_store_release(&copier.mine->epoch, copier.c.epoch + 1);
    mock_enter(RX_CHANNEL);
    expect_silence();
}

static void test_configuration(void **state)
{
    (void)state;
    configure();
    config->buffer_size = 0;
    assert_true(mock_init_refused("power of two"));
    configure();
    config->tx_data.size = UINT64_MAX;
    assert_true(mock_init_refused("4096"));
    configure();
    config->rx_buffers = BUFFERS + 1;
    assert_true(mock_init_refused("one data region"));
    configure();
    config->rx_data.address += NET_BUFFER_SIZE;
    assert_true(mock_init_refused("one data region"));
    configure();
    config->tx.put_capacity = 100;
    assert_true(mock_init_refused("capacity"));
    configure();
    config->mac[0] |= 1;
    assert_true(mock_init_refused("bad configuration"));
    configure();
    config->prefix_length = 33;
    assert_true(mock_init_refused("bad configuration"));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SENTENCE("an ARP request is answered in place", test_arp),
        SENTENCE("a ping is answered in place", test_ping),
        SENTENCE("UDP to the echo port comes back in place, payload and checksum intact", test_udp),
        SENTENCE("UDP to other ports, or from an echo port, is not answered", test_other_ports),
        SENTENCE("rubbish is dropped and its buffer given to the copier again", test_rubbish),
        SENTENCE("no buffer is lost or doubled in 10,000 packets", test_conservation),
        SENTENCE("what a peer does not hold it cannot return", test_wrong_returns),
        SENTENCE("a frame longer than its buffer is not read", test_frame_too_long),
        SENTENCE("a copier's restart brings its buffers back", test_copier_restart),
        SENTENCE("a transmit virtualiser's restart brings its buffers back", test_virt_restart),
        SENTENCE("a transmit virtualiser that is down costs packets and no buffer", test_virt_down),
        SENTENCE("peers that lie about their indices get no answer", test_lying_peers),
        SENTENCE("a copier that began a restart is left alone", test_restart_within_activation),
        SENTENCE("a bad configuration is named and stops the client", test_configuration),
    };
    int wrong = mock_module(argc, argv);
    return wrong != 0 ? wrong : cmocka_run_group_tests_name("echo", tests, NULL, NULL);
}
