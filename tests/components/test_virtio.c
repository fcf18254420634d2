/* SPDX-License-Identifier: BSD-2-Clause */
/* The network driver, shell and virtio-net together, against a device that the test plays: VirtIO
 * 1.2, sections 2.7 and 4.2. The device lies where it can. */
#include "mock_microkit.h"

#include <platform/mmio.h>
#include <string.h>
#include <virtio/mmio.h>

enum {
    CAPACITY = 512,
    SLOTS = 256,
    IRQ_CHANNEL = 5,
    RX_CHANNEL = 10,
    TX_CHANNEL = 20,
    HEADER = 12,
    RINGS_SIZE = 64 * 1024,
};
#define RINGS_IO     UINT64_C(0x40000000)
#define REGISTERS    ((uintptr_t)0x10001000)
#define BUFFER_IO(n) (UINT64_C(0x80000000) + (uint64_t)(n)*NET_BUFFER_SIZE)

static struct net_driver_config *config;
static struct peer rx, tx;
static uint8_t *rings;

/* ---- The device ---- */

struct device_queue {
    uint32_t size, ready;
    uint64_t desc, available, used; /* I/O addresses */
    uint16_t seen;                  /* of the available ring */
    uint16_t done;                  /* the used ring's index */
};

static struct {
    uint32_t magic, version, id, status, queue_sel, features_sel;
    uint64_t offered, agreed;
    bool refuses_features, stuck;
    uint32_t num_max;
    uint32_t interrupt_status;
    uint32_t doorbells[2], unordered_doorbells;
    bool barrier;
    struct device_queue queues[2];
} device;

void mock_mmio_barrier(void)
{
    device.barrier = true;
}

uint64_t mock_mmio_read(uintptr_t address, unsigned size_bytes)
{
    assert_int_equal(size_bytes, 4);
    struct device_queue *queue = &device.queues[device.queue_sel & 1];
    switch (address - REGISTERS) {
    case VIRTIO_MAGIC_VALUE:
        return device.magic;
    case VIRTIO_VERSION:
        return device.version;
    case VIRTIO_DEVICE_ID:
        return device.id;
    case VIRTIO_DEVICE_FEATURES:
        return (uint32_t)(device.offered >> (32 * device.features_sel));
    case VIRTIO_QUEUE_NUM_MAX:
        return device.num_max;
    case VIRTIO_QUEUE_READY:
        return queue->ready;
    case VIRTIO_INTERRUPT_STATUS:
        return device.interrupt_status;
    case VIRTIO_STATUS:
        return device.status;
    default:
        fail_msg("read of register %#lx", (unsigned long)(address - REGISTERS));
        return 0;
    }
}

static void write_status(uint32_t value)
{
    if (value == 0 && !device.stuck) {
        memset(device.queues, 0, sizeof(device.queues));
    }
    if (device.refuses_features) {
        value &= ~(uint32_t)VIRTIO_STATUS_FEATURES_OK;
    }
    device.status = device.stuck ? 4 : value;
}

static void write_half(uint64_t *to, bool high, uint64_t value)
{
    *to = high ? (*to & UINT32_MAX) | value << 32 : (*to & ~(uint64_t)UINT32_MAX) | value;
}

void mock_mmio_write(uintptr_t address, unsigned size_bytes, uint64_t value)
{
    assert_int_equal(size_bytes, 4);
    struct device_queue *queue = &device.queues[device.queue_sel & 1];
    uintptr_t at = address - REGISTERS;
    switch (at) {
    case VIRTIO_DEVICE_FEATURES_SEL:
    case VIRTIO_DRIVER_FEATURES_SEL:
        device.features_sel = (uint32_t)value & 1;
        break;
    case VIRTIO_DRIVER_FEATURES:
        write_half(&device.agreed, device.features_sel != 0, value);
        break;
    case VIRTIO_QUEUE_SEL:
        assert_true(value < 2);
        device.queue_sel = (uint32_t)value;
        break;
    case VIRTIO_QUEUE_NUM:
        queue->size = (uint32_t)value;
        break;
    case VIRTIO_QUEUE_READY:
        queue->ready = (uint32_t)value;
        break;
    case VIRTIO_QUEUE_NOTIFY:
        assert_true(value < 2);
        device.doorbells[value]++;
        device.unordered_doorbells += !device.barrier;
        break;
    case VIRTIO_INTERRUPT_ACK:
        device.interrupt_status &= ~(uint32_t)value;
        break;
    case VIRTIO_STATUS:
        write_status((uint32_t)value);
        break;
    case VIRTIO_QUEUE_DESC:
    case VIRTIO_QUEUE_DESC + 4:
        write_half(&queue->desc, at != VIRTIO_QUEUE_DESC, value);
        break;
    case VIRTIO_QUEUE_DRIVER:
    case VIRTIO_QUEUE_DRIVER + 4:
        write_half(&queue->available, at != VIRTIO_QUEUE_DRIVER, value);
        break;
    case VIRTIO_QUEUE_DEVICE:
    case VIRTIO_QUEUE_DEVICE + 4:
        write_half(&queue->used, at != VIRTIO_QUEUE_DEVICE, value);
        break;
    default:
        fail_msg("write of register %#lx", (unsigned long)at);
    }
    device.barrier = false;
}

