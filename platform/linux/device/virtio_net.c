/* SPDX-License-Identifier: BSD-2-Clause */
/* The virtio network device's registers and state; its queues are in virtio_net_queues.c. See
 * virtio_net.h. Section numbers are those of VirtIO 1.2. */
#include "virtio_net.h"

#include <linux/virtio_config.h>
#include <linux/virtio_mmio.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>
#include <stdio.h>
#include <string.h>

enum {
    MAGIC = 0x74726976, /* "virt", 4.2.2 */
    VERSION = 2,
    DEVICE_ID_NETWORK = 1,
    VENDOR_ID = 0x46444473, /* "sDDF" */
    NO_SHARED_MEMORY = -1,
    LINE_MAX = 256,
};

#define FEATURE(bit) (UINT64_C(1) << (bit))
static const uint64_t offered = FEATURE(VIRTIO_F_VERSION_1) | FEATURE(VIRTIO_F_ACCESS_PLATFORM) |
                                FEATURE(VIRTIO_RING_F_EVENT_IDX) | FEATURE(VIRTIO_NET_F_MAC);

const char *const virtio_net_counter_names[VIRTIO_NET_COUNTERS] = {
    [VIRTIO_NET_RX_PACKETS] = "rx_packets",
    [VIRTIO_NET_RX_BYTES] = "rx_bytes",
    [VIRTIO_NET_RX_STALLS] = "rx_stalls",
    [VIRTIO_NET_RX_DROP_NOT_READY] = "rx_drop_not_ready",
    [VIRTIO_NET_RX_DROP_LENGTH] = "rx_drop_length",
    [VIRTIO_NET_RX_DROP_SHORT] = "rx_drop_short_buffer",
    [VIRTIO_NET_RX_BAD_BUFFER] = "rx_bad_buffer",
    [VIRTIO_NET_RX_WIRE_OVERFLOW] = "rx_wire_overflow",
    [VIRTIO_NET_RX_WIRE_BAD] = "rx_wire_bad",
    [VIRTIO_NET_RX_CHECKSUMS] = "rx_checksums_finished",
    [VIRTIO_NET_TX_PACKETS] = "tx_packets",
    [VIRTIO_NET_TX_BYTES] = "tx_bytes",
    [VIRTIO_NET_TX_DROP_MALFORMED] = "tx_drop_malformed",
    [VIRTIO_NET_TX_DROP_LENGTH] = "tx_drop_length",
    [VIRTIO_NET_TX_DROP_WIRE] = "tx_drop_wire",
    [VIRTIO_NET_NOTIFIES] = "notifies",
    [VIRTIO_NET_INTERRUPTS] = "interrupts",
    [VIRTIO_NET_INTERRUPTS_SAVED] = "interrupts_saved",
    [VIRTIO_NET_DMA_FAULTS] = "dma_faults",
    [VIRTIO_NET_RING_ERRORS] = "ring_errors",
    [VIRTIO_NET_BAD_ACCESSES] = "bad_accesses",
    [VIRTIO_NET_RESETS] = "resets",
};

static void publish(const struct virtio_net *net, uint32_t offset, uint32_t value)
{
    net->env.publish(net->env.context, offset, value);
}

static void set_interrupt_status(struct virtio_net *net, uint32_t status)
{
    net->interrupt_status = status;
    publish(net, VIRTIO_MMIO_INTERRUPT_STATUS, status); /* before the driver is woken */
    net->env.irq(net->env.context, status != 0);
}

static void reset(struct virtio_net *net)
{
    memset(net->queues, 0, sizeof net->queues);
    net->status = 0;
    net->driver_features = 0;
    net->device_features_select = net->driver_features_select = net->queue_select = 0;
    net->rx_stalled = false;
    net->interrupt_due = false;
    set_interrupt_status(net, 0);
}

void virtio_net_start(struct virtio_net *net, const struct virtio_net_env *env,
                      const struct dma_map *dma, struct wire *wire, struct stats_page *stats,
                      const char *name, const uint8_t mac[VIRTIO_NET_MAC_SIZE])
{
    memset(net, 0, sizeof *net);
    net->env = *env;
    net->dma = dma;
    net->wire = wire;
    net->stats = stats;
    net->name = name;
    publish(net, VIRTIO_MMIO_MAGIC_VALUE, MAGIC);
    publish(net, VIRTIO_MMIO_VERSION, VERSION);
    publish(net, VIRTIO_MMIO_DEVICE_ID, DEVICE_ID_NETWORK);
    publish(net, VIRTIO_MMIO_VENDOR_ID, VENDOR_ID);
    publish(net, VIRTIO_MMIO_SHM_LEN_LOW, (uint32_t)NO_SHARED_MEMORY);
    publish(net, VIRTIO_MMIO_SHM_LEN_HIGH, (uint32_t)NO_SHARED_MEMORY);
    publish(net, VIRTIO_MMIO_SHM_BASE_LOW, (uint32_t)NO_SHARED_MEMORY);
    publish(net, VIRTIO_MMIO_SHM_BASE_HIGH, (uint32_t)NO_SHARED_MEMORY);
    publish(net, VIRTIO_MMIO_CONFIG_GENERATION, 0); /* the configuration never changes */
    uint32_t words[2] = {0, 0};
    memcpy(words, mac, VIRTIO_NET_MAC_SIZE); /* 5.1.4: first in the configuration */
    publish(net, VIRTIO_MMIO_CONFIG, words[0]);
    publish(net, VIRTIO_MMIO_CONFIG + 4, words[1]);
    reset(net);
}

