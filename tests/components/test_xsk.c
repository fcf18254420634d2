/* SPDX-License-Identifier: BSD-2-Clause */
/* The network driver, shell and AF_XDP socket together, against a kernel that the test plays: the
 * four rings of Linux's af_xdp.rst behind the registers of lib/xsk. The kernel lies where it can.
 */
#include "mock_microkit.h"

#include <platform/mmio.h>
#include <string.h>
#include <xsk/registers.h>

enum {
    CAPACITY = 512,
    ENTRIES = 64,
    IRQ_CHANNEL = 5,
    RX_CHANNEL = 10,
    TX_CHANNEL = 20,
    HEADROOM = 256,
    CHUNK = 2048,
    RING_ROOM = 4096, /* bytes between the starts of two rings */
    PRODUCER = 0,     /* in a ring, as Linux 6 lays it out */
    CONSUMER = 128,
    FLAGS = 196,
    DESCRIPTORS = 320,
};
#define REGISTERS    ((uintptr_t)0x10001000)
#define UMEM_IO      UINT64_C(0x80000000)
#define UMEM_SIZE    (UINT64_C(4) << 20)
#define BUFFER_IO(n) (UMEM_IO + (uint64_t)(n)*NET_BUFFER_SIZE)

static struct net_driver_config *config;
static struct peer rx, tx;
static uint8_t *rings;

static struct {
    uint32_t constants[XSK_KICK / 4];
    uint32_t kicks[2], unordered_kicks, enabled;
    bool barrier;
    uint32_t index[XSK_RING_COUNT]; /* the kernel's own of each ring */
} device;

void mock_mmio_barrier(void)
{
    device.barrier = true;
}

uint64_t mock_mmio_read(uintptr_t address, unsigned size_bytes)
{
    uintptr_t at = address - REGISTERS;
    assert_true(at % size_bytes == 0 && at + size_bytes <= XSK_KICK);
    uint64_t value = 0;
    memcpy(&value, (const char *)device.constants + at, size_bytes);
    return value;
}

void mock_mmio_write(uintptr_t address, unsigned size_bytes, uint64_t value)
{
    assert_int_equal(size_bytes, 4);
    switch (address - REGISTERS) {
    case XSK_KICK:
        assert_true(value != 0 && value < 4);
        device.kicks[0] += (value & XSK_RECEIVE) != 0;
        device.kicks[1] += (value & XSK_SEND) != 0;
        device.unordered_kicks += !device.barrier;
        break;
    case XSK_INTERRUPT_ENABLE:
        device.enabled = (uint32_t)value;
        break;
    default:
        fail_msg("write of register %#lx", (unsigned long)(address - REGISTERS));
    }
    device.barrier = false;
}

static shared_u32 *word(enum xsk_ring ring, size_t offset)
{
    return (shared_u32 *)(rings + (size_t)ring * RING_ROOM + offset);
}

static shared_u64 *entry(enum xsk_ring ring, uint32_t index)
{
    bool descriptors = ring == XSK_RING_RX || ring == XSK_RING_TX;
    return (shared_u64 *)(rings + (size_t)ring * RING_ROOM + DESCRIPTORS) +
           (size_t)(index % ENTRIES) * (descriptors ? 2 : 1);
}

/* The next entry that the driver gave; false if there is none. */
static bool kernel_next(enum xsk_ring ring, uint64_t *address, uint64_t *length)
{
    if (device.index[ring] == atomic_load_acquire(word(ring, PRODUCER))) {
        return false;
    }
    const shared_u64 *slot = entry(ring, device.index[ring]++);
    *address = shared_read(slot);
    *length = ring == XSK_RING_TX ? shared_read(slot + 1) : 0;
    atomic_store_release(word(ring, CONSUMER), device.index[ring]);
    return true;
}

static void kernel_receive(uint64_t address, uint64_t length)
{
    shared_u64 *slot = entry(XSK_RING_RX, device.index[XSK_RING_RX]++);
    shared_write(slot, address);
    shared_write(slot + 1, length);
    atomic_store_release(word(XSK_RING_RX, PRODUCER), device.index[XSK_RING_RX]);
}

