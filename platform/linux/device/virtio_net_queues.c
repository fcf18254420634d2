/* SPDX-License-Identifier: BSD-2-Clause */
/* The virtio network device's queues: frames from the wire to receive buffers, from transmit
 * buffers to the wire. See virtio_net.h. Section numbers are those of VirtIO 1.2. */
#include "virtio_net.h"

#include <assert.h>
#include <linux/virtio_mmio.h>
#include <linux/virtio_net.h>
#include <string.h>

/* With VIRTIO_F_VERSION_1 every packet begins with all twelve bytes of it (5.1.6.1). */
typedef struct virtio_net_hdr_v1 net_header;
static_assert(sizeof(net_header) == 12, "5.1.6");

/* Copies to the writable segments of the chain, from byte `offset` of them on. They hold it all. */
static void scatter(const struct virtq_chain *chain, uint64_t offset, const void *source,
                    uint64_t size)
{
    const uint8_t *from = source;
    for (uint32_t i = 0; i < chain->writable && size != 0; i++) {
        const struct virtq_segment *segment = &chain->segments[chain->readable + i];
        if (offset >= segment->size) {
            offset -= segment->size;
            continue;
        }
        uint64_t part = segment->size - offset < size ? segment->size - offset : size;
        memcpy(segment->data + offset, from, part);
        from += part;
        size -= part;
        offset = 0;
    }
}

/* Copies from the readable segments, as scatter(). */
static void gather(const struct virtq_chain *chain, uint64_t offset, void *target, uint64_t size)
{
    uint8_t *to = target;
    for (uint32_t i = 0; i < chain->readable && size != 0; i++) {
        const struct virtq_segment *segment = &chain->segments[i];
        if (offset >= segment->size) {
            offset -= segment->size;
            continue;
        }
        uint64_t part = segment->size - offset < size ? segment->size - offset : size;
        memcpy(to, segment->data + offset, part);
        to += part;
        size -= part;
        offset = 0;
    }
}

static void publish_used(struct virtio_net *net, struct virtq *queue)
{
    if (queue->used_next == queue->used_published) {
        return;
    }
    if (virtq_publish(queue)) {
        net->interrupt_due = true;
    } else {
        virtio_net_count(net, VIRTIO_NET_INTERRUPTS_SAVED);
    }
}

enum delivery { DELIVERED, NO_BUFFER, FAILED };

/* Delivers a frame to the next receive buffer, or drops it. */
static enum delivery deliver(struct virtio_net *net, const struct wire_frame *frame)
{
    static const net_header header = {.num_buffers = 1}; /* 5.1.6.4 */
    struct virtq *queue = &net->queues[VIRTIO_NET_RX];
    if (frame->size < WIRE_FRAME_MIN || frame->size > WIRE_FRAME_MAX) {
        virtio_net_count(net, VIRTIO_NET_RX_DROP_LENGTH);
        return DELIVERED;
    }
    for (uint32_t i = 0; i < queue->size; i++) {
        enum virtq_result result = virtq_next(queue, net->dma, &net->chain);
        if (result == VIRTQ_EMPTY) {
            return NO_BUFFER;
        }
        if (result != VIRTQ_CHAIN) {
            virtio_net_fail(net, VIRTIO_NET_RX, result);
            return FAILED;
        }
        if (net->chain.readable != 0 || net->chain.disordered) {
            virtio_net_count(net, VIRTIO_NET_RX_BAD_BUFFER);
            virtq_complete(queue, &net->chain, 0);
            continue;
        }
        if (net->chain.writable_size < sizeof header + frame->size) {
            virtio_net_count(net, VIRTIO_NET_RX_DROP_SHORT); /* the buffer stays for the next */
            return DELIVERED;
        }
        scatter(&net->chain, 0, &header, sizeof header);
        scatter(&net->chain, sizeof header, frame->data, frame->size);
        virtq_complete(queue, &net->chain, (uint32_t)sizeof header + frame->size);
        virtio_net_count(net, VIRTIO_NET_RX_PACKETS);
        stats_add(net->stats, VIRTIO_NET_RX_BYTES, frame->size);
        return DELIVERED;
    }
    return NO_BUFFER;
}

