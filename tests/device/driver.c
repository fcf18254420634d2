/* SPDX-License-Identifier: BSD-2-Clause */
/* See driver.h. */
#include "driver.h"

#include <string.h>

uint64_t driver_ring_address(unsigned queue, unsigned part)
{
    return DRIVER_IO_ADDRESS + queue * DRIVER_QUEUE_SPAN + part * UINT64_C(0x5000);
}

static void *at(struct driver *driver, uint64_t io_address)
{
    return driver->memory + (io_address - DRIVER_IO_ADDRESS);
}

uint64_t driver_buffer_address(unsigned buffer)
{
    return DRIVER_IO_ADDRESS + DRIVER_BUFFERS + buffer * UINT64_C(2048);
}

uint8_t *driver_buffer(struct driver *driver, unsigned buffer)
{
    return at(driver, driver_buffer_address(buffer));
}

bool driver_negotiate(struct driver *driver, uint64_t features)
{
    uint32_t status = VIRTIO_CONFIG_S_ACKNOWLEDGE;
    driver->write(VIRTIO_MMIO_STATUS, 0);
    driver->write(VIRTIO_MMIO_STATUS, status);
    driver->write(VIRTIO_MMIO_STATUS, status |= VIRTIO_CONFIG_S_DRIVER);
    for (uint32_t i = 0; i < 2; i++) {
        driver->write(VIRTIO_MMIO_DRIVER_FEATURES_SEL, i);
        driver->write(VIRTIO_MMIO_DRIVER_FEATURES, (uint32_t)(features >> (32 * i)));
    }
    driver->write(VIRTIO_MMIO_STATUS, status | VIRTIO_CONFIG_S_FEATURES_OK);
    return (driver->read(VIRTIO_MMIO_STATUS) & VIRTIO_CONFIG_S_FEATURES_OK) != 0;
}

void driver_queue_setup(struct driver *driver, unsigned queue, uint64_t descriptors,
                        uint64_t available, uint64_t used)
{
    driver->write(VIRTIO_MMIO_QUEUE_SEL, queue);
    driver->write(VIRTIO_MMIO_QUEUE_NUM, driver->size);
    driver->write(VIRTIO_MMIO_QUEUE_DESC_LOW, (uint32_t)descriptors);
    driver->write(VIRTIO_MMIO_QUEUE_DESC_HIGH, (uint32_t)(descriptors >> 32));
    driver->write(VIRTIO_MMIO_QUEUE_AVAIL_LOW, (uint32_t)available);
    driver->write(VIRTIO_MMIO_QUEUE_AVAIL_HIGH, (uint32_t)(available >> 32));
    driver->write(VIRTIO_MMIO_QUEUE_USED_LOW, (uint32_t)used);
    driver->write(VIRTIO_MMIO_QUEUE_USED_HIGH, (uint32_t)(used >> 32));
    driver->write(VIRTIO_MMIO_QUEUE_READY, 1);
}

bool driver_start(struct driver *driver, uint16_t size, uint64_t features)
{
    driver->size = size;
    memset(driver->memory, 0, DRIVER_BUFFERS);
    if (!driver_negotiate(driver, features)) {
        return false;
    }
    for (unsigned i = 0; i < 2; i++) {
        struct driver_queue *queue = &driver->queues[i];
        *queue = (struct driver_queue){.descriptors = at(driver, driver_ring_address(i, 0)),
                                       .available = at(driver, driver_ring_address(i, 1)),
                                       .used = at(driver, driver_ring_address(i, 2))};
        driver_queue_setup(driver, i, driver_ring_address(i, 0), driver_ring_address(i, 1),
                           driver_ring_address(i, 2));
    }
    driver->write(VIRTIO_MMIO_STATUS, VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER |
                                          VIRTIO_CONFIG_S_FEATURES_OK | VIRTIO_CONFIG_S_DRIVER_OK);
    return true;
}

void driver_describe(struct driver *driver, unsigned queue, uint16_t number, uint64_t address,
                     uint32_t length, uint16_t flags, uint16_t next)
{
    driver->queues[queue].descriptors[number] =
        (struct vring_desc){.addr = address, .len = length, .flags = flags, .next = next};
}

void driver_offer(struct driver *driver, unsigned queue, uint16_t head)
{
    struct driver_queue *mine = &driver->queues[queue];
    mine->available->ring[mine->next % driver->size] = head;
    mine->next++;
    __atomic_store_n(&mine->available->idx, mine->next, __ATOMIC_RELEASE);
}

void driver_offer_receive(struct driver *driver, uint16_t number)
{
    driver_describe(driver, 0, number, driver_buffer_address(number), 2048, VRING_DESC_F_WRITE, 0);
    driver_offer(driver, 0, number);
}

void driver_offer_transmit(struct driver *driver, uint16_t number, const uint8_t *frame,
                           uint32_t size)
{
    uint8_t *buffer = driver_buffer(driver, number);
    memset(buffer, 0, DRIVER_HEADER_SIZE);
    memcpy(buffer + DRIVER_HEADER_SIZE, frame, size);
    driver_describe(driver, 1, number, driver_buffer_address(number), DRIVER_HEADER_SIZE + size, 0,
                    0);
    driver_offer(driver, 1, number);
}

uint16_t *driver_used_event(struct driver *driver, unsigned queue)
{
    return &driver->queues[queue].available->ring[driver->size];
}

uint16_t driver_avail_event(struct driver *driver, unsigned queue)
{
    const void *event = &driver->queues[queue].used->ring[driver->size];
    return __atomic_load_n((const uint16_t *)event, __ATOMIC_RELAXED);
}
