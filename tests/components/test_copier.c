/* SPDX-License-Identifier: BSD-2-Clause */
/* The copier between a receive virtualiser and a client, honest and hostile. */
#include "mock_microkit.h"

#include <string.h>

enum {
    BUFFERS = 32, /* of each side */
    CAPACITY = 64,
    VIRT_CHANNEL = 10,
    CLIENT_CHANNEL = 20,
    FLOOD = 20000,
};

static struct net_copier_config *config;
static uint8_t *virt_data, *client_data;
static struct peer virt, client;
static void (*on_copy)(void);

/* The copier's memcpy. */
void *mock_memcpy(void *to, const void *from, size_t size);

void *mock_memcpy(void *to, const void *from, size_t size)
{
    if (on_copy != NULL) {
        on_copy();
    }
    return memcpy(to, from, size);
}

static void configure(void)
{
    uint64_t size = (uint64_t)BUFFERS * NET_BUFFER_SIZE;
    on_copy = NULL;
    config = mock_memory(sizeof(*config));
    mock_header(&config->header, CONFIG_NET_COPIER, sizeof(*config));
    virt_data = mock_memory(size);
    client_data = mock_memory(size);
    config->virt_data = (struct config_region){(uintptr_t)virt_data, 0, size};
    config->client_data = (struct config_region){(uintptr_t)client_data, 0, size};
    config->buffer_size = NET_BUFFER_SIZE;
    peer_make(&virt, &config->virt, CAPACITY, VIRT_CHANNEL);
    peer_make(&client, &config->client, CAPACITY, CLIENT_CHANNEL);
    mock_configure(config, sizeof(*config));
}

static void start(void)
{
    configure();
    mock_init();
    peer_start(&virt);
    peer_start(&client);
}

static uint64_t offset_of(uint32_t buffer)
{
    return (uint64_t)buffer * NET_BUFFER_SIZE;
}

/* A frame of random bytes, without running the component. */
static void frame_put(uint32_t buffer, uint16_t length)
{
    for (uint32_t i = 0; i < length && i < NET_BUFFER_SIZE; i++) {
        virt_data[offset_of(buffer) + i] = (uint8_t)random64();
    }
    peer_put(&virt, offset_of(buffer), length);
}

/* The virtualiser gets exactly this buffer back. */
static void expect_back(uint64_t address)
{
    struct net_desc got[2];
    assert_int_equal(peer_take(&virt, got, 2), 1);
    assert_true(got[0].address == address);
}

static void expect_copy(uint32_t from, uint32_t to, uint16_t length)
{
    struct net_desc got[2];
    assert_int_equal(peer_take(&client, got, 2), 1);
    assert_true(got[0].address == offset_of(to));
    assert_int_equal(got[0].length, length);
    assert_memory_equal(client_data + offset_of(to), virt_data + offset_of(from), length);
}

static void test_copies(void **state)
{
    static const uint16_t lengths[] = {14, 15, 60, 1514, NET_BUFFER_SIZE};
    (void)state;
    start();
    for (uint32_t i = 0; i < 5; i++) {
        memset(client_data, 0x5a, (size_t)BUFFERS * NET_BUFFER_SIZE);
        peer_put(&client, offset_of(i + 7), 0);
        frame_put(i, lengths[i]);
        mock_enter(VIRT_CHANNEL);
        expect_copy(i, i + 7, lengths[i]);
        expect_back(offset_of(i));
        assert_int_equal(client_data[offset_of(i + 7) - 1], 0x5a);
        assert_int_equal(client_data[offset_of(i + 7) + lengths[i]], 0x5a);
    }
    assert_int_equal(mock_counter("frames"), 5);
    assert_int_equal(mock_counter("bytes"), 14 + 15 + 60 + 1514 + NET_BUFFER_SIZE);
}

static void test_no_buffers(void **state)
{
    struct net_desc got;
    (void)state;
    start();
    for (uint32_t i = 0; i < 1000; i++) {
        frame_put(i % BUFFERS, 60);
        mock_enter(VIRT_CHANNEL);
        expect_back(offset_of(i % BUFFERS));
    }
    assert_int_equal(peer_take(&client, &got, 1), 0);
    assert_int_equal(mock_counter("drop_no_buffer"), 1000);
    peer_put(&client, 0, 0);
    frame_put(3, 60);
    mock_enter(VIRT_CHANNEL);
    expect_copy(3, 0, 60);
}