static void *dma(uint64_t io_address, size_t size)
{
    assert_true(io_address >= RINGS_IO && io_address - RINGS_IO + size <= RINGS_SIZE);
    return rings + (io_address - RINGS_IO);
}

static struct virtq_used *used_ring(const struct device_queue *queue)
{
    return dma(queue->used, 6 + 8 * (size_t)queue->size);
}

/* The next chain offered: its head, its data buffer; false if there is none. */
static bool device_next(struct device_queue *queue, uint32_t *head, struct virtq_desc *buffer)
{
    const struct virtq_available *ring = dma(queue->available, 6 + 2 * (size_t)queue->size);
    if (queue->seen == atomic_load16_acquire(&ring->index)) {
        return false;
    }
    *head = atomic_load16_relaxed(&ring->ring[queue->seen++ & (queue->size - 1)]);
    assert_true(*head < queue->size);
    const struct virtq_desc *table = dma(queue->desc, 16 * (size_t)queue->size);
    const struct virtq_desc *first = &table[*head];
    assert_int_equal(first->length, HEADER);
    assert_true((first->flags & VIRTQ_DESC_F_NEXT) != 0);
    (void)dma(first->address, HEADER);
    *buffer = table[first->next];
    assert_true((buffer->flags & VIRTQ_DESC_F_NEXT) == 0);
    assert_int_equal(buffer->flags & VIRTQ_DESC_F_WRITE, first->flags & VIRTQ_DESC_F_WRITE);
    return true;
}

static void device_use(struct device_queue *queue, uint32_t id, uint32_t length)
{
    struct virtq_used *ring = used_ring(queue);
    struct virtq_used_element *element = &ring->ring[queue->done & (queue->size - 1)];
    atomic_store_relaxed(&element->id, id);
    atomic_store_relaxed(&element->length, length);
    atomic_store16_release(&ring->index, ++queue->done);
}

/* Wants a doorbell for the next chain. */
static void device_wants_doorbell(struct device_queue *queue)
{
    shared_u16 *event = (shared_u16 *)&used_ring(queue)->ring[queue->size];
    atomic_store16_relaxed(event, queue->seen);
}

/* True if the driver asked for an interrupt at the next used chain. */
static bool interrupt_asked(const struct device_queue *queue)
{
    const struct virtq_available *ring = dma(queue->available, 6 + 2 * (size_t)queue->size);
    return atomic_load16_relaxed(&ring->ring[queue->size]) == queue->done;
}

/* ---- The bench ---- */

static void configure(void)
{
    memset(&device, 0, sizeof(device));
    device.magic = VIRTIO_MAGIC;
    device.version = VIRTIO_MODERN;
    device.id = 1;
    device.num_max = 1024;
    device.offered = VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX | (1 << 5) | (1 << 15);
    config = mock_memory(sizeof(*config));
    mock_header(&config->header, CONFIG_NET_DRIVER, sizeof(*config));
    rings = mock_memory(RINGS_SIZE);
    config->registers = (struct config_region){REGISTERS, 0, 4096};
    config->rings = (struct config_region){(uintptr_t)rings, RINGS_IO, RINGS_SIZE};
    config->irq_channel = IRQ_CHANNEL;
    peer_make(&rx, &config->rx, CAPACITY, RX_CHANNEL);
    peer_make(&tx, &config->tx, CAPACITY, TX_CHANNEL);
    mock_configure(config, sizeof(*config));
}

static struct device_queue *rxq = &device.queues[0], *txq = &device.queues[1];

static void connect(void)
{
    mock_init();
    peer_start(&rx);
    peer_start(&tx);
}

static void start(void)
{
    configure();
    connect();
}

