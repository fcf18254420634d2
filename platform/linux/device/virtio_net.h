/* SPDX-License-Identifier: BSD-2-Clause */
/* A virtio network device, VirtIO 1.2: MMIO transport (4.2), split virtqueues (2.7), network device
 * (5.1) with one receive and one transmit queue. Pure logic: it reaches memory through a dma_map,
 * frames through a wire, the rest through virtio_net_env, and makes no system call of its own.
 *
 * The driver and the wire are hostile. What the driver gets wrong is counted, and reported on the
 * log once by kind; an error in a ring or a bad address stops the device until it is reset
 * (DEVICE_NEEDS_RESET, 2.1.1). Frames that find no receive buffer stay in the wire's queue, whose
 * overflow is counted, as in a NIC's; the driver is then asked to notify. */
#ifndef LINUX_DEVICE_VIRTIO_NET_H
#define LINUX_DEVICE_VIRTIO_NET_H

#include "dma.h"
#include "virtq.h"
#include "wire.h"

#include <sddf/stats.h>
#include <stdbool.h>
#include <stdint.h>

enum virtio_net_counter {
    VIRTIO_NET_RX_PACKETS,
    VIRTIO_NET_RX_BYTES,
    VIRTIO_NET_RX_STALLS,         /* times that frames had to wait for a buffer */
    VIRTIO_NET_RX_DROP_NOT_READY, /* the driver has not started the device */
    VIRTIO_NET_RX_DROP_LENGTH,    /* no Ethernet frame, or longer than 1518 bytes */
    VIRTIO_NET_RX_DROP_SHORT,     /* the driver's buffer is too short for it */
    VIRTIO_NET_RX_BAD_BUFFER,     /* a receive chain with parts that the device may not write */
    VIRTIO_NET_RX_WIRE_OVERFLOW,  /* the wire's queue was full */
    VIRTIO_NET_RX_WIRE_BAD,       /* the wire found no usable frame */
    VIRTIO_NET_RX_CHECKSUMS,      /* finished in the wire */
    VIRTIO_NET_TX_PACKETS,
    VIRTIO_NET_TX_BYTES,
    VIRTIO_NET_TX_DROP_MALFORMED, /* writable parts, too short, or offloads not negotiated */
    VIRTIO_NET_TX_DROP_LENGTH,    /* longer than 1518 bytes */
    VIRTIO_NET_TX_DROP_WIRE,      /* the wire was full or down */
    VIRTIO_NET_NOTIFIES,          /* by the driver */
    VIRTIO_NET_INTERRUPTS,
    VIRTIO_NET_INTERRUPTS_SAVED, /* batches for which the driver wanted none */
    VIRTIO_NET_DMA_FAULTS,       /* addresses outside of the DMA regions */
    VIRTIO_NET_RING_ERRORS,
    VIRTIO_NET_BAD_ACCESSES, /* registers used against the specification */
    VIRTIO_NET_RESETS,
    VIRTIO_NET_COUNTERS,
};
extern const char *const virtio_net_counter_names[VIRTIO_NET_COUNTERS];

enum { VIRTIO_NET_RX = 0, VIRTIO_NET_TX = 1, VIRTIO_NET_QUEUES = 2, VIRTIO_NET_MAC_SIZE = 6 };

struct virtio_net_env {
    void *context;
    /* A register that the driver reads without asking: its new value. */
    void (*publish)(void *context, uint32_t offset, uint32_t value);
    void (*irq)(void *context, bool up);
    void (*log)(void *context, const char *line);
};

struct virtio_net {
    struct virtio_net_env env;
    const struct dma_map *dma;
    struct wire *wire;
    struct stats_page *stats;
    const char *name; /* for the log */

    uint32_t status, interrupt_status;
    bool interrupt_due; /* used buffers were published; see virtio_net_work() */
    uint32_t device_features_select, driver_features_select, queue_select;
    uint64_t driver_features;
    struct virtq queues[VIRTIO_NET_QUEUES];
    struct virtq_chain chain; /* of the moment; too large for the stack */
    bool rx_stalled;          /* frames wait for a buffer */
    uint32_t reported;        /* kinds of error that are on the log; a bit per virtq_result */
};

/* Starts a device; the caller has set nothing in it. All pointers must outlive it; `stats` is open
 * with virtio_net_counter_names. */
void virtio_net_start(struct virtio_net *net, const struct virtio_net_env *env,
                      const struct dma_map *dma, struct wire *wire, struct stats_page *stats,
                      const char *name, const uint8_t mac[VIRTIO_NET_MAC_SIZE]);

/* Registers whose value follows from earlier writes must be read by virtio_net_read(); the others
 * were published. */
bool virtio_net_is_synchronous(uint32_t offset);
uint64_t virtio_net_read(struct virtio_net *net, uint32_t offset, uint32_t size);
void virtio_net_write(struct virtio_net *net, uint32_t offset, uint32_t size, uint64_t value);

/* Moves at most WIRE_BATCH frames each way; true when it did anything. All writes that the driver
 * posted before the call must have been applied.
 *
 * The interrupt for what one call publishes is raised by the next. So an acknowledgement that the
 * driver posted before it looked at the rings in vain is applied before the interrupt, and cannot
 * clear it unseen: either the driver saw the used buffer, or its acknowledgement was seen here. */
bool virtio_net_work(struct virtio_net *net);
/* Asks the driver for notifications before a sleep; false when there is work already. */
bool virtio_net_arm(struct virtio_net *net);
/* The descriptor to wait for, -1 = none: while frames wait for buffers the wire is not looked at.
 */
int virtio_net_wait_fd(const struct virtio_net *net);

/* For virtio_net_queues.c. */
bool virtio_net_is_running(const struct virtio_net *net);
void virtio_net_interrupt(struct virtio_net *net, uint32_t cause);
void virtio_net_fail(struct virtio_net *net, unsigned queue, enum virtq_result result);
static inline void virtio_net_count(struct virtio_net *net, enum virtio_net_counter counter)
{
    stats_add(net->stats, counter, 1);
}

#endif
