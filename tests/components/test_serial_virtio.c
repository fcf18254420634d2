/* SPDX-License-Identifier: BSD-2-Clause */
/* The virtio-console driver, shell and device together, against a device that the test plays:
 * VirtIO 1.2, sections 2.7, 4.2 and 5.3. The device lies where it can. */
#include "serial_peer.h"

#include <platform/mmio.h>
#include <virtio/mmio.h>

enum {
    CAPACITY = 64,
    BUFFERS = 16,
    BUFFER_BYTES = 256,
    IRQ_CHANNEL = 5,
    RX_CHANNEL = 10,
    TX_CHANNEL = 20,
    RINGS_SIZE = 16 * 1024,
    TEXT_MAX = 1 << 16,
    ROUNDS = 50000,
};
#define RINGS_IO  UINT64_C(0x40000000)
#define REGISTERS ((uintptr_t)0x0a001000)

static struct serial_driver_config *config;
static struct peer rx, tx;
static uint8_t *rings;
static char text[TEXT_MAX], shown[TEXT_MAX];

/* ---- The device ---- */

static struct {
    uint32_t id, status, queue_sel, doorbells;
    uint64_t address[2][3]; /* descriptors, available, used */
    uint16_t seen[2], done[2];
} device;

void mock_mmio_barrier(void)
{
}

uint64_t mock_mmio_read(uintptr_t address, unsigned size_bytes)
{
    assert_int_equal(size_bytes, 4);
    switch (address - REGISTERS) {
    case VIRTIO_MAGIC_VALUE:
        return VIRTIO_MAGIC;
    case VIRTIO_VERSION:
        return VIRTIO_MODERN;
    case VIRTIO_DEVICE_ID:
        return device.id;
    case VIRTIO_DEVICE_FEATURES:
        return UINT32_MAX; /* offers all; most must not be taken */
    case VIRTIO_QUEUE_NUM_MAX:
        return BUFFERS;
    case VIRTIO_STATUS:
        return device.status;
    default:
        return 0;
    }
}

void mock_mmio_write(uintptr_t address, unsigned size_bytes, uint64_t value)
{
    static const uintptr_t places[3] = {VIRTIO_QUEUE_DESC, VIRTIO_QUEUE_DRIVER,
                                        VIRTIO_QUEUE_DEVICE};
    uintptr_t at = address - REGISTERS;
    assert_int_equal(size_bytes, 4);
    if (at == VIRTIO_STATUS) {
        device.status = (uint32_t)value;
    } else if (at == VIRTIO_QUEUE_SEL) {
        assert_true(value < 2);
        device.queue_sel = (uint32_t)value;
    } else if (at == VIRTIO_QUEUE_NUM) {
        assert_int_equal(value, BUFFERS);
    } else if (at == VIRTIO_QUEUE_NOTIFY) {
        device.doorbells++;
    } else if (at == VIRTIO_DRIVER_FEATURES) {
        assert_int_equal(value & ~(VIRTIO_F_EVENT_IDX | 3), 0); /* of section 5.3.3 none */
    }
    for (uint32_t i = 0; i < 3; i++) {
        if (at == places[i]) {
            device.address[device.queue_sel][i] = value;
        }
    }
}

static void *dma(uint64_t io_address, size_t size)
{
    assert_true(io_address >= RINGS_IO && io_address - RINGS_IO + size <= RINGS_SIZE);
    return rings + (io_address - RINGS_IO);
}

static struct virtq_used *used_ring(uint32_t queue)
{
    return dma(device.address[queue][2], 6 + 8 * BUFFERS);
}

