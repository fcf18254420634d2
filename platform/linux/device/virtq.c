/* SPDX-License-Identifier: BSD-2-Clause */
/* See virtq.h. Section numbers are those of VirtIO 1.2. */
#include "virtq.h"

#include <assert.h>
#include <linux/virtio_ring.h>
#include <stddef.h>

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "VirtIO's words are little-endian");

/* Words of the available ring (2.7.6) and the used ring (2.7.8): flags, index, then the ring. */
enum { RING_FLAGS = 0, RING_INDEX = 1, RING_ENTRIES = 2, USED_ELEMENT_WORDS = 4 };

const char *virtq_error(enum virtq_result result)
{
    switch (result) {
    case VIRTQ_BAD_SIZE:
        return "queue size is not a power of two from 1 to the maximum";
    case VIRTQ_BAD_RING:
        return "ring is misaligned or outside of the device's DMA regions";
    case VIRTQ_BAD_AVAIL:
        return "available index is ahead by more than the queue size";
    case VIRTQ_BAD_INDEX:
        return "descriptor number is beyond the queue size";
    case VIRTQ_BAD_LOOP:
        return "descriptor chain is longer than the queue size";
    case VIRTQ_BAD_INDIRECT:
        return "indirect descriptor, which was not negotiated";
    case VIRTQ_BAD_ADDRESS:
        return "buffer is outside of the device's DMA regions";
    default:
        return "no error";
    }
}

enum virtq_result virtq_start(struct virtq *queue, const struct dma_map *dma)
{
    uint32_t size = queue->size;
    if (size == 0 || size > VIRTQ_SIZE_MAX || (size & (size - 1)) != 0) {
        return VIRTQ_BAD_SIZE;
    }
    uint8_t *descriptors = dma_translate(dma, queue->descriptors, UINT64_C(16) * size);
    uint8_t *driver = dma_translate(dma, queue->driver, 6 + UINT64_C(2) * size);
    uint8_t *device = dma_translate(dma, queue->device, 6 + UINT64_C(8) * size);
    if (descriptors == NULL || driver == NULL || device == NULL || queue->descriptors % 16 != 0 ||
        queue->driver % 2 != 0 || queue->device % 4 != 0) {
        return VIRTQ_BAD_RING;
    }
    queue->descriptor_words = (const uint64_t *)(const void *)descriptors;
    queue->available = (const uint16_t *)(const void *)driver;
    queue->used = (uint16_t *)(void *)device;
    queue->available_next = 0;
    queue->used_next = 0;
    queue->used_published = 0;
    queue->armed = true; /* as the driver's zeroed rings say */
    queue->ready = true;
    return VIRTQ_EMPTY;
}

/* One descriptor (2.7.5), each word read once: {address} {length, flags, next}. */
struct descriptor {
    uint64_t address;
    uint32_t length;
    uint16_t flags, next;
};

static struct descriptor read_descriptor(const struct virtq *queue, uint32_t number)
{
    const uint64_t *words = &queue->descriptor_words[2 * (size_t)number];
    uint64_t rest = __atomic_load_n(&words[1], __ATOMIC_RELAXED);
    return (struct descriptor){
        .address = __atomic_load_n(&words[0], __ATOMIC_RELAXED),
        .length = (uint32_t)rest,
        .flags = (uint16_t)(rest >> 32),
        .next = (uint16_t)(rest >> 48),
    };
}

static bool add_segment(const struct dma_map *dma, const struct descriptor *descriptor,
                        struct virtq_chain *chain)
{
    bool writable = (descriptor->flags & VRING_DESC_F_WRITE) != 0;
    chain->disordered |= !writable && chain->writable != 0;
    if (descriptor->length == 0) {
        return true; /* nothing is reached, whatever the address */
    }
    uint8_t *data = dma_translate(dma, descriptor->address, descriptor->length);
    if (data == NULL) {
        chain->bad_address = descriptor->address;
        return false;
    }
    chain->segments[chain->readable + chain->writable] =
        (struct virtq_segment){data, descriptor->length};
    chain->readable += !writable;
    chain->writable += writable;
    *(writable ? &chain->writable_size : &chain->readable_size) += descriptor->length;
    return true;
}

