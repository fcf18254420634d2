/* SPDX-License-Identifier: BSD-2-Clause */
/* The registers of registers.h: VirtIO 1.2, section 4.2.2. */
#include "registers.h"
#include "harness.h"

#include <platform/mmio.h>
#include <virtio/mmio.h>

enum { STATUS_READS_MAX = 100 };

uint32_t registers_interrupt;

static bool event_index, lies;
static uint32_t status, status_reads, features_sel;

void registers_reset(bool has_event_index, bool lie)
{
    event_index = has_event_index;
    lies = lie;
    status = status_reads = features_sel = registers_interrupt = 0;
}

static uint32_t register_value(uint64_t at)
{
    uint64_t features =
        VIRTIO_F_VERSION_1 | VIRTIO_F_ACCESS_PLATFORM | (event_index ? VIRTIO_F_EVENT_IDX : 0);
    switch (at) {
    case VIRTIO_MAGIC_VALUE:
        return VIRTIO_MAGIC;
    case VIRTIO_VERSION:
        return VIRTIO_MODERN;
    case VIRTIO_DEVICE_ID:
        return 1;
    case VIRTIO_DEVICE_FEATURES:
        return (uint32_t)(features >> (32 * (features_sel & 1)));
    case VIRTIO_QUEUE_NUM_MAX:
        return 1024;
    case VIRTIO_QUEUE_READY:
        return 0;
    case VIRTIO_INTERRUPT_STATUS:
        return registers_interrupt;
    case VIRTIO_STATUS:
        return status;
    default:
        fuzz_fail("a register is read that must not be");
    }
}

uint64_t mock_mmio_read(uintptr_t address, unsigned size_bytes)
{
    must(size_bytes == 4, "a register is read at a wrong size");
    uint32_t value = register_value(address - REGISTERS_ADDRESS);
    fuzz_before_read();
    if (lies && input8() == 0) {
        value = input32();
    }
    if (address - REGISTERS_ADDRESS == VIRTIO_STATUS && ++status_reads == STATUS_READS_MAX) {
        fuzz_leave(); /* it would ask a million times, and then stop */
    }
    return value;
}

void mock_mmio_write(uintptr_t address, unsigned size_bytes, uint64_t value)
{
    must(size_bytes == 4, "a register is written at a wrong size");
    switch (address - REGISTERS_ADDRESS) {
    case VIRTIO_STATUS:
        status = (uint32_t)value;
        break;
    case VIRTIO_DEVICE_FEATURES_SEL:
        features_sel = (uint32_t)value;
        break;
    case VIRTIO_QUEUE_NOTIFY:
        must(value < 2, "a queue is notified that does not exist");
        break;
    case VIRTIO_INTERRUPT_ACK:
        registers_interrupt &= ~(uint32_t)value;
        break;
    default:
        break;
    }
}

void mock_mmio_barrier(void)
{
}