static void kernel_complete(uint64_t address)
{
    shared_write(entry(XSK_RING_COMPLETION, device.index[XSK_RING_COMPLETION]++), address);
    atomic_store_release(word(XSK_RING_COMPLETION, PRODUCER), device.index[XSK_RING_COMPLETION]);
}

/* What the kernel says of a frame received in the buffer that begins HEADROOM after `given`. */
static uint64_t received_in(uint64_t given)
{
    return given | (uint64_t)HEADROOM << XSK_OFFSET_SHIFT;
}

static void set32(uint32_t at, uint32_t value)
{
    device.constants[at / 4] = value;
}

static void set64(uint32_t at, uint64_t value)
{
    memcpy(&device.constants[at / 4], &value, sizeof(value));
}

static void configure(void)
{
    memset(&device, 0, sizeof(device));
    set32(XSK_MAGIC_VALUE, XSK_MAGIC);
    set32(XSK_HEADROOM, HEADROOM);
    set64(XSK_UMEM_IO, UMEM_IO);
    set64(XSK_UMEM_SIZE, UMEM_SIZE);
    set32(XSK_CHUNK_SIZE, CHUNK);
    for (uint32_t ring = 0; ring < XSK_RING_COUNT; ring++) {
        uint32_t at = XSK_RINGS + ring * XSK_RING_REGISTERS;
        set32(at + XSK_RING_SIZE, ENTRIES);
        set32(at + XSK_RING_PRODUCER, ring * RING_ROOM + PRODUCER);
        set32(at + XSK_RING_CONSUMER, ring * RING_ROOM + CONSUMER);
        set32(at + XSK_RING_FLAGS, ring * RING_ROOM + FLAGS);
        set32(at + XSK_RING_ENTRIES, ring * RING_ROOM + DESCRIPTORS);
    }
    config = mock_memory(sizeof(*config));
    mock_header(&config->header, CONFIG_NET_DRIVER, sizeof(*config));
    rings = mock_memory(XSK_RING_COUNT * RING_ROOM);
    config->registers = (struct config_region){REGISTERS, 0, 4096};
    config->rings = (struct config_region){(uintptr_t)rings, 0, XSK_RING_COUNT * RING_ROOM};
    config->irq_channel = IRQ_CHANNEL;
    peer_make(&rx, &config->rx, CAPACITY, RX_CHANNEL);
    peer_make(&tx, &config->tx, CAPACITY, TX_CHANNEL);
    mock_configure(config, sizeof(*config));
}

static void start(void)
{
    configure();
    mock_init();
    peer_start(&rx);
    peer_start(&tx);
}

/* ---- Honest kernel ---- */

/* Both virtualisers have something. */
static void wake(void)
{
    mock_enter(RX_CHANNEL);
    mock_enter(TX_CHANNEL);
}

static void test_both_ways(void **state)
{
    uint64_t address, length;
    struct net_desc got[CAPACITY];
    (void)state;
    start();
    for (uint32_t i = 0; i < 40; i++) {
        peer_put(&rx, BUFFER_IO(1 + i), NET_BUFFER_SIZE);
        peer_put(&tx, BUFFER_IO(1000 + i), (uint16_t)(60 + i));
    }
    wake();
    for (uint32_t i = 0; i < 40; i++) {
        assert_true(kernel_next(XSK_RING_FILL, &address, &length));
        assert_true(address == BUFFER_IO(1 + i) - UMEM_IO - HEADROOM);
        kernel_receive(received_in(address), 100 + i);
        assert_true(kernel_next(XSK_RING_TX, &address, &length));
        assert_true(address == BUFFER_IO(1000 + i) - UMEM_IO && length == 60 + i);
        kernel_complete(address);
    }
    mock_enter(IRQ_CHANNEL);
    mock_enter(TX_CHANNEL);
    assert_int_equal(mock.acknowledged[IRQ_CHANNEL], 1);
    assert_int_equal(peer_take(&rx, got, CAPACITY), 40);
    for (uint32_t i = 0; i < 40; i++) {
        assert_true(got[i].address == BUFFER_IO(1 + i) && got[i].length == 100 + i);
    }
    assert_int_equal(peer_take(&tx, got, CAPACITY), 40);
    for (uint32_t i = 0; i < 40; i++) {
        assert_true(got[i].address == BUFFER_IO(1000 + i));
    }
    assert_int_equal(atomic_load_acquire(word(XSK_RING_RX, CONSUMER)), 40);
    assert_int_equal(atomic_load_acquire(word(XSK_RING_COMPLETION, CONSUMER)), 40);
    assert_int_equal(mock_counter("device_errors"), 0);
}