static void interrupt(void)
{
    device.interrupt_status = 1;
    mock_enter(IRQ_CHANNEL);
    assert_int_equal(device.interrupt_status, 0);
}

/* Both virtualisers have something. */
static void wake(void)
{
    mock_enter(RX_CHANNEL);
    mock_enter(TX_CHANNEL);
}

static void test_start_up(void **state)
{
    (void)state;
    start();
    assert_true(device.agreed == (VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX));
    assert_int_equal(device.status, 15);
    assert_true(rxq->ready == 1 && txq->ready == 1);
    assert_int_equal(device.doorbells[0] + device.doorbells[1], 0);
    assert_true(interrupt_asked(rxq));
    assert_false(interrupt_asked(txq));
    interrupt();
    assert_int_equal(mock.acknowledged[IRQ_CHANNEL], 1);
}

static void test_batches(void **state)
{
    uint32_t head;
    struct virtq_desc buffer;
    (void)state;
    start();
    for (uint32_t i = 0; i < 40; i++) {
        peer_put(&rx, BUFFER_IO(i), NET_BUFFER_SIZE);
        peer_put(&tx, BUFFER_IO(1000 + i), 60);
    }
    device_wants_doorbell(rxq);
    device_wants_doorbell(txq);
    wake();
    assert_int_equal(device.doorbells[0], 1);
    assert_int_equal(device.doorbells[1], 1);
    assert_int_equal(device.unordered_doorbells, 0);
    for (uint32_t i = 0; i < 40; i++) {
        assert_true(device_next(rxq, &head, &buffer));
        assert_true(buffer.address == BUFFER_IO(i) && buffer.length == NET_BUFFER_SIZE);
        assert_true((buffer.flags & VIRTQ_DESC_F_WRITE) != 0);
        device_use(rxq, head, HEADER + 100 + i);
        assert_true(device_next(txq, &head, &buffer));
        assert_true(buffer.address == BUFFER_IO(1000 + i) && buffer.length == 60);
        assert_true((buffer.flags & VIRTQ_DESC_F_WRITE) == 0);
        device_use(txq, head, 0);
    }
    interrupt();
    mock_enter(TX_CHANNEL);
    struct net_desc got[CAPACITY];
    assert_int_equal(peer_take(&rx, got, CAPACITY), 40);
    for (uint32_t i = 0; i < 40; i++) {
        assert_true(got[i].address == BUFFER_IO(i) && got[i].length == 100 + i);
    }
    assert_int_equal(peer_take(&tx, got, CAPACITY), 40);
    assert_int_equal(mock_counter("device_errors"), 0);
}

static void test_lazy_completion(void **state)
{
    uint32_t head;
    struct virtq_desc buffer;
    struct net_desc got;
    (void)state;
    start();
    peer_put(&tx, BUFFER_IO(0), 60);
    mock_enter(TX_CHANNEL);
    assert_false(interrupt_asked(txq)); /* nobody waits */
    (void)queue_arm(&tx.c, 1);
    mock_enter(TX_CHANNEL);
    assert_true(interrupt_asked(txq));
    assert_true(device_next(txq, &head, &buffer));
    device_use(txq, head, 0);
    mock.notified[TX_CHANNEL] = 0;
    interrupt();
    assert_int_equal(mock.notified[TX_CHANNEL], 1);
    assert_int_equal(peer_take(&tx, &got, 1), 1);
    assert_false(interrupt_asked(txq)); /* the wait is over */
}

static void test_full_ring(void **state)
{
    uint32_t head;
    struct virtq_desc buffer;
    (void)state;
    start();
    for (uint32_t i = 0; i < SLOTS + 10; i++) {
        peer_put(&tx, BUFFER_IO(i), 60);
    }
    mock_enter(TX_CHANNEL);
    assert_int_equal(mock_counter("tx_frames"), SLOTS);
    assert_true(interrupt_asked(txq)); /* the ring's room is what the driver waits for */
    for (uint32_t i = 0; i < 10; i++) {
        assert_true(device_next(txq, &head, &buffer));
        device_use(txq, head, 0);
    }
    interrupt();
    mock_enter(TX_CHANNEL);
    assert_int_equal(mock_counter("tx_frames"), SLOTS + 10);
}