/* The next buffer that was offered; false if there is none. */
static bool device_next(uint32_t queue, uint32_t *id, struct virtq_desc *buffer)
{
    const struct virtq_available *ring = dma(device.address[queue][1], 6 + 2 * BUFFERS);
    const struct virtq_desc *table = dma(device.address[queue][0], 16 * BUFFERS);
    if (device.seen[queue] == atomic_load16_acquire(&ring->index)) {
        return false;
    }
    *id = atomic_load16_relaxed(&ring->ring[device.seen[queue]++ % BUFFERS]);
    assert_true(*id < BUFFERS);
    *buffer = table[*id];
    assert_int_equal(buffer->flags, queue == 0 ? VIRTQ_DESC_F_WRITE : 0);
    assert_true(buffer->length != 0 && buffer->length <= BUFFER_BYTES);
    (void)dma(buffer->address, buffer->length);
    return true;
}

static void device_use(uint32_t queue, uint32_t id, uint32_t length)
{
    struct virtq_used *ring = used_ring(queue);
    struct virtq_used_element *element = &ring->ring[device.done[queue] % BUFFERS];
    atomic_store_relaxed(&element->id, id);
    atomic_store_relaxed(&element->length, length);
    atomic_store16_release(&ring->index, ++device.done[queue]);
}

/* ---- The bench ---- */

static void configure(void)
{
    memset(&device, 0, sizeof(device));
    device.id = 3;
    config = mock_memory(sizeof(*config));
    text_header(&config->header, CONFIG_SERIAL_DRIVER, sizeof(*config));
    rings = mock_memory(RINGS_SIZE);
    config->registers = (struct config_region){REGISTERS, 0, 512};
    config->rings = (struct config_region){(uintptr_t)rings, RINGS_IO, RINGS_SIZE};
    config->irq_channel = IRQ_CHANNEL;
    text_peer(&rx, &config->rx, CAPACITY, RX_CHANNEL);
    text_peer(&tx, &config->tx, CAPACITY, TX_CHANNEL);
    mock_configure(config, sizeof(*config));
}

static void start(void)
{
    configure();
    mock_init();
    peer_start(&rx);
    peer_start(&tx);
}

/* The line's other end types; false if the device has no buffer. */
static bool device_types(const char *keys)
{
    uint32_t id;
    struct virtq_desc buffer;
    if (!device_next(0, &id, &buffer)) {
        return false;
    }
    memcpy(dma(buffer.address, strlen(keys)), keys, strlen(keys));
    device_use(0, id, (uint32_t)strlen(keys));
    return true;
}

/* Takes one buffer of what is printed. */
static bool device_shows(void)
{
    uint32_t id;
    struct virtq_desc buffer;
    if (!device_next(1, &id, &buffer)) {
        return false;
    }
    assert_true(strlen(shown) + buffer.length < TEXT_MAX);
    strncat(shown, dma(buffer.address, buffer.length), buffer.length);
    device_use(1, id, 0);
    return true;
}

static void test_both_ways(void **state)
{
    (void)state;
    start();
    shown[0] = text[0] = '\0';
    assert_int_equal(device.status, 15);
    assert_true(device_types("typed") && device_types(" by somebody"));
    mock_enter(IRQ_CHANNEL);
    text_take(&rx, text, sizeof(text), UINT32_MAX);
    assert_string_equal(text, "typed by somebody");
    uint32_t before = device.doorbells;
    (void)text_put(&tx, "printed by somebody, in one buffer");
    mock_enter(TX_CHANNEL);
    assert_int_equal(device.doorbells, before + 1);
    assert_true(device_shows() && !device_shows());
    assert_string_equal(shown, "printed by somebody, in one buffer");
    assert_int_equal(mock_counter("device_errors"), 0);
}