static void test_kicks(void **state)
{
    (void)state;
    start();
    peer_put(&rx, BUFFER_IO(1), NET_BUFFER_SIZE);
    peer_put(&tx, BUFFER_IO(1000), 60);
    mock_enter(TX_CHANNEL);
    assert_int_equal(device.kicks[0] + device.kicks[1], 0);
    atomic_store_relaxed(word(XSK_RING_TX, FLAGS), XSK_NEED_WAKEUP);
    for (uint32_t i = 1; i <= 10; i++) {
        peer_put(&tx, BUFFER_IO(1000 + i), 60);
    }
    mock_enter(TX_CHANNEL);
    assert_int_equal(device.kicks[0], 0);
    assert_int_equal(device.kicks[1], 1);
    atomic_store_relaxed(word(XSK_RING_FILL, FLAGS), XSK_NEED_WAKEUP);
    peer_put(&rx, BUFFER_IO(2), NET_BUFFER_SIZE);
    mock_enter(RX_CHANNEL);
    assert_int_equal(device.kicks[0], 1);
    assert_int_equal(device.kicks[1], 1);
    assert_int_equal(device.unordered_kicks, 0);
}

static void test_full_rings(void **state)
{
    uint64_t address, length;
    (void)state;
    start();
    for (uint32_t i = 0; i < ENTRIES + 10; i++) {
        peer_put(&tx, BUFFER_IO(i), 60);
    }
    mock_enter(TX_CHANNEL);
    assert_int_equal(mock_counter("tx_frames"), ENTRIES);
    assert_int_equal(device.enabled & XSK_SEND, XSK_SEND);
    for (uint32_t i = 0; i < 10; i++) { /* taken by the kernel, but not yet sent: no room */
        assert_true(kernel_next(XSK_RING_TX, &address, &length));
    }
    mock_enter(TX_CHANNEL);
    assert_int_equal(mock_counter("tx_frames"), ENTRIES);
    for (uint32_t i = 0; i < 10; i++) {
        kernel_complete((uint64_t)i * NET_BUFFER_SIZE);
    }
    mock_enter(IRQ_CHANNEL);
    assert_int_equal(mock_counter("tx_frames"), ENTRIES + 10);
    assert_int_equal(mock_counter("device_errors"), 0);
}

static void test_lazy_completion(void **state)
{
    uint64_t address, length;
    struct net_desc got;
    (void)state;
    start();
    peer_put(&tx, BUFFER_IO(0), 60);
    mock_enter(TX_CHANNEL);
    assert_int_equal(device.enabled, XSK_RECEIVE);
    (void)queue_arm(&tx.c, 1);
    mock_enter(TX_CHANNEL);
    assert_int_equal(device.enabled, XSK_RECEIVE | XSK_SEND);
    assert_true(kernel_next(XSK_RING_TX, &address, &length));
    kernel_complete(address);
    mock_enter(IRQ_CHANNEL);
    assert_int_equal(peer_take(&tx, &got, 1), 1);
    assert_int_equal(device.enabled, XSK_RECEIVE);
}

/* ---- Lying kernel ---- */

/* One buffer with the kernel each way, the first of each region. */
static void start_with_one_each(void)
{
    uint64_t address, length;
    start();
    peer_put(&rx, BUFFER_IO(1), NET_BUFFER_SIZE);
    peer_put(&tx, BUFFER_IO(1000), 60);
    wake();
    assert_true(kernel_next(XSK_RING_FILL, &address, &length));
    assert_true(kernel_next(XSK_RING_TX, &address, &length));
}