static void test_wrong_ids(void **state)
{
    static const uint32_t wrong[] = {SLOTS,         SLOTS + 1,  2 * SLOTS,
                                     2 * SLOTS - 1, UINT32_MAX, 0x80000000};
    uint32_t head[8];
    struct virtq_desc buffer;
    struct net_desc got[CAPACITY];
    (void)state;
    start();
    for (uint32_t i = 0; i < 8; i++) {
        peer_put(&rx, BUFFER_IO(i), NET_BUFFER_SIZE);
    }
    mock_enter(RX_CHANNEL);
    for (uint32_t i = 0; i < 8; i++) {
        assert_true(device_next(rxq, &head[i], &buffer));
    }
    for (uint32_t i = 0; i < 6; i++) {
        device_use(rxq, wrong[i], 100);
    }
    device_use(rxq, head[7], HEADER + 60);
    interrupt();
    assert_int_equal(mock_counter("device_errors"), 6);
    assert_int_equal(peer_take(&rx, got, CAPACITY), 1);
    assert_true(got[0].address == BUFFER_IO(7));
    device_use(rxq, head[7], HEADER + 60); /* again */
    interrupt();
    assert_int_equal(mock_counter("device_errors"), 7);
    assert_int_equal(peer_take(&rx, got, CAPACITY), 0);
    device_use(rxq, head[0], HEADER + 60);
    interrupt();
    assert_int_equal(peer_take(&rx, got, CAPACITY), 1);
}

static void test_wrong_lengths(void **state)
{
    static const uint32_t wrong[] = {0, HEADER - 1, HEADER + NET_BUFFER_SIZE + 1, UINT32_MAX,
                                     HEADER + 0x10000 + 60};
    uint32_t head;
    struct virtq_desc buffer;
    struct net_desc got[2];
    (void)state;
    start();
    for (uint32_t i = 0; i < 5; i++) {
        peer_put(&rx, BUFFER_IO(i), NET_BUFFER_SIZE);
        mock_enter(RX_CHANNEL);
        assert_true(device_next(rxq, &head, &buffer));
        device_use(rxq, head, wrong[i]);
        interrupt();
        assert_int_equal(mock_counter("device_errors"), i + 1);
        assert_int_equal(peer_take(&rx, got, 2), 1); /* back to its owner, empty */
        assert_true(got[0].address == BUFFER_IO(i) && got[0].length == 0);
    }
    peer_put(&rx, BUFFER_IO(9), NET_BUFFER_SIZE);
    mock_enter(RX_CHANNEL);
    assert_true(device_next(rxq, &head, &buffer));
    device_use(rxq, head, HEADER + NET_BUFFER_SIZE);
    interrupt();
    assert_int_equal(peer_take(&rx, got, 2), 1);
    assert_int_equal(got[0].length, NET_BUFFER_SIZE);
}

static void test_index_jump(void **state)
{
    struct net_desc got[CAPACITY];
    uint32_t head;
    struct virtq_desc buffer;
    (void)state;
    start();
    for (uint32_t i = 0; i < 4; i++) {
        peer_put(&rx, BUFFER_IO(i), NET_BUFFER_SIZE);
    }
    mock_enter(RX_CHANNEL);
    atomic_store16_release(&used_ring(rxq)->index, 5); /* more than it was given */
    interrupt();
    interrupt();
    assert_int_equal(mock_counter("device_errors"), 1);
    assert_int_equal(peer_take(&rx, got, CAPACITY), 0);
    peer_put(&tx, BUFFER_IO(9), 60); /* the other direction lives */
    mock_enter(TX_CHANNEL);
    assert_true(device_next(txq, &head, &buffer));
    device_use(txq, head, 0);
    mock_enter(TX_CHANNEL);
    assert_int_equal(peer_take(&tx, got, CAPACITY), 1);
    atomic_store16_release(&used_ring(txq)->index, (uint16_t)(txq->done - 1)); /* backwards */
    mock_enter(TX_CHANNEL);
    assert_int_equal(mock_counter("device_errors"), 2);
}

static void test_used_memory(void **state)
{
    uint32_t head;
    struct virtq_desc buffer;
    (void)state;
    configure();
    memset(rings, 0xff, RINGS_SIZE); /* a former driver's leavings */
    connect();
    peer_put(&tx, BUFFER_IO(0), 60);
    mock_enter(TX_CHANNEL);
    assert_int_equal(device.doorbells[1], 1);
    assert_true(device_next(txq, &head, &buffer));
    const uint8_t *header = dma(RINGS_IO, RINGS_SIZE);
    const struct virtq_desc *table = dma(txq->desc, 16);
    header += table[head].address - RINGS_IO;
    for (uint32_t i = 0; i < HEADER; i++) {
        assert_int_equal(header[i], 0);
    }
}

