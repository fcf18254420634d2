/* SPDX-License-Identifier: BSD-2-Clause */
/* The arithmetic of the network class (sddf/net.h) and the receive virtualiser's table of
 * destinations, against the plain way to say the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <destinations.h>

enum { ROUNDS = 200000 };

static uint64_t random_state = 88172645463325252ULL; /* xorshift64: the same numbers every time */

static uint64_t random64(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static void expect_as_by_division(const struct net_buffers *buffers, uint64_t size, uint64_t offset)
{
    uint32_t number = 0;
    bool found = net_buffer_at(buffers, offset, &number);
    assert_int_equal(found, offset % size == 0 && offset / size < buffers->count);
    if (found) {
        assert_true(number == offset / size && net_buffer_offset(buffers, number) == offset);
    }
}

static void test_buffer_at(void **state)
{
    (void)state;
    for (uint32_t size = NET_BUFFER_SIZE; size <= NET_BUFFER_SIZE_MAX; size *= 2) {
        struct net_buffers buffers = {0};
        assert_null(net_buffers_open(&buffers, 100ULL * size + 17, size));
        assert_int_equal(buffers.count, 100);
        for (uint32_t i = 0; i < ROUNDS; i++) {
            uint64_t any = random64();
            expect_as_by_division(&buffers, size, any);
            expect_as_by_division(&buffers, size, any % 128 * size);
            expect_as_by_division(&buffers, size, any % 128 * size + (any >> 32 & 1));
            expect_as_by_division(&buffers, size, any % 128 * size + (1ULL << (any >> 58)));
        }
        expect_as_by_division(&buffers, size, UINT64_MAX);
    }
}

static void test_buffers_refused(void **state)
{
    static const uint32_t wrong[] = {0, 1, 1024, 2047, 2049, 3 * 1024, 16383, 32768, UINT32_MAX};
    struct net_buffers buffers = {0};
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_non_null(strstr(net_buffers_open(&buffers, 1 << 20, wrong[i]), "power of two"));
    }
    assert_null(net_buffers_open(&buffers, 4096ULL * 2048 + 2047, 2048));
    assert_non_null(strstr(net_buffers_open(&buffers, 4097ULL * 2048, 2048), "4096"));
    assert_non_null(net_buffers_open(&buffers, UINT64_MAX, 2048));
}

static void test_macs(void **state)
{
    static const uint8_t frame[16]
        __attribute__((aligned(8))) = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    const shared_u64 *words = (const shared_u64 *)(const void *)frame;
    (void)state;
    assert_true(net_frame_destination(words) == net_mac_value(frame));
    assert_true(net_frame_source(words) == net_mac_value(frame + 6));
}

/* As many clients as there may be, each with a MAC of its own; the first is promiscuous, the second
 * wants multicast, the even ones broadcast. */
static struct net_virt_rx_client clients[NET_CLIENTS_MAX];
static struct destinations destinations;

static void fill(bool promiscuous)
{
    memset(clients, 0, sizeof(clients));
    memset(&destinations, 0, sizeof(destinations));
    for (uint32_t i = 0; i < NET_CLIENTS_MAX; i++) {
        uint64_t mac = random64() << 8 | 2; /* the lowest byte is the first: no group */
        memcpy(clients[i].mac, &mac, sizeof(clients[i].mac));
        clients[i].flags = i % 2 == 0 ? NET_CLIENT_BROADCAST : 0;
    }
    clients[0].flags |= promiscuous ? NET_CLIENT_PROMISCUOUS : 0;
    clients[1].flags |= NET_CLIENT_MULTICAST;
    destinations_open(&destinations, clients, NET_CLIENTS_MAX);
}

static void test_destinations(void **state)
{
    (void)state;
    for (int round = 0; round < 200; round++) {
        uint64_t all = round % 2 != 0;
        fill(all != 0);
        uint64_t even = 0;
        for (uint32_t i = 0; i < NET_CLIENTS_MAX; i++) {
            even |= i % 2 == 0 ? 1ULL << i : 0;
            uint64_t found = destinations_find(&destinations, net_mac_value(clients[i].mac));
            assert_true(found == (1ULL << i | all));
        }
        assert_true(destinations_find(&destinations, NET_MAC_MASK) == even);
        assert_true(destinations_find(&destinations, 0x5e0001) == (2 | all)); /* 01:00:5e:... */
        assert_true(destinations_find(&destinations, 0xffff00000002) == all);
        assert_true(destinations_find(&destinations, 0) == all);
    }
}

static void test_two_of_one_mac(void **state)
{
    (void)state;
    memset(clients, 0, sizeof(clients));
    memset(&destinations, 0, sizeof(destinations));
    clients[0].mac[0] = clients[1].mac[0] = 2;
    destinations_open(&destinations, clients, 2);
    assert_true(destinations_find(&destinations, 2) == 3);
    assert_true(destinations_find(&destinations, NET_MAC_MASK) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"an offset is a buffer's exactly if it is a multiple of the size within the region",
         test_buffer_at, NULL, NULL, NULL},
        {"buffers of another size, or too many, are refused", test_buffers_refused, NULL, NULL,
         NULL},
        {"a frame's first words give both its addresses", test_macs, NULL, NULL, NULL},
        {"each of 56 clients is found by its MAC, groups and strangers go to who wants them",
         test_destinations, NULL, NULL, NULL},
        {"two clients of one MAC both receive", test_two_of_one_mac, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests_name("net", tests, NULL, NULL);
}
