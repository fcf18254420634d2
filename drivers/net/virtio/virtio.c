/* SPDX-License-Identifier: BSD-2-Clause */
/* virtio-net behind the MMIO transport: VirtIO 1.2, sections 4.2 and 5.1. The shell (drivers/net)
 * calls it; it owns the registers and the two virtqueues. The device is not trusted: ids and
 * lengths that it returns are checked against a table of what it was given.
 *
 * A frame is a chain of two descriptors: the header that VirtIO wants before each frame, which lies
 * in this driver's own memory, and the buffer, which the driver never sees. Slot s of a queue has
 * the descriptors s, so that a chain's id is its slot, and SLOTS + s; only the second changes after
 * start-up. No offload is negotiated, so one header, all zero, serves every frame sent, and those
 * of received frames are not read. */
#include "device.h"

#include <sddf/mmio.h>
#include <virtio/mmio.h>
#include <virtio/virtqueue.h>

enum {
    NET_DEVICE_ID = 1, /* section 5.1 */
    RX_QUEUE = 0,      /* section 5.1.2 */
    TX_QUEUE = 1,
    HEADER_BYTES = 12,     /* section 5.1.6: struct virtio_net_hdr with VIRTIO_F_VERSION_1 */
    SLOTS = 256,           /* frames per queue */
    QUEUE_SIZE = 2 * SLOTS /* descriptors per queue */
};

/* How the rings region is laid out, from its start. */
enum {
    RX_OFFSET = 0,
    TX_OFFSET = 16 * 1024,
    RX_HEADER_OFFSET = 32 * 1024,
    TX_HEADER_OFFSET = 32 * 1024 + 64,
    RINGS_BYTES = 32 * 1024 + 128
};

/* Beside the next free slot. No buffer is so long; its address may be anything, so it says nothing.
 */
#define SLOT_FREE (1ULL << 63)

/* What the device holds in a slot; or nothing, and the slot is in the list of free ones. */
struct slot {
    uint64_t address;        /* of the buffer */
    uint64_t length_or_next; /* of the buffer, in bytes; or the next free slot, and SLOT_FREE */
};

/* One direction. What the device holds is what it was offered less what was seen to come back. */
struct ring {
    struct slot slots[SLOTS];
    struct virtqueue queue;
    uint32_t free;  /* the first free slot, if there is room */
    uint32_t wrong; /* seen to come back, but not believed */
    bool broken; /* the device claimed more than it was given; nothing of it is believed any more */
};

static struct ring rx, tx;
static uintptr_t registers;
static uint64_t errors;

static void ring_open(struct ring *ring, uintptr_t memory, uint64_t header_io, bool event_index,
                      uint16_t write_flag)
{
    virtqueue_open(&ring->queue, (void *)memory, QUEUE_SIZE, event_index);
    for (uint32_t slot = 0; slot < SLOTS; slot++) {
        struct virtq_desc *header = &ring->queue.descriptors[slot];
        header[0] =
            (struct virtq_desc){header_io, HEADER_BYTES, (uint16_t)(VIRTQ_DESC_F_NEXT | write_flag),
                                (uint16_t)(SLOTS + slot)};
        header[SLOTS] = (struct virtq_desc){0, 0, write_flag, 0};
        ring->slots[slot] = (struct slot){0, SLOT_FREE | (slot + 1)};
    }
    ring->free = ring->wrong = 0;
    virtqueue_interrupt(&ring->queue, false);
}

static inline uint32_t ring_held(const struct ring *ring)
{
    return ring->queue.offered - (ring->queue.seen - ring->wrong);
}

/* These two loops run on copies of what they change: the compiler keeps those in registers. */
static inline __attribute__((always_inline)) struct net_traffic
ring_provide(struct ring *ring, struct connection *from, uint32_t count)
{
    struct net_traffic moved = {count, 0};
    struct virtqueue queue = ring->queue;
    struct connection c = *from;
    uint32_t slot = ring->free;
    for (uint32_t i = 0; i < count; i++) {
        struct net_desc buffer = net_get_one(&c);
        struct slot *held = pair_at(&ring->slots[slot]);
        uint32_t next = (uint32_t)held->length_or_next;
        struct virtq_desc *data = pair_at(&queue.descriptors[SLOTS + slot]);
        data->address = buffer.address;
        data->length = buffer.length;
        *held = (struct slot){buffer.address, buffer.length};
        virtqueue_offer(&queue, (uint16_t)slot);
        moved.bytes += buffer.length;
        slot = next;
    }
    ring->free = slot;
    ring->queue.offered = queue.offered;
    from->head = c.head;
    return moved;
}

static __attribute__((cold, noinline)) uint32_t ring_break(struct ring *ring)
{
    errors += !ring->broken;
    ring->broken = true;
    return 0;
}

static inline uint32_t ring_done(struct ring *ring)
{
    uint32_t used = virtqueue_used_count(&ring->queue);
    bool believed = used <= ring_held(ring) && !ring->broken;
    return __builtin_expect(used == 0 || believed, 1) ? used : ring_break(ring);
}

