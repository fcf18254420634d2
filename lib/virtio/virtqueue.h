/* SPDX-License-Identifier: BSD-2-Clause */
/* A split virtqueue, the driver's side: VirtIO 1.2, section 2.7. One region of memory holds, in
 * this order,
 *
 *     descriptor table | available ring, used_event | pad to 4 | used ring, avail_event
 *     16 * size        | 6 + 2 * size               |          | 6 + 8 * size            bytes
 *
 * The driver writes the first two, the device the third. The device is not trusted: what it says is
 * read once; ids come back to the caller, who checks them against what it gave. */
#ifndef VIRTIO_VIRTQUEUE_H
#define VIRTIO_VIRTQUEUE_H

#include <sddf/atomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { /* section 2.7.5 */
       VIRTQ_DESC_F_NEXT = 1,
       VIRTQ_DESC_F_WRITE = 2,
       VIRTQ_AVAIL_F_NO_INTERRUPT = 1, /* section 2.7.6 */
       VIRTQ_USED_F_NO_NOTIFY = 1,     /* section 2.7.8 */
};

struct virtq_desc {
    uint64_t address; /* I/O address */
    uint32_t length;  /* bytes */
    uint16_t flags;
    uint16_t next;
};

struct virtq_available {
    shared_u16 flags;
    shared_u16 index;
    shared_u16 ring[]; /* `size` heads of chains, then used_event */
};

struct virtq_used_element {
    shared_u32 id;     /* head of the chain */
    shared_u32 length; /* bytes written by the device */
};

struct virtq_used {
    shared_u16 flags;
    shared_u16 index;
    struct virtq_used_element ring[]; /* `size` of them, then avail_event */
};

_Static_assert(sizeof(struct virtq_desc) == 16, "VirtIO 1.2, section 2.7.5");
_Static_assert(sizeof(struct virtq_used_element) == 8, "VirtIO 1.2, section 2.7.8");

struct virtqueue {
    uint32_t mask; /* descriptors, a power of two, less one */
    uint32_t
        offered; /* chains put into the available ring; on the ring, these three are mod 2^16 */
    uint32_t published; /* of these, shown to the device */
    uint32_t seen;      /* chains taken from the used ring */
    bool event_index;
    struct virtq_desc *descriptors;
    struct virtq_available *available;
    struct virtq_used *used;
    shared_u16 *used_event;        /* when the device shall interrupt */
    const shared_u16 *avail_event; /* when it wants a doorbell */
};

static inline size_t virtqueue_available_offset(uint16_t size)
{
    return sizeof(struct virtq_desc) * size;
}

static inline size_t virtqueue_used_offset(uint16_t size)
{
    size_t end = virtqueue_available_offset(size) + 6 + sizeof(uint16_t) * size;
    return (end + 3) & ~(size_t)3;
}

/* Bytes that a queue of `size` descriptors takes. */
static inline size_t virtqueue_bytes(uint16_t size)
{
    return virtqueue_used_offset(size) + 6 + sizeof(struct virtq_used_element) * size;
}

/* Lays the queue out in `memory` (aligned to 16, zeroed in the parts that the driver writes). */
static inline void virtqueue_open(struct virtqueue *queue, void *memory, uint16_t size,
                                  bool event_index)
{
    char *base = memory;
    *queue = (struct virtqueue){
        .mask = size - 1U,
        .event_index = event_index,
        .descriptors = memory,
        .available = (void *)(base + virtqueue_available_offset(size)),
        .used = (void *)(base + virtqueue_used_offset(size)),
    };
    queue->used_event = &queue->available->ring[size];
    queue->avail_event = (const shared_u16 *)&queue->used->ring[size];
    atomic_store16_relaxed(&queue->available->flags, 0);
    atomic_store16_relaxed(&queue->available->index, 0);
    atomic_store16_relaxed(&queue->used->flags, 0);
    atomic_store16_relaxed(&queue->used->index, 0);
    atomic_store16_relaxed((shared_u16 *)&queue->used->ring[size], 0); /* avail_event */
}

static inline void virtqueue_offer(struct virtqueue *queue, uint16_t head)
{
    shared_write16(&queue->available->ring[queue->offered++ & queue->mask], head);
}

/* Shows the device what was offered (section 2.7.13.3). Returns true if it wants a doorbell
 * (section 2.7.13.4.1; with VIRTIO_F_EVENT_IDX, section 2.7.10). */
static inline bool virtqueue_publish(struct virtqueue *queue)
{
    uint32_t offered = queue->offered, fresh = offered - queue->published;
    if (fresh == 0) {
        return false;
    }
    queue->published = offered;
    atomic_store16_release(&queue->available->index, (uint16_t)offered);
    atomic_fence_seq_cst(); /* the index before the device's wish; pairs with the device's own */
    if (!queue->event_index) {
        return (atomic_load16_relaxed(&queue->used->flags) & VIRTQ_USED_F_NO_NOTIFY) == 0;
    }
    return (uint16_t)(offered - atomic_load16_relaxed(queue->avail_event) - 1) < fresh;
}

/* Chains that the device has used and that were not taken yet; more than the queue has descriptors
 * is a device's lie, and the caller's to judge. */
static inline uint32_t virtqueue_used_count(const struct virtqueue *queue)
{
    return (uint16_t)(atomic_load16_acquire(&queue->used->index) - queue->seen);
}

/* Takes the next used chain; only after virtqueue_used_count() said that there is one. */
static inline uint32_t virtqueue_take(struct virtqueue *queue, uint32_t *length)
{
    const struct virtq_used_element *element = &queue->used->ring[queue->seen++ & queue->mask];
    *length = shared_read32(&element->length);
    return shared_read32(&element->id);
}

/* Asks for an interrupt at the next used chain, or for none. Returns true if nothing has come
 * meanwhile: the caller may wait. */
static inline bool virtqueue_interrupt(struct virtqueue *queue, bool wanted)
{
    /* With the event index, "none" is an event that lies behind us; it comes after 2^16 chains. */
    uint32_t seen = queue->seen;
    atomic_store16_relaxed(queue->used_event, (uint16_t)(wanted ? seen : seen - 1));
    if (!queue->event_index) {
        atomic_store16_relaxed(&queue->available->flags, wanted ? 0 : VIRTQ_AVAIL_F_NO_INTERRUPT);
    }
    if (!wanted) {
        return true;
    }
    atomic_fence_seq_cst(); /* the wish before the look; pairs with the device's own */
    return virtqueue_used_count(queue) == 0;
}

#endif