enum virtq_result virtq_next(const struct virtq *queue, const struct dma_map *dma,
                             struct virtq_chain *chain)
{
    /* Acquire pairs with the driver's release: entry and descriptors are visible with the index. */
    uint16_t index = __atomic_load_n(&queue->available[RING_INDEX], __ATOMIC_ACQUIRE);
    uint16_t ahead = (uint16_t)(index - queue->available_next);
    if (ahead == 0) {
        return VIRTQ_EMPTY;
    }
    if (ahead > queue->size) {
        return VIRTQ_BAD_AVAIL;
    }
    uint32_t slot = queue->available_next & (queue->size - 1);
    uint16_t number = __atomic_load_n(&queue->available[RING_ENTRIES + slot], __ATOMIC_RELAXED);
    chain->head = number;
    chain->disordered = false;
    chain->readable = chain->writable = 0;
    chain->readable_size = chain->writable_size = 0;
    for (uint32_t i = 0; i < queue->size; i++) {
        if (number >= queue->size) {
            return VIRTQ_BAD_INDEX;
        }
        struct descriptor descriptor = read_descriptor(queue, number);
        if ((descriptor.flags & VRING_DESC_F_INDIRECT) != 0) {
            return VIRTQ_BAD_INDIRECT;
        }
        if (!add_segment(dma, &descriptor, chain)) {
            return VIRTQ_BAD_ADDRESS;
        }
        if ((descriptor.flags & VRING_DESC_F_NEXT) == 0) {
            return VIRTQ_CHAIN;
        }
        number = descriptor.next;
    }
    return VIRTQ_BAD_LOOP;
}

void virtq_complete(struct virtq *queue, const struct virtq_chain *chain, uint32_t written)
{
    uint32_t slot = queue->used_next & (queue->size - 1);
    uint16_t *words = &queue->used[RING_ENTRIES + USED_ELEMENT_WORDS * (size_t)slot];
    uint32_t *element = (uint32_t *)(void *)words;
    __atomic_store_n(&element[0], chain->head, __ATOMIC_RELAXED);
    __atomic_store_n(&element[1], written, __ATOMIC_RELAXED);
    queue->used_next++;
    queue->available_next++;
}

bool virtq_publish(struct virtq *queue)
{
    uint16_t old = queue->used_published, new = queue->used_next;
    if (old == new) {
        return false;
    }
    __atomic_store_n(&queue->used[RING_INDEX], new, __ATOMIC_RELEASE);
    queue->used_published = new;
    /* Pairs with the driver's fence between storing used_event and looking at the index again. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (!queue->event_idx) {
        uint16_t flags = __atomic_load_n(&queue->available[RING_FLAGS], __ATOMIC_RELAXED);
        return (flags & VRING_AVAIL_F_NO_INTERRUPT) == 0;
    }
    uint16_t event =
        __atomic_load_n(&queue->available[RING_ENTRIES + queue->size], __ATOMIC_RELAXED);
    return (uint16_t)(new - event - 1) < (uint16_t)(new - old); /* 2.7.10: event was passed */
}

bool virtq_arm(struct virtq *queue)
{
    if (queue->event_idx) {
        uint16_t *event = &queue->used[RING_ENTRIES + USED_ELEMENT_WORDS * (size_t)queue->size];
        __atomic_store_n(event, queue->available_next, __ATOMIC_RELAXED);
    } else {
        __atomic_store_n(&queue->used[RING_FLAGS], 0, __ATOMIC_RELAXED);
    }
    queue->armed = true;
    /* Pairs with the driver's fence between its index and its look at avail_event or flags. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return __atomic_load_n(&queue->available[RING_INDEX], __ATOMIC_ACQUIRE) ==
           queue->available_next;
}

void virtq_disarm(struct virtq *queue)
{
    /* With event indices an avail_event that was passed is enough. */
    if (queue->armed && !queue->event_idx) {
        __atomic_store_n(&queue->used[RING_FLAGS], VRING_USED_F_NO_NOTIFY, __ATOMIC_RELAXED);
    }
    queue->armed = false;
}