static void test_wrong_received(void **state)
{
    const uint64_t right = BUFFER_IO(1) - UMEM_IO - HEADROOM;
    const uint64_t wrong[] = {
        right + NET_BUFFER_SIZE,              /* another buffer, never given */
        right + 8,                            /* within the buffer */
        BUFFER_IO(1000) - UMEM_IO - HEADROOM, /* given, but to send */
        UMEM_SIZE - HEADROOM,                 /* just beyond the UMEM */
        (UINT64_C(1) << XSK_OFFSET_SHIFT) - HEADROOM,
    };
    struct net_desc got;
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        start_with_one_each();
        kernel_receive(received_in(wrong[i]), 100);
        mock_enter(IRQ_CHANNEL);
        assert_int_equal(peer_take(&rx, &got, 1), 0);
        assert_int_equal(mock_counter("device_errors"), 1);
        kernel_receive(received_in(right), 100); /* and life goes on */
        mock_enter(IRQ_CHANNEL);
        assert_int_equal(peer_take(&rx, &got, 1), 1);
        assert_true(got.address == BUFFER_IO(1) && got.length == 100);
        (void)mock_end(NULL);
        (void)mock_start(NULL);
    }
}

static void test_wrong_frames(void **state)
{
    const uint64_t given = BUFFER_IO(1) - UMEM_IO - HEADROOM;
    const struct {
        uint64_t address, length;
    } wrong[] = {
        {received_in(given), NET_BUFFER_SIZE + 1},
        {received_in(given), CHUNK - HEADROOM + 1},    /* the kernel has no room for more */
        {received_in(given), 100 | UINT64_C(1) << 32}, /* one part of several: never asked for */
        {given, 100},                                  /* begins before the buffer */
        {given | (uint64_t)(HEADROOM + 1) << XSK_OFFSET_SHIFT, 100},
    };
    struct net_desc got;
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        start_with_one_each();
        kernel_receive(wrong[i].address, wrong[i].length);
        mock_enter(IRQ_CHANNEL);
        assert_int_equal(peer_take(&rx, &got, 1), 1);
        assert_true(got.address == BUFFER_IO(1) && got.length == 0);
        assert_int_equal(mock_counter("device_errors"), 1);
        (void)mock_end(NULL);
        (void)mock_start(NULL);
    }
}

static void test_wrong_completions(void **state)
{
    struct net_desc got[2];
    (void)state;
    start_with_one_each();
    kernel_complete(BUFFER_IO(1) - UMEM_IO); /* given, but to receive */
    mock_enter(IRQ_CHANNEL);
    (void)queue_arm(&tx.c, 1);
    mock_enter(TX_CHANNEL);
    assert_int_equal(mock_counter("device_errors"), 1);
    kernel_complete(BUFFER_IO(1000) - UMEM_IO);
    mock_enter(IRQ_CHANNEL);
    assert_int_equal(peer_take(&tx, got, 2), 1);
    assert_true(got[0].address == BUFFER_IO(1000));
    assert_int_equal(mock_counter("device_errors"), 1);
}

static void test_twice(void **state)
{
    struct net_desc got[2];
    (void)state;
    start_with_one_each();
    peer_put(&tx, BUFFER_IO(1001), 60);
    mock_enter(TX_CHANNEL);
    kernel_complete(BUFFER_IO(1000) - UMEM_IO);
    kernel_complete(BUFFER_IO(1000) - UMEM_IO);
    mock_enter(TX_CHANNEL);
    assert_int_equal(peer_take(&tx, got, 2), 1);
    assert_int_equal(mock_counter("device_errors"), 1);
}

static void test_too_many(void **state)
{
    const uint32_t claims[] = {2, ENTRIES, UINT32_C(1) << 31, UINT32_MAX};
    struct net_desc got;
    (void)state;
    for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
        start_with_one_each();
        atomic_store_release(word(XSK_RING_RX, PRODUCER), claims[i]);
        mock_enter(IRQ_CHANNEL);
        mock_enter(IRQ_CHANNEL);
        assert_int_equal(peer_take(&rx, &got, 1), 0);
        assert_int_equal(mock_counter("device_errors"), 1);
        assert_int_equal(device.enabled & XSK_RECEIVE, 0); /* nothing is expected of it any more */
        kernel_complete(BUFFER_IO(1000) - UMEM_IO);        /* sending goes on */
        mock_enter(TX_CHANNEL);
        assert_int_equal(peer_take(&tx, &got, 1), 1);
        (void)mock_end(NULL);
        (void)mock_start(NULL);
    }
}