bool virtio_net_is_running(const struct virtio_net *net)
{
    return (net->status & (VIRTIO_CONFIG_S_DRIVER_OK | VIRTIO_CONFIG_S_NEEDS_RESET)) ==
           VIRTIO_CONFIG_S_DRIVER_OK;
}

void virtio_net_interrupt(struct virtio_net *net, uint32_t cause)
{
    virtio_net_count(net, VIRTIO_NET_INTERRUPTS);
    set_interrupt_status(net, net->interrupt_status | cause);
}

void virtio_net_fail(struct virtio_net *net, unsigned queue, enum virtq_result result)
{
    bool fault = result == VIRTQ_BAD_ADDRESS || result == VIRTQ_BAD_RING;
    virtio_net_count(net, fault ? VIRTIO_NET_DMA_FAULTS : VIRTIO_NET_RING_ERRORS);
    if ((net->reported & 1U << result) == 0) {
        char line[LINE_MAX];
        net->reported |= 1U << result;
        snprintf(line, sizeof line,
                 "%s: %s queue: %s (I/O address 0x%llx); the device stops until the driver resets "
                 "it; later errors of this kind are only counted",
                 net->name, queue == VIRTIO_NET_RX ? "receive" : "transmit", virtq_error(result),
                 (unsigned long long)(result == VIRTQ_BAD_ADDRESS ? net->chain.bad_address
                                                                  : net->queues[queue].driver));
        net->env.log(net->env.context, line);
    }
    net->status |= VIRTIO_CONFIG_S_NEEDS_RESET;
    if ((net->status & VIRTIO_CONFIG_S_DRIVER_OK) != 0) {
        virtio_net_interrupt(net, VIRTIO_MMIO_INT_CONFIG); /* 2.1.2 */
    }
}

bool virtio_net_is_synchronous(uint32_t offset)
{
    /* A late INTERRUPT_STATUS costs a driver that acknowledges before it looks at the rings one
     * look in vain, and saves it a round trip per interrupt. */
    return offset == VIRTIO_MMIO_DEVICE_FEATURES || offset == VIRTIO_MMIO_QUEUE_NUM_MAX ||
           offset == VIRTIO_MMIO_QUEUE_READY || offset == VIRTIO_MMIO_STATUS;
}

uint64_t virtio_net_read(struct virtio_net *net, uint32_t offset, uint32_t size)
{
    if (size != 4) { /* 4.2.2.2: 32 bits wide and aligned */
        virtio_net_count(net, VIRTIO_NET_BAD_ACCESSES);
        return 0;
    }
    bool has_queue = net->queue_select < VIRTIO_NET_QUEUES;
    switch (offset) {
    case VIRTIO_MMIO_DEVICE_FEATURES:
        return net->device_features_select < 2
                   ? (uint32_t)(offered >> (32 * net->device_features_select))
                   : 0;
    case VIRTIO_MMIO_QUEUE_NUM_MAX:
        return has_queue ? VIRTQ_SIZE_MAX : 0;
    case VIRTIO_MMIO_QUEUE_READY:
        return has_queue && net->queues[net->queue_select].ready;
    case VIRTIO_MMIO_STATUS:
        return net->status;
    default:
        virtio_net_count(net, VIRTIO_NET_BAD_ACCESSES);
        return 0;
    }
}

/* Driver features may change until FEATURES_OK (3.1.1). */
static bool write_features(struct virtio_net *net, uint32_t value)
{
    if ((net->status & VIRTIO_CONFIG_S_FEATURES_OK) != 0 || net->driver_features_select > 1) {
        return false;
    }
    unsigned shift = 32 * net->driver_features_select;
    net->driver_features &= ~((uint64_t)UINT32_MAX << shift);
    net->driver_features |= (uint64_t)value << shift;
    return true;
}

static bool features_are_acceptable(const struct virtio_net *net)
{
    return (net->driver_features & ~offered) == 0 &&
           (net->driver_features & FEATURE(VIRTIO_F_VERSION_1)) != 0; /* 6.2 */
}