/* An id that was not given, or given back already, is the device's error. So is the length of a
 * received frame that is shorter than the header before it, which it counts (section 5.1.6.4), or
 * longer than its buffer: that comes back empty. */
static inline __attribute__((always_inline)) struct net_traffic
ring_return(struct ring *ring, struct connection *to, uint32_t count, bool received)
{
    struct virtqueue queue = ring->queue;
    struct connection c = *to;
    uint32_t free = ring->free, wrong = 0, wrong_lengths = 0;
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t written;
        uint32_t slot = virtqueue_take(&queue, &written);
        struct slot *held = pair_at(&ring->slots[slot % SLOTS]);
        uint64_t address = held->address, length = held->length_or_next;
        if (slot >= SLOTS || (length & SLOT_FREE) != 0) {
            wrong++;
            continue;
        }
        if (received) {
            uint64_t frame = written - (uint64_t)HEADER_BYTES; /* one too short is one too long */
            if (__builtin_expect(frame > length, 0)) {
                wrong_lengths++;
                frame = 0;
            }
            length = frame;
        }
        net_put_one(&c, (struct net_desc){.address = address, .length = (uint16_t)length});
        held->length_or_next = SLOT_FREE | free;
        free = slot;
        bytes += length;
    }
    struct net_traffic moved = {c.tail - to->tail, bytes};
    ring->free = free;
    ring->wrong += wrong;
    ring->queue.seen = queue.seen;
    to->tail = c.tail;
    errors += wrong + wrong_lengths;
    return moved;
}

const char *net_device_start(const struct net_driver_config *config)
{
    uint64_t agreed = 0;
    registers = (uintptr_t)config->registers.address;
    if (config->rings.size < RINGS_BYTES) {
        return "the rings region is smaller than 33 KiB";
    }
    const char *why = virtio_find(registers, NET_DEVICE_ID);
    if (why == NULL) { /* ACCESS_PLATFORM: our addresses are I/O addresses, so we can promise it */
        why = virtio_negotiate(registers, VIRTIO_F_VERSION_1,
                               VIRTIO_F_EVENT_IDX | VIRTIO_F_ACCESS_PLATFORM, &agreed);
    }
    if (why != NULL) {
        return why;
    }
    uintptr_t rings = (uintptr_t)config->rings.address;
    uint64_t io = config->rings.io_address;
    bool event_index = (agreed & VIRTIO_F_EVENT_IDX) != 0;
    ring_open(&rx, rings + RX_OFFSET, io + RX_HEADER_OFFSET, event_index, VIRTQ_DESC_F_WRITE);
    ring_open(&tx, rings + TX_OFFSET, io + TX_HEADER_OFFSET, event_index, 0);
    for (uint32_t i = 0; i < HEADER_BYTES; i++) {
        ((uint8_t *)(rings + TX_HEADER_OFFSET))[i] = 0;
    }
    why = virtio_queue_start(registers, RX_QUEUE, &rx.queue, io + RX_OFFSET);
    if (why == NULL) {
        why = virtio_queue_start(registers, TX_QUEUE, &tx.queue, io + TX_OFFSET);
    }
    if (why == NULL) {
        virtio_start(registers);
    }
    return why;
}

/* Section 4.2.2: bits read from InterruptStatus are written back to InterruptACK. */
void net_device_irq_clear(void)
{
    mmio_write32(registers + VIRTIO_INTERRUPT_ACK,
                 mmio_read32(registers + VIRTIO_INTERRUPT_STATUS));
}

uint32_t net_device_rx_room(void)
{
    return SLOTS - ring_held(&rx);
}

uint32_t net_device_rx_held(void)
{
    return ring_held(&rx);
}

void net_device_rx_provide(struct connection *from, uint32_t count)
{
    (void)ring_provide(&rx, from, count);
}

uint32_t net_device_rx_done(void)
{
    return ring_done(&rx);
}

struct net_traffic net_device_rx_return(struct connection *to, uint32_t count)
{
    return ring_return(&rx, to, count, true);
}

uint32_t net_device_tx_room(void)
{
    return SLOTS - ring_held(&tx);
}

struct net_traffic net_device_tx_provide(struct connection *from, uint32_t count)
{
    return ring_provide(&tx, from, count);
}

uint32_t net_device_tx_done(void)
{
    return ring_done(&tx);
}

void net_device_tx_return(struct connection *to, uint32_t count)
{
    (void)ring_return(&tx, to, count, false);
}

void net_device_rx_commit(void)
{
    if (virtqueue_publish(&rx.queue)) {
        mmio_doorbell32(registers + VIRTIO_QUEUE_NOTIFY, RX_QUEUE);
    }
}

void net_device_tx_commit(void)
{
    if (virtqueue_publish(&tx.queue)) {
        mmio_doorbell32(registers + VIRTIO_QUEUE_NOTIFY, TX_QUEUE);
    }
}

bool net_device_rx_wait(bool wanted)
{
    return virtqueue_interrupt(&rx.queue, wanted && !rx.broken);
}

bool net_device_tx_wait(bool wanted)
{
    return virtqueue_interrupt(&tx.queue, wanted && !tx.broken);
}

uint64_t net_device_errors(void)
{
    return errors;
}