static void test_bad_client_buffers(void **state)
{
    static const uint64_t wrong[] = {1,
                                     NET_BUFFER_SIZE - 1,
                                     (uint64_t)BUFFERS * NET_BUFFER_SIZE,
                                     UINT64_MAX,
                                     UINT64_MAX - NET_BUFFER_SIZE + 1,
                                     UINT64_C(1) << 43};
    (void)state;
    start();
    for (uint32_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        peer_put(&client, wrong[i], 0);
    }
    peer_put(&client, offset_of(BUFFERS - 1), 0);
    frame_put(0, NET_BUFFER_SIZE);
    mock_enter(VIRT_CHANNEL);
    assert_int_equal(mock_counter("bad_client_buffer"), 6);
    expect_copy(0, BUFFERS - 1, NET_BUFFER_SIZE);
    expect_back(0);
}

static void test_partial_last_buffer(void **state)
{
    (void)state;
    configure();
    config->client_data.size -= 1; /* the last buffer is not whole */
    mock_init();
    peer_start(&virt);
    peer_start(&client);
    peer_put(&client, offset_of(BUFFERS - 1), 0);
    frame_put(0, 60);
    mock_enter(VIRT_CHANNEL);
    assert_int_equal(mock_counter("bad_client_buffer"), 1);
    expect_back(0);
}

static void test_duplicate_client_buffers(void **state)
{
    struct net_desc got[CAPACITY];
    (void)state;
    start();
    peer_put(&client, offset_of(2), 0);
    peer_put(&client, offset_of(2), 0);
    frame_put(0, 60);
    frame_put(1, 60);
    mock_enter(VIRT_CHANNEL);
    assert_int_equal(peer_take(&client, got, CAPACITY), 2); /* its own loss */
    assert_int_equal(peer_take(&virt, got, CAPACITY), 2);
    assert_true(got[0].address == 0 && got[1].address == offset_of(1));
}

static void test_lying_client(void **state)
{
    static const uint32_t lies[] = {CAPACITY + 1, UINT32_MAX, 1U << 31};
    (void)state;
    start();
    for (uint32_t i = 0; i < 3; i++) {
        atomic_store_release(&client.mine->tail, lies[i]);
        atomic_store_release(&client.mine->head, lies[i]);
        atomic_store_release(&client.mine->mark, lies[i]);
        for (uint32_t n = 0; n < 2 * CAPACITY; n++) {
            frame_put(n % BUFFERS, 60);
            mock_enter(VIRT_CHANNEL);
            expect_back(offset_of(n % BUFFERS));
        }
    }
    assert_true(mock_counter("violations") != 0);
}

static void test_bad_frames(void **state)
{
    static const struct net_desc wrong[] = {
        {.address = 0, .length = 0},
        {.address = 0, .length = NET_ETHERNET_HEADER - 1},
        {.address = 0, .length = NET_BUFFER_SIZE + 1},
        {.address = 1, .length = 60},
        {.address = (uint64_t)BUFFERS * NET_BUFFER_SIZE, .length = 60},
        {.address = UINT64_MAX - NET_BUFFER_SIZE + 1, .length = 60},
    };
    struct net_desc got;
    (void)state;
    start();
    peer_put(&client, 0, 0);
    for (uint32_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        peer_put(&virt, wrong[i].address, wrong[i].length);
        mock_enter(VIRT_CHANNEL);
        assert_int_equal(mock_counter("bad_virt_frame"), i + 1);
        expect_back(wrong[i].address);
        assert_int_equal(peer_take(&client, &got, 1), 0);
    }
    frame_put(1, 60);
    mock_enter(VIRT_CHANNEL);
    expect_copy(1, 0, 60); /* no buffer was lost to them */
}

static void test_lying_virt(void **state)
{
    (void)state;
    start();
    peer_put(&client, 0, 0);
    atomic_store_release(&virt.mine->tail, CAPACITY + 1);
    mock_enter(VIRT_CHANNEL);
    assert_true(mock_counter("violations") != 0);
    assert_int_equal(mock_counter("frames"), 0);
}