/* In any order, with full queues on both sides. */
static void test_traffic(void **state)
{
    uint32_t typed = 0, read = 0, printed = 0;
    char word[16];
    (void)state;
    start();
    shown[0] = text[0] = '\0';
    for (uint32_t i = 0; i < ROUNDS || read < typed; i++) {
        (void)snprintf(word, sizeof(word), "%07u", typed % 10000000);
        if (i < ROUNDS && random_below(2) == 0 && device_types(word)) {
            typed++;
        }
        (void)snprintf(word, sizeof(word), "%07u", printed % 10000000);
        if (i < ROUNDS && strlen(shown) < TEXT_MAX - 1000 && random_below(2) == 0 &&
            queue_space(&tx.c, 1) != 0) {
            (void)text_put(&tx, word);
            printed++;
        }
        if (random_below(4) == 0) {
            (void)device_shows();
        }
        mock_enter(random_below(2) == 0 ? IRQ_CHANNEL : TX_CHANNEL);
        text[0] = '\0';
        text_take(&rx, text, sizeof(text), random_below(10));
        for (uint32_t at = 0; text[at] != '\0'; at += 7, read++) {
            (void)snprintf(word, sizeof(word), "%07u", read % 10000000);
            assert_memory_equal(text + at, word, 7);
        }
    }
    for (uint32_t i = 0; i < 1000; i++) {
        (void)device_shows();
        mock_enter(IRQ_CHANNEL);
    }
    assert_int_equal(strlen(shown), 7 * printed);
    for (uint32_t at = 0; at < printed; at++) {
        (void)snprintf(word, sizeof(word), "%07u", at);
        assert_memory_equal(shown + 7 * (size_t)at, word, 7);
    }
    assert_true(typed > 1000 && printed > 1000);
}

static void test_lies(void **state)
{
    uint32_t id;
    struct virtq_desc buffer;
    (void)state;
    start();
    text[0] = '\0';
    assert_true(device_next(0, &id, &buffer));
    device_use(0, id, BUFFER_BYTES + 1); /* longer than its buffer */
    device_use(0, id + 1 == BUFFERS ? 0 : BUFFERS + 7, 4);
    mock_enter(IRQ_CHANNEL);
    text_take(&rx, text, sizeof(text), UINT32_MAX);
    assert_int_equal(mock_counter("device_errors"), 2);
    assert_true(strlen(text) <= 4);
    device_use(1, 3, 0); /* of nothing that it was given */
    (void)text_put(&tx, "goes on");
    mock_enter(TX_CHANNEL);
    shown[0] = '\0';
    assert_true(device_shows());
    assert_string_equal(shown, "goes on");
    atomic_store16_release(&used_ring(0)->index, 1000); /* more than there are */
    mock_enter(IRQ_CHANNEL);
    mock_enter(IRQ_CHANNEL);
    assert_int_equal(mock_counter("device_errors"), 4); /* once, and believed no more */
}

static void test_random_lies(void **state)
{
    (void)state;
    start();
    for (uint32_t i = 0; i < ROUNDS; i++) {
        uint32_t queue = random_below(2);
        if (random_below(50) == 0) {
            atomic_store16_release(&used_ring(queue)->index, (uint16_t)random64());
        } else {
            device_use(queue, random_below(BUFFERS + 2), (uint32_t)random64() >> random_below(32));
        }
        if (queue_space(&tx.c, 1) != 0) {
            (void)text_put(&tx, "x");
        }
        mock_enter(IRQ_CHANNEL);
        text[0] = '\0';
        text_take(&rx, text, sizeof(text), UINT32_MAX);
        if (i % 1000 == 0) { /* and from the start, with other numbers */
            (void)mock_end(NULL);
            assert_int_equal(mock_start(NULL), 0);
            for (uint32_t skip = 0; skip < i; skip += 100) {
                (void)random64();
            }
            start();
        }
    }
}

static void test_configuration(void **state)
{
    (void)state;
    configure();
    device.id = 1;
    assert_true(mock_init_refused("of another kind"));
    device.id = 3;
    config->rings.size = 4096;
    assert_true(mock_init_refused("rings region is smaller"));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SENTENCE("bytes go both ways, what is printed at once in one buffer", test_both_ways),
        SENTENCE("nothing is lost or changes its order when queues are full", test_traffic),
        SENTENCE("what the device never held, and lengths above a buffer's, are counted",
                 test_lies),
        SENTENCE("a device that lies at random does not get out of its rings", test_random_lies),
        SENTENCE("a device of another kind is named", test_configuration),
    };
    if (mock_module(argc, argv) != 0) {
        return 2;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
