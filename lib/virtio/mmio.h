/* SPDX-License-Identifier: BSD-2-Clause */
/* Registers of a VirtIO device behind the MMIO transport: VirtIO 1.2, section 4.2.2, table 4.1; the
 * steps of bringing one up (section 3.1.1) that all devices share. Little-endian, 32 bits each. */
#ifndef VIRTIO_MMIO_H
#define VIRTIO_MMIO_H

#include <sddf/mmio.h>
#include <stdbool.h>
#include <stdint.h>
#include <virtio/virtqueue.h>

enum virtio_mmio_register {
    VIRTIO_MAGIC_VALUE = 0x000,
    VIRTIO_VERSION = 0x004,
    VIRTIO_DEVICE_ID = 0x008,
    VIRTIO_DEVICE_FEATURES = 0x010,
    VIRTIO_DEVICE_FEATURES_SEL = 0x014,
    VIRTIO_DRIVER_FEATURES = 0x020,
    VIRTIO_DRIVER_FEATURES_SEL = 0x024,
    VIRTIO_QUEUE_SEL = 0x030,
    VIRTIO_QUEUE_NUM_MAX = 0x034,
    VIRTIO_QUEUE_NUM = 0x038,
    VIRTIO_QUEUE_READY = 0x044,
    VIRTIO_QUEUE_NOTIFY = 0x050,
    VIRTIO_INTERRUPT_STATUS = 0x060,
    VIRTIO_INTERRUPT_ACK = 0x064,
    VIRTIO_STATUS = 0x070,
    VIRTIO_QUEUE_DESC = 0x080,   /* low half; the high one follows */
    VIRTIO_QUEUE_DRIVER = 0x090, /* the available ring */
    VIRTIO_QUEUE_DEVICE = 0x0a0, /* the used ring */
    VIRTIO_CONFIG = 0x100,
};

enum virtio_status { /* section 2.1 */
                     VIRTIO_STATUS_ACKNOWLEDGE = 1,
                     VIRTIO_STATUS_DRIVER = 2,
                     VIRTIO_STATUS_DRIVER_OK = 4,
                     VIRTIO_STATUS_FEATURES_OK = 8,
                     VIRTIO_STATUS_NEEDS_RESET = 64,
                     VIRTIO_STATUS_FAILED = 128,
};

enum {
    VIRTIO_MAGIC = 0x74726976, /* "virt" */
    VIRTIO_MODERN = 2,         /* section 4.2.2: version of a device that is not legacy */
    VIRTIO_RESET_POLLS = 1000000,
};

#define VIRTIO_F_EVENT_IDX       (1ULL << 29) /* section 6 */
#define VIRTIO_F_VERSION_1       (1ULL << 32) /* section 6 */
#define VIRTIO_F_ACCESS_PLATFORM (1ULL << 33) /* section 6: the device is behind an IOMMU */

/* Why a device could not be brought up; NULL = it could. Each is one clear sentence. */
static inline const char *virtio_find(uintptr_t registers, uint32_t device_id)
{
    if (mmio_read32(registers + VIRTIO_MAGIC_VALUE) != VIRTIO_MAGIC) {
        return "no VirtIO device at the configured address";
    }
    if (mmio_read32(registers + VIRTIO_VERSION) != VIRTIO_MODERN) {
        return "the VirtIO device is a legacy one; with QEMU, set force-legacy=false";
    }
    if (mmio_read32(registers + VIRTIO_DEVICE_ID) != device_id) {
        return "the VirtIO device is of another kind, or none is plugged in";
    }
    return NULL;
}

/* Steps 1 to 6 of section 3.1.1: reset, acknowledge, negotiate. `required` and `wanted` are feature
 * bits; the ones in force come back in `*agreed`. */
static inline const char *virtio_negotiate(uintptr_t registers, uint64_t required, uint64_t wanted,
                                           uint64_t *agreed)
{
    mmio_write32(registers + VIRTIO_STATUS, 0);
    for (uint32_t polls = 0; mmio_read32(registers + VIRTIO_STATUS) != 0; polls++) {
        if (polls == VIRTIO_RESET_POLLS) {
            return "the VirtIO device does not answer to a reset";
        }
    }
    uint32_t status = VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER;
    mmio_write32(registers + VIRTIO_STATUS, status);

    mmio_write32(registers + VIRTIO_DEVICE_FEATURES_SEL, 0);
    uint64_t offered = mmio_read32(registers + VIRTIO_DEVICE_FEATURES);
    mmio_write32(registers + VIRTIO_DEVICE_FEATURES_SEL, 1);
    offered |= (uint64_t)mmio_read32(registers + VIRTIO_DEVICE_FEATURES) << 32;
    if ((offered & required) != required) {
        mmio_write32(registers + VIRTIO_STATUS, VIRTIO_STATUS_FAILED);
        return "the VirtIO device lacks a feature that the driver needs (VIRTIO_F_VERSION_1)";
    }
    *agreed = offered & (required | wanted);
    mmio_write32(registers + VIRTIO_DRIVER_FEATURES_SEL, 0);
    mmio_write32(registers + VIRTIO_DRIVER_FEATURES, (uint32_t)*agreed);
    mmio_write32(registers + VIRTIO_DRIVER_FEATURES_SEL, 1);
    mmio_write32(registers + VIRTIO_DRIVER_FEATURES, (uint32_t)(*agreed >> 32));

    mmio_write32(registers + VIRTIO_STATUS, status | VIRTIO_STATUS_FEATURES_OK);
    if ((mmio_read32(registers + VIRTIO_STATUS) & VIRTIO_STATUS_FEATURES_OK) == 0) {
        mmio_write32(registers + VIRTIO_STATUS, VIRTIO_STATUS_FAILED);
        return "the VirtIO device refused the features";
    }
    return NULL;
}

static inline void virtio_write_address(uintptr_t registers, uint32_t low, uint64_t address)
{
    mmio_write32(registers + low, (uint32_t)address);
    mmio_write32(registers + low + 4, (uint32_t)(address >> 32));
}

/* Section 4.2.3.2: gives the device queue `index`, whose memory has the I/O address `io_address`.
 */
static inline const char *virtio_queue_start(uintptr_t registers, uint32_t index,
                                             const struct virtqueue *queue, uint64_t io_address)
{
    uint16_t size = (uint16_t)(queue->mask + 1);
    mmio_write32(registers + VIRTIO_QUEUE_SEL, index);
    if (mmio_read32(registers + VIRTIO_QUEUE_READY) != 0) {
        return "a queue of the VirtIO device is in use after a reset";
    }
    if (mmio_read32(registers + VIRTIO_QUEUE_NUM_MAX) < size) {
        return "a queue of the VirtIO device is too small";
    }
    mmio_write32(registers + VIRTIO_QUEUE_NUM, size);
    virtio_write_address(registers, VIRTIO_QUEUE_DESC, io_address);
    virtio_write_address(registers, VIRTIO_QUEUE_DRIVER,
                         io_address + virtqueue_available_offset(size));
    virtio_write_address(registers, VIRTIO_QUEUE_DEVICE, io_address + virtqueue_used_offset(size));
    mmio_write32(registers + VIRTIO_QUEUE_READY, 1);
    return NULL;
}

/* Step 8 of section 3.1.1: the device is live. */
static inline void virtio_start(uintptr_t registers)
{
    mmio_write32(registers + VIRTIO_STATUS, VIRTIO_STATUS_ACKNOWLEDGE | VIRTIO_STATUS_DRIVER |
                                                VIRTIO_STATUS_FEATURES_OK |
                                                VIRTIO_STATUS_DRIVER_OK);
}

#endif
