/* SPDX-License-Identifier: BSD-2-Clause */
/* A tiny virtio-net driver for tests: it can build any ring, right or wrong. Rings and buffers lie
 * in one DMA region; registers are reached through two functions that the test gives. */
#ifndef TESTS_DEVICE_DRIVER_H
#define TESTS_DEVICE_DRIVER_H

#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    DRIVER_MEMORY_SIZE = 1 << 20,
    DRIVER_BUFFERS = 0x40000, /* offset of the buffers, 2048 bytes each */
    DRIVER_QUEUE_SPAN = 0x10000,
    DRIVER_HEADER_SIZE = 12,
};
#define DRIVER_IO_ADDRESS UINT64_C(0x80000000)

struct driver_queue {
    struct vring_desc *descriptors;
    struct vring_avail *available;
    struct vring_used *used;
    uint16_t next; /* our available index */
};

struct driver {
    uint8_t *memory;
    uint32_t (*read)(uint32_t offset);
    void (*write)(uint32_t offset, uint32_t value);
    uint16_t size;
    struct driver_queue queues[2];
};

/* Reset, features, both queues, DRIVER_OK; stops early when FEATURES_OK does not stick. */
bool driver_start(struct driver *driver, uint16_t size, uint64_t features);
/* The parts of it. */
bool driver_negotiate(struct driver *driver, uint64_t features);
void driver_queue_setup(struct driver *driver, unsigned queue, uint64_t descriptors,
                        uint64_t available, uint64_t used);
uint64_t driver_ring_address(unsigned queue, unsigned part);

void driver_describe(struct driver *driver, unsigned queue, uint16_t number, uint64_t address,
                     uint32_t length, uint16_t flags, uint16_t next);
void driver_offer(struct driver *driver, unsigned queue, uint16_t head);
/* I/O address of a 2048-byte buffer, and its memory. */
uint64_t driver_buffer_address(unsigned buffer);
uint8_t *driver_buffer(struct driver *driver, unsigned buffer);
/* Offers buffer `number` as descriptor `number`. */
void driver_offer_receive(struct driver *driver, uint16_t number);
void driver_offer_transmit(struct driver *driver, uint16_t number, const uint8_t *frame,
                           uint32_t size);
uint16_t *driver_used_event(struct driver *driver, unsigned queue);
uint16_t driver_avail_event(struct driver *driver, unsigned queue);

#endif