static bool write_status(struct virtio_net *net, uint32_t value)
{
    const uint32_t known = VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER |
                           VIRTIO_CONFIG_S_FEATURES_OK | VIRTIO_CONFIG_S_DRIVER_OK |
                           VIRTIO_CONFIG_S_FAILED;
    if (value == 0) {
        virtio_net_count(net, VIRTIO_NET_RESETS);
        reset(net);
        return true;
    }
    uint32_t added = value & known & ~net->status;
    bool legal = (net->status & known & ~value) == 0; /* a driver must not clear bits, 2.1.1 */
    if ((added & VIRTIO_CONFIG_S_FEATURES_OK) != 0 && !features_are_acceptable(net)) {
        added &= ~(uint32_t)VIRTIO_CONFIG_S_FEATURES_OK; /* the driver reads it back, 3.1.1 */
    }
    if ((added & VIRTIO_CONFIG_S_DRIVER_OK) != 0 &&
        ((net->status | added) & VIRTIO_CONFIG_S_FEATURES_OK) == 0) {
        added &= ~(uint32_t)VIRTIO_CONFIG_S_DRIVER_OK;
        legal = false;
    }
    net->status |= added;
    return legal;
}

static void set_low(uint64_t *address, uint32_t value)
{
    *address = (*address & ~(uint64_t)UINT32_MAX) | value;
}

static void set_high(uint64_t *address, uint32_t value)
{
    *address = (*address & UINT32_MAX) | (uint64_t)value << 32;
}

static bool start_queue(struct virtio_net *net, struct virtq *queue)
{
    if ((net->status & VIRTIO_CONFIG_S_FEATURES_OK) == 0) {
        return false; /* 3.1.1: queues are set up after the features */
    }
    queue->event_idx = (net->driver_features & FEATURE(VIRTIO_RING_F_EVENT_IDX)) != 0;
    enum virtq_result result = virtq_start(queue, net->dma);
    if (result != VIRTQ_EMPTY) {
        virtio_net_fail(net, net->queue_select, result);
    }
    return true;
}

/* Registers of the selected queue; false when the driver may not write this one now. */
static bool write_queue(struct virtio_net *net, uint32_t offset, uint32_t value)
{
    if (net->queue_select >= VIRTIO_NET_QUEUES) {
        return false;
    }
    struct virtq *queue = &net->queues[net->queue_select];
    if (offset == VIRTIO_MMIO_QUEUE_READY && value == 0) {
        queue->ready = false;
        return true;
    }
    if (queue->ready) {
        return false; /* 4.2.2.2: not while it is in use */
    }
    switch (offset) {
    case VIRTIO_MMIO_QUEUE_NUM:
        queue->size = value;
        return true;
    case VIRTIO_MMIO_QUEUE_READY:
        return value == 1 && start_queue(net, queue);
    case VIRTIO_MMIO_QUEUE_DESC_LOW:
        set_low(&queue->descriptors, value);
        return true;
    case VIRTIO_MMIO_QUEUE_DESC_HIGH:
        set_high(&queue->descriptors, value);
        return true;
    case VIRTIO_MMIO_QUEUE_AVAIL_LOW:
        set_low(&queue->driver, value);
        return true;
    case VIRTIO_MMIO_QUEUE_AVAIL_HIGH:
        set_high(&queue->driver, value);
        return true;
    case VIRTIO_MMIO_QUEUE_USED_LOW:
        set_low(&queue->device, value);
        return true;
    case VIRTIO_MMIO_QUEUE_USED_HIGH:
        set_high(&queue->device, value);
        return true;
    default:
        return false;
    }
}

static bool write_register(struct virtio_net *net, uint32_t offset, uint32_t value)
{
    switch (offset) {
    case VIRTIO_MMIO_DEVICE_FEATURES_SEL:
        net->device_features_select = value;
        return true;
    case VIRTIO_MMIO_DRIVER_FEATURES_SEL:
        net->driver_features_select = value;
        return true;
    case VIRTIO_MMIO_DRIVER_FEATURES:
        return write_features(net, value);
    case VIRTIO_MMIO_QUEUE_SEL:
        net->queue_select = value;
        return true;
    case VIRTIO_MMIO_QUEUE_NOTIFY:
        /* Nothing to do: each step looks at the rings; the write itself ended the sleep. */
        virtio_net_count(net, VIRTIO_NET_NOTIFIES);
        return value < VIRTIO_NET_QUEUES;
    case VIRTIO_MMIO_INTERRUPT_ACK:
        set_interrupt_status(net, net->interrupt_status & ~value);
        return true;
    case VIRTIO_MMIO_STATUS:
        return write_status(net, value);
    case VIRTIO_MMIO_SHM_SEL:
        return true;
    default:
        return write_queue(net, offset, value);
    }
}

void virtio_net_write(struct virtio_net *net, uint32_t offset, uint32_t size, uint64_t value)
{
    if (size != 4 || !write_register(net, offset, (uint32_t)value)) {
        virtio_net_count(net, VIRTIO_NET_BAD_ACCESSES);
    }
}