/* ---- Buffers that are none ---- */

static void test_wrong_buffers(void **state)
{
    uint64_t address, length;
    (void)state;
    start();
    peer_put(&rx, UMEM_IO, NET_BUFFER_SIZE); /* no headroom before it */
    peer_put(&rx, BUFFER_IO(1) + 64, NET_BUFFER_SIZE);
    peer_put(&rx, UMEM_IO + UMEM_SIZE, NET_BUFFER_SIZE);
    peer_put(&rx, UMEM_IO - NET_BUFFER_SIZE, NET_BUFFER_SIZE);
    peer_put(&rx, BUFFER_IO(2), CHUNK - HEADROOM - 1); /* the kernel would write beyond it */
    peer_put(&tx, UMEM_IO + UMEM_SIZE, 60);
    peer_put(&tx, BUFFER_IO(1000) + 1, 60);
    peer_put(&tx, BUFFER_IO(1000), CHUNK + 1);
    peer_put(&tx, BUFFER_IO(1000), 60);
    peer_put(&tx, BUFFER_IO(1000), 60); /* again */
    wake();
    assert_int_equal(mock_counter("device_errors"), 9);
    assert_false(kernel_next(XSK_RING_FILL, &address, &length));
    assert_true(kernel_next(XSK_RING_TX, &address, &length));
    assert_false(kernel_next(XSK_RING_TX, &address, &length));
}

/* ---- Start ---- */

static void refused(uint32_t at, uint32_t value, const char *said)
{
    configure();
    set32(at, value);
    assert_true(mock_init_refused(said));
}

static void test_refusals(void **state)
{
    const uint32_t rx_ring = XSK_RINGS + XSK_RING_RX * XSK_RING_REGISTERS;
    (void)state;
    refused(XSK_MAGIC_VALUE, 0, "no AF_XDP socket");
    refused(XSK_UMEM_IO, 0x80000400, "the UMEM begins");
    refused(XSK_UMEM_SIZE + 4, 1, "larger than 128 MiB");
    refused(XSK_CHUNK_SIZE, 1024, "chunks are smaller");
    refused(XSK_HEADROOM, 4096, "headroom");
    refused(rx_ring + XSK_RING_SIZE, 96, "bad size");
    refused(rx_ring + XSK_RING_SIZE, 1 << 16, "bad size");
    refused(rx_ring + XSK_RING_SIZE, 1024, "outside");
    refused(rx_ring + XSK_RING_PRODUCER, XSK_RING_COUNT * RING_ROOM, "outside");
    refused(rx_ring + XSK_RING_CONSUMER, UINT32_MAX - 3, "outside");
    refused(rx_ring + XSK_RING_FLAGS, 2, "outside");
    refused(rx_ring + XSK_RING_ENTRIES, XSK_RING_COUNT * RING_ROOM - 512, "outside");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SENTENCE("frames go both ways, each beginning where its buffer does", test_both_ways),
        SENTENCE("a kick per direction and batch, if the kernel wants one", test_kicks),
        SENTENCE("no ring overflows; a full one waits for completions", test_full_rings),
        SENTENCE("completions interrupt only when somebody waits", test_lazy_completion),
        SENTENCE("a frame in a buffer that was not given is an error and no buffer",
                 test_wrong_received),
        SENTENCE("a frame that is too long, in parts or out of place comes back empty",
                 test_wrong_frames),
        SENTENCE("a completion of what was not sent is an error and no buffer",
                 test_wrong_completions),
        SENTENCE("a buffer comes back once", test_twice),
        SENTENCE("a kernel that claims more than it was given is not believed any more",
                 test_too_many),
        SENTENCE("what is no buffer of the UMEM never reaches the kernel", test_wrong_buffers),
        SENTENCE("rings, UMEM or headroom that cannot be are refused by name", test_refusals),
    };
    int wrong = mock_module(argc, argv);
    return wrong != 0 ? wrong : cmocka_run_group_tests_name("xsk", tests, NULL, NULL);
}