static bool receive(struct virtio_net *net)
{
    struct wire_frame *frames = NULL;
    size_t count = wire_receive(net->wire, &frames), done = 0;
    bool was_stalled = net->rx_stalled;
    net->rx_stalled = false;
    if (!virtio_net_is_running(net) || !net->queues[VIRTIO_NET_RX].ready) {
        stats_add(net->stats, VIRTIO_NET_RX_DROP_NOT_READY, count);
        wire_consume(net->wire, count);
        return count != 0;
    }
    virtq_disarm(&net->queues[VIRTIO_NET_RX]);
    for (; done < count && virtio_net_is_running(net); done++) {
        if (deliver(net, &frames[done]) == NO_BUFFER) {
            net->rx_stalled = true;
            break;
        }
    }
    stats_add(net->stats, VIRTIO_NET_RX_STALLS, net->rx_stalled && !was_stalled);
    wire_consume(net->wire, done);
    publish_used(net, &net->queues[VIRTIO_NET_RX]);
    return done != 0;
}

/* Copies a transmit chain's frame to the wire; one copy, on which all checks are made. */
static void transmit_chain(struct virtio_net *net)
{
    const struct virtq_chain *chain = &net->chain;
    net_header header;
    if (chain->writable != 0 || chain->readable_size < sizeof header + WIRE_FRAME_MIN) {
        virtio_net_count(net, VIRTIO_NET_TX_DROP_MALFORMED);
        return;
    }
    if (chain->readable_size > sizeof header + WIRE_FRAME_MAX) {
        virtio_net_count(net, VIRTIO_NET_TX_DROP_LENGTH);
        return;
    }
    gather(chain, 0, &header, sizeof header);
    if (header.flags != 0 || header.gso_type != VIRTIO_NET_HDR_GSO_NONE) {
        virtio_net_count(net, VIRTIO_NET_TX_DROP_MALFORMED); /* 5.1.6.2.1: not negotiated */
        return;
    }
    uint32_t size = (uint32_t)(chain->readable_size - sizeof header);
    gather(chain, sizeof header, wire_reserve(net->wire), size);
    wire_commit(net->wire, size);
    virtio_net_count(net, VIRTIO_NET_TX_PACKETS);
    stats_add(net->stats, VIRTIO_NET_TX_BYTES, size);
}

static bool transmit(struct virtio_net *net)
{
    struct virtq *queue = &net->queues[VIRTIO_NET_TX];
    unsigned done = 0;
    for (; done < WIRE_BATCH && queue->ready && virtio_net_is_running(net); done++) {
        enum virtq_result result = virtq_next(queue, net->dma, &net->chain);
        if (result == VIRTQ_EMPTY) {
            break;
        }
        if (result != VIRTQ_CHAIN) {
            virtio_net_fail(net, VIRTIO_NET_TX, result);
            break;
        }
        transmit_chain(net);
        virtq_complete(queue, &net->chain, 0);
    }
    if (done != 0) {
        virtq_disarm(queue);
        wire_flush(net->wire);
        publish_used(net, queue);
    }
    return done != 0;
}

bool virtio_net_work(struct virtio_net *net)
{
    if (net->interrupt_due) {
        net->interrupt_due = false;
        virtio_net_interrupt(net, VIRTIO_MMIO_INT_VRING);
    }
    bool any = transmit(net);
    any |= receive(net);
    /* Even without a good frame: the wire counts the bad ones, too. */
    const struct wire_counters *wire = &net->wire->counters;
    stats_set(net->stats, VIRTIO_NET_RX_WIRE_OVERFLOW, wire->rx_overflow);
    stats_set(net->stats, VIRTIO_NET_RX_WIRE_BAD, wire->rx_bad);
    stats_set(net->stats, VIRTIO_NET_RX_CHECKSUMS, wire->rx_checksums);
    stats_set(net->stats, VIRTIO_NET_TX_DROP_WIRE, wire->tx_dropped);
    return any;
}

bool virtio_net_arm(struct virtio_net *net)
{
    if (!virtio_net_is_running(net)) {
        return true;
    }
    struct virtq *rx = &net->queues[VIRTIO_NET_RX], *tx = &net->queues[VIRTIO_NET_TX];
    bool quiet = !tx->ready || virtq_arm(tx);
    if (rx->ready && net->rx_stalled) {
        quiet &= virtq_arm(rx);
    }
    return quiet;
}

int virtio_net_wait_fd(const struct virtio_net *net)
{
    return net->rx_stalled ? -1 : net->wire->fd;
}