static void test_without_event_index(void **state)
{
    (void)state;
    configure();
    device.offered = VIRTIO_F_VERSION_1;
    connect();
    peer_put(&tx, BUFFER_IO(0), 60);
    mock_enter(TX_CHANNEL);
    assert_int_equal(device.doorbells[1], 1);
    const struct virtq_available *ring = dma(txq->available, 6);
    assert_int_equal(atomic_load16_relaxed(&ring->flags), VIRTQ_AVAIL_F_NO_INTERRUPT);
    (void)queue_arm(&tx.c, 1);
    mock_enter(TX_CHANNEL);
    assert_int_equal(atomic_load16_relaxed(&ring->flags), 0);
    atomic_store16_relaxed(&used_ring(txq)->flags, VIRTQ_USED_F_NO_NOTIFY);
    peer_put(&tx, BUFFER_IO(1), 60);
    mock_enter(TX_CHANNEL);
    assert_int_equal(device.doorbells[1], 1);
}

static void test_no_device(void **state)
{
    (void)state;
    configure();
    device.magic = 0;
    assert_true(mock_init_refused("component: no VirtIO device"));
    configure();
    device.version = 1;
    assert_true(mock_init_refused("legacy"));
    configure();
    device.id = 2;
    assert_true(mock_init_refused("another kind"));
    configure();
    device.offered = VIRTIO_F_EVENT_IDX;
    assert_true(mock_init_refused("VIRTIO_F_VERSION_1"));
    configure();
    device.refuses_features = true;
    assert_true(mock_init_refused("refused the features"));
    configure();
    device.stuck = true;
    assert_true(mock_init_refused("reset"));
    configure();
    device.num_max = 2 * SLOTS - 1;
    assert_true(mock_init_refused("too small"));
    configure();
    config->rings.size = 1024;
    assert_true(mock_init_refused("33 KiB"));
    configure();
    config->tx.get_capacity = 7;
    assert_true(mock_init_refused("capacity"));
}

/* A device at random, half of what it says a lie; the driver invents no buffer and gives none
 * twice. */
static void test_random_device(void **state)
{
    static bool out[1 << 16];
    struct net_desc got[CAPACITY];
    uint32_t next = 0, head;
    struct virtq_desc buffer;
    (void)state;
    start();
    memset(out, 0, sizeof(out));
    for (uint32_t step = 0; step < 20000; step++) {
        struct device_queue *queue = random_below(2) == 0 ? rxq : txq;
        if (next < 1 << 16 && queue_space(&rx.c, 1) != 0 && queue_space(&tx.c, 1) != 0) {
            out[next] = true;
            peer_put(random_below(2) == 0 ? &rx : &tx, BUFFER_IO(next++), NET_BUFFER_SIZE);
        }
        if (device_next(queue, &head, &buffer)) {
            bool lies = random_below(8) == 0;
            device_use(queue, lies ? (uint32_t)random64() & 1023 : head,
                       random_below(NET_BUFFER_SIZE + 64));
        }
        interrupt();
        for (uint32_t i = 0; i < 2; i++) {
            uint32_t count = peer_take(i == 0 ? &rx : &tx, got, CAPACITY);
            for (uint32_t g = 0; g < count; g++) {
                uint64_t number = (got[g].address - BUFFER_IO(0)) / NET_BUFFER_SIZE;
                assert_true(number < next && out[number]);
                assert_true(got[g].length <= NET_BUFFER_SIZE);
                out[number] = false;
            }
        }
    }
    assert_true(mock_counter("device_errors") != 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SENTENCE("the device is brought up with the least features and quiet", test_start_up),
        SENTENCE("a batch takes one doorbell a direction, and comes back as it went", test_batches),
        SENTENCE("completion interrupts are asked for only while the virtualiser waits",
                 test_lazy_completion),
        SENTENCE("a full ring waits for the device", test_full_ring),
        SENTENCE("an id that was not given, or comes again, returns nothing", test_wrong_ids),
        SENTENCE("a frame of impossible length comes back empty", test_wrong_lengths),
        SENTENCE("a used index that jumps stops its own direction only", test_index_jump),
        SENTENCE("rings in used memory start clean", test_used_memory),
        SENTENCE("a device without the event index is served by flags", test_without_event_index),
        SENTENCE("a device that cannot be brought up is named and stops the driver",
                 test_no_device),
        SENTENCE("a lying device makes the driver return no buffer twice", test_random_device),
    };
    int wrong = mock_module(argc, argv);
    return wrong != 0 ? wrong : cmocka_run_group_tests_name("virtio", tests, NULL, NULL);
}
