/* SPDX-License-Identifier: BSD-2-Clause */
/* virtio-console behind the MMIO transport, its first port: VirtIO 1.2, sections 4.2 and 5.3. Run
 * by the serial driver; owns the registers, and the memory of the two virtqueues and their buffers.
 * The device is not trusted: an id that it does not hold, or a length above its buffer's, is
 * counted and dropped; one that claims more than it was given is believed no more.
 *
 * Buffer b of a queue has descriptor b, so that a chain's id is its buffer. */
#include "../device.h"

#include <sddf/mmio.h>
#include <stddef.h>
#include <virtio/mmio.h>
#include <virtio/virtqueue.h>

enum {
    CONSOLE_DEVICE_ID = 3, /* section 5.3.1 */
    RX_QUEUE = 0,          /* section 5.3.2: of port 0 */
    TX_QUEUE = 1,
    BUFFERS = 16, /* of a queue, and descriptors */
    BUFFER_BYTES = 256,
};

/* How the rings region is laid out, from its start. */
enum {
    RX_OFFSET = 0,
    TX_OFFSET = 1024,
    RX_BUFFERS_OFFSET = 4096,
    TX_BUFFERS_OFFSET = RX_BUFFERS_OFFSET + BUFFERS * BUFFER_BYTES,
    RINGS_BYTES = TX_BUFFERS_OFFSET + BUFFERS * BUFFER_BYTES
};

struct ring {
    struct virtqueue queue;
    volatile uint8_t *buffers;
    uint32_t held; /* by the device, a bit per buffer */
    bool broken;   /* claimed more than it was given */
};

static struct ring rx, tx;
static uintptr_t registers;
static uint64_t errors;

/* The buffer that is being read, or written. */
static uint32_t rx_buffer, rx_at, rx_count; /* rx_at == rx_count: none */
static uint32_t tx_buffer, tx_count;        /* tx_count 0: none */

static void ring_open(struct ring *ring, uintptr_t rings, uint64_t io, uint32_t offset,
                      uint32_t buffers_offset, bool event_index, uint16_t flags)
{
    virtqueue_open(&ring->queue, (void *)(rings + offset), BUFFERS, event_index);
    ring->buffers = (volatile uint8_t *)(rings + buffers_offset);
    ring->held = 0;
    ring->broken = false;
    for (uint32_t i = 0; i < BUFFERS; i++) {
        ring->queue.descriptors[i] =
            (struct virtq_desc){io + buffers_offset + i * BUFFER_BYTES, BUFFER_BYTES, flags, 0};
    }
    virtqueue_interrupt(&ring->queue, false);
}

static void ring_give(struct ring *ring, uint32_t buffer, uint32_t length)
{
    ring->queue.descriptors[buffer].length = length;
    ring->held |= 1U << buffer;
    virtqueue_offer(&ring->queue, (uint16_t)buffer);
}

/* Takes a buffer back that the device has used; false if there is none. */
static bool ring_take(struct ring *ring, uint32_t *buffer, uint32_t *length)
{
    while (!ring->broken) {
        uint32_t used = virtqueue_used_count(&ring->queue);
        if (used == 0) {
            return false;
        }
        if (used > BUFFERS) {
            ring->broken = true;
            errors++;
            return false;
        }
        *buffer = virtqueue_take(&ring->queue, length);
        if (*buffer < BUFFERS && (ring->held & 1U << *buffer) != 0) {
            ring->held &= ~(1U << *buffer);
            return true;
        }
        errors++;
        ring->broken = ring->held == 0; /* nothing is owed: whatever comes is a lie */
    }
    return false;
}

