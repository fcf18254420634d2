/* SPDX-License-Identifier: BSD-2-Clause */
/* The device's side of a split virtqueue, VirtIO 1.2 section 2.7. The driver owns the descriptors
 * and the available ring and is hostile: each field is read once, each address translated, each
 * chain bounded by the queue's size.
 *
 *     descriptor table   16 bytes x size        driver writes
 *     available ring     6 + 2 x size bytes     driver writes; ends with used_event
 *     used ring          6 + 8 x size bytes     device writes; ends with avail_event
 */
#ifndef LINUX_DEVICE_VIRTQ_H
#define LINUX_DEVICE_VIRTQ_H

#include "dma.h"

#include <stdbool.h>
#include <stdint.h>

enum { VIRTQ_SIZE_MAX = 1024 };

enum virtq_result {
    VIRTQ_CHAIN,
    VIRTQ_EMPTY,
    /* The rest are the driver's errors; the queue must not be used again before a reset. */
    VIRTQ_BAD_SIZE,     /* queue size: not a power of two, or 0 */
    VIRTQ_BAD_RING,     /* address of a ring: misaligned or outside of the DMA regions */
    VIRTQ_BAD_AVAIL,    /* available index ahead by more than the queue's size */
    VIRTQ_BAD_INDEX,    /* descriptor number beyond the table */
    VIRTQ_BAD_LOOP,     /* chain longer than the table */
    VIRTQ_BAD_INDIRECT, /* an indirect table, which was not negotiated */
    VIRTQ_BAD_ADDRESS,  /* buffer outside of the DMA regions */
};

struct virtq {
    uint64_t descriptors, driver, device; /* I/O addresses, as the driver wrote them */
    uint32_t size;
    bool ready;
    bool event_idx; /* VIRTIO_F_EVENT_IDX was negotiated */
    bool armed;     /* the driver was asked to notify */

    const uint64_t *descriptor_words;
    const uint16_t *available;
    uint16_t *used;
    uint16_t available_next; /* index of the next chain to take */
    uint16_t used_next;      /* index of the next used element */
    uint16_t used_published; /* what the driver was told of it */
};

struct virtq_segment {
    uint8_t *data;
    uint32_t size; /* bytes, not 0 */
};

struct virtq_chain {
    uint16_t head;
    bool disordered;                       /* a readable segment behind a writable one */
    uint32_t readable, writable;           /* number of segments; readable ones come first */
    uint64_t readable_size, writable_size; /* bytes */
    uint64_t bad_address;                  /* what VIRTQ_BAD_ADDRESS found */
    struct virtq_segment segments[VIRTQ_SIZE_MAX];
};

/* Text for a driver's error. */
const char *virtq_error(enum virtq_result result);

/* Starts the queue from size and addresses; VIRTQ_EMPTY when all is well. The DMA map must outlive
 * it. */
enum virtq_result virtq_start(struct virtq *queue, const struct dma_map *dma);

/* Looks at the next chain without taking it. */
enum virtq_result virtq_next(const struct virtq *queue, const struct dma_map *dma,
                             struct virtq_chain *chain);
/* Takes that chain and returns it to the driver with `written` bytes; not yet published. */
void virtq_complete(struct virtq *queue, const struct virtq_chain *chain, uint32_t written);
/* Publishes what was completed since last time; true when the driver wants an interrupt for it. */
bool virtq_publish(struct virtq *queue);

/* Asks the driver to notify when it adds a chain; false when there is one already. */
bool virtq_arm(struct virtq *queue);
/* Tells the driver that no notification is needed. */
void virtq_disarm(struct virtq *queue);

#endif