static void test_restarts(void **state)
{
    (void)state;
    start();
    for (uint32_t round = 0; round < 5; round++) {
        peer_put(&client, offset_of(5), 0);
        mock_enter(CLIENT_CHANNEL);
        peer_start(&client); /* the former self's buffer is forgotten */
        frame_put(0, 60);
        mock_enter(VIRT_CHANNEL);
        expect_back(0);
        assert_int_equal(mock_counter("drop_no_buffer"), round + 1);
        peer_start(&virt);
        peer_put(&client, offset_of(6), 0);
        frame_put(1, 60);
        mock_enter(VIRT_CHANNEL);
        expect_copy(1, 6, 60);
        expect_back(offset_of(1));
    }
}

/* The client gets its first frame while the virtualiser brings more for ever. */
static uint64_t flooded;

static void flood(void)
{
    struct net_desc got[CAPACITY];
    if (mock.notified[CLIENT_CHANNEL] != 0) {
        on_copy = NULL;
        return;
    }
    (void)peer_take(&virt, got, CAPACITY);
    if (++flooded < FLOOD) {
        peer_put(&virt, offset_of((uint32_t)(flooded % BUFFERS)), 60);
    }
    uint32_t count = peer_take(&client, got, CAPACITY);
    for (uint32_t i = 0; i < count; i++) {
        peer_put(&client, got[i].address, 0);
    }
}

static void test_wake_during_flood(void **state)
{
    (void)state;
    start();
    for (uint32_t i = 0; i < BUFFERS; i++) {
        peer_put(&client, offset_of(i), 0);
    }
    for (uint32_t i = 0; i < 4; i++) {
        frame_put(i, 60);
    }
    (void)queue_arm(&client.c, 1);
    mock.notified[CLIENT_CHANNEL] = 0;
    flooded = 0;
    on_copy = flood;
    mock_enter(VIRT_CHANNEL);
    assert_null(on_copy);
}

static void begin_restart(void)
{
    on_copy = NULL;
    peer_put(&virt, offset_of(1), 60);
    atomic_store_release(&virt.mine->epoch, virt.c.epoch + 1);
}

static void test_restart_within_activation(void **state)
{
    (void)state;
    start();
    peer_put(&client, 0, 0);
    frame_put(0, 60);
    on_copy = begin_restart;
    mock_enter(VIRT_CHANNEL);
    assert_null(on_copy);
}

static void test_configuration(void **state)
{
    (void)state;
    configure();
    config->buffer_size = NET_BUFFER_SIZE - 1;
    assert_true(mock_init_refused("buffer size"));
    configure();
    config->buffer_size = UINT16_MAX + 1;
    assert_true(mock_init_refused("buffer size"));
    configure();
    config->client_data.address = config->virt_data.address + NET_BUFFER_SIZE;
    assert_true(mock_init_refused("over the device's"));
    configure();
    config->virt.put_capacity = 0;
    assert_true(mock_init_refused("capacity"));
    configure();
    config->client.get_capacity = 3;
    assert_true(mock_init_refused("capacity"));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SENTENCE("a frame is copied whole into the client's buffer and nowhere else", test_copies),
        SENTENCE("a client without buffers loses its frames, the virtualiser none of its buffers",
                 test_no_buffers),
        SENTENCE("a buffer outside the client's region is counted and not written",
                 test_bad_client_buffers),
        SENTENCE("a buffer that ends beyond the region is not written", test_partial_last_buffer),
        SENTENCE("a client that gives a buffer twice spoils only its own frames",
                 test_duplicate_client_buffers),
        SENTENCE("a client that lies about its indices costs the virtualiser no buffer",
                 test_lying_client),
        SENTENCE("a frame outside the device's region is returned unread", test_bad_frames),
        SENTENCE("a virtualiser that lies about its tail moves nothing", test_lying_virt),
        SENTENCE("either side may restart", test_restarts),
        SENTENCE("the client's wake does not wait for the end of a flood", test_wake_during_flood),
        SENTENCE("a virtualiser that begins a restart does not make an activation endless",
                 test_restart_within_activation),
        SENTENCE("a bad configuration is named and stops the component", test_configuration),
    };
    int wrong = mock_module(argc, argv);
    return wrong != 0 ? wrong : cmocka_run_group_tests_name("copier", tests, NULL, NULL);
}