const char *serial_device_start(const struct serial_driver_config *config)
{
    uint64_t agreed = 0;
    registers = (uintptr_t)config->registers.address;
    if (config->rings.address == 0 || config->rings.size < RINGS_BYTES) {
        return "the rings region is smaller than 12 KiB";
    }
    const char *why = virtio_find(registers, CONSOLE_DEVICE_ID);
    if (why == NULL) { /* no feature of section 5.3.3: one port, no size, no emergency write */
        why = virtio_negotiate(registers, VIRTIO_F_VERSION_1,
                               VIRTIO_F_EVENT_IDX | VIRTIO_F_ACCESS_PLATFORM, &agreed);
    }
    if (why != NULL) {
        return why;
    }
    uintptr_t rings = (uintptr_t)config->rings.address;
    uint64_t io = config->rings.io_address;
    bool event_index = (agreed & VIRTIO_F_EVENT_IDX) != 0;
    ring_open(&rx, rings, io, RX_OFFSET, RX_BUFFERS_OFFSET, event_index, VIRTQ_DESC_F_WRITE);
    ring_open(&tx, rings, io, TX_OFFSET, TX_BUFFERS_OFFSET, event_index, 0);
    rx_at = rx_count = tx_count = 0;
    why = virtio_queue_start(registers, RX_QUEUE, &rx.queue, io + RX_OFFSET);
    if (why == NULL) {
        why = virtio_queue_start(registers, TX_QUEUE, &tx.queue, io + TX_OFFSET);
    }
    if (why == NULL) {
        virtio_start(registers);
        for (uint32_t i = 0; i < BUFFERS; i++) { /* section 5.3.4 */
            ring_give(&rx, i, BUFFER_BYTES);
        }
        serial_device_commit();
    }
    return why;
}

/* Section 4.2.2: bits read from InterruptStatus are written back to InterruptACK. */
void serial_device_irq_clear(void)
{
    mmio_write32(registers + VIRTIO_INTERRUPT_ACK,
                 mmio_read32(registers + VIRTIO_INTERRUPT_STATUS));
}

/* The next received buffer to read from; false if there is none. */
static bool rx_next(void)
{
    uint32_t length;
    if (!ring_take(&rx, &rx_buffer, &length)) {
        return false;
    }
    if (length > BUFFER_BYTES) {
        errors++;
        length = 0;
    }
    rx_at = 0;
    rx_count = length;
    if (length == 0) {
        ring_give(&rx, rx_buffer, BUFFER_BYTES);
    }
    return true;
}

uint32_t serial_device_receive(uint8_t *bytes, uint32_t count_max)
{
    uint32_t count = 0;
    for (uint32_t taken = 0; count < count_max && taken <= BUFFERS;) {
        if (rx_at == rx_count) {
            taken++; /* an end also to buffers without bytes */
            if (!rx_next()) {
                break;
            }
            continue;
        }
        bytes[count++] = rx.buffers[rx_buffer * BUFFER_BYTES + rx_at++];
        if (rx_at == rx_count) {
            ring_give(&rx, rx_buffer, BUFFER_BYTES);
        }
    }
    return count;
}

static void tx_give(void)
{
    if (tx_count != 0) {
        ring_give(&tx, tx_buffer, tx_count);
        tx_count = 0;
    }
}

/* A buffer to write to; false if the device holds all. */
static bool tx_next(void)
{
    uint32_t buffer, length;
    while (ring_take(&tx, &buffer, &length)) {
    }
    uint32_t free_buffers = ~tx.held & ((1U << BUFFERS) - 1);
    if (free_buffers == 0) {
        return false;
    }
    tx_buffer = (uint32_t)__builtin_ctz(free_buffers);
    return true;
}

uint32_t serial_device_send(const uint8_t *bytes, uint32_t count)
{
    uint32_t done = 0;
    while (done < count && (tx_count != 0 || tx_next())) {
        tx.buffers[tx_buffer * BUFFER_BYTES + tx_count++] = bytes[done++];
        if (tx_count == BUFFER_BYTES) {
            tx_give();
        }
    }
    return done;
}

void serial_device_commit(void)
{
    tx_give();
    if (virtqueue_publish(&rx.queue)) {
        mmio_doorbell32(registers + VIRTIO_QUEUE_NOTIFY, RX_QUEUE);
    }
    if (virtqueue_publish(&tx.queue)) {
        mmio_doorbell32(registers + VIRTIO_QUEUE_NOTIFY, TX_QUEUE);
    }
}

bool serial_device_wait(bool receive, bool send)
{
    bool idle = !receive || rx_at == rx_count;
    idle &= virtqueue_interrupt(&rx.queue, receive && !rx.broken);
    return virtqueue_interrupt(&tx.queue, send && !tx.broken) && idle;
}

uint64_t serial_device_errors(void)
{
    return errors;
}
