/* SPDX-License-Identifier: BSD-2-Clause */
/* The network driver's event loop, the same for every device (device.h). Runs as one PD per device;
 * owns the device's registers and rings and its sides of two connections, to the receive and to the
 * transmit virtualiser. Has no mapping of data. Trusts nobody's indices; the virtualisers check the
 * addresses that pass through here.
 *
 * Purely reactive: an activation moves what there is, both ways, in bursts; asks for the next wake;
 * looks again; and combines its last signal with the wait.
 *
 * It runs active, on a scheduling context of its own and notified by both virtualisers, or passive:
 * the transmit virtualiser calls it and lends its time (protected() below; net.h has the protocol),
 * and all else comes as notifications, on the scheduling context that Microkit has bound to them.
 * The same code serves both; who calls and who notifies, the system's description says.
 *
 * Sent buffers are returned lazily: no completion interrupt is asked for until the transmit
 * virtualiser waits for buffers, or the device's ring is full. */
#include "device.h"

#include <base/peer.h>
#include <microkit.h>
#include <sddf/log.h>
#include <sddf/net.h>
#include <sddf/stats.h>

static const struct net_driver_config *config;
static struct connection rx, tx;
static struct signals signals;
static struct stats_page *stats;

enum counter {
    RX_FRAMES,
    RX_BYTES,
    TX_FRAMES,
    TX_BYTES,
    DEVICE_ERRORS,
    VIOLATIONS,
    ACTIVATIONS,
    INTERRUPTS,
    CALLS,
    SIGNALS,
    COUNTERS
};

static const char *const counter_names[COUNTERS] = {
    "rx_frames",  "rx_bytes",    "tx_frames",  "tx_bytes", "device_errors",
    "violations", "activations", "interrupts", "calls",    "signals",
};

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Received frames: device to virtualiser. Each of these four moves a burst at most; true if there
 * is more. */
static bool rx_return(void)
{
    uint32_t done = net_device_rx_done();
    uint32_t count = least(done, NET_BURST);
    uint64_t frames = 0, bytes = 0;
    if (count == 0) {
        return false;
    }
    count = least(count, queue_space(&rx, count));
    for (uint32_t i = 0; i < count; i++) {
        struct net_desc frame;
        if (net_device_rx_return(&frame)) {
            net_put_one(&rx, frame);
            frames++;
            bytes += frame.length;
        }
    }
    queue_publish(&rx);
    stats_add(stats, RX_FRAMES, frames);
    stats_add(stats, RX_BYTES, bytes);
    return count == NET_BURST && done > NET_BURST;
}

/* Empty buffers: virtualiser to device. */
static bool rx_provide(void)
{
    uint32_t count = net_available(&rx);
    if (count == 0) {
        return false;
    }
    count = least(count, net_device_rx_room());
    for (uint32_t i = 0; i < count; i++) {
        net_device_rx_provide(net_get_one(&rx));
    }
    queue_release(&rx);
    return count == NET_BURST && queue_left(&rx) != 0;
}

/* Frames to send: virtualiser to device. */
static bool tx_provide(void)
{
    uint32_t count = net_available(&tx);
    uint64_t bytes = 0;
    if (count == 0) {
        return false;
    }
    count = least(count, net_device_tx_room());
    for (uint32_t i = 0; i < count; i++) {
        struct net_desc frame = net_get_one(&tx);
        net_device_tx_provide(frame);
        bytes += frame.length;
    }
    queue_release(&tx);
    stats_add(stats, TX_FRAMES, count);
    stats_add(stats, TX_BYTES, bytes);
    return count == NET_BURST && queue_left(&tx) != 0;
}

/* Sent buffers: device to virtualiser. */
static bool tx_return(void)
{
    uint32_t done = net_device_tx_done();
    uint32_t count = least(done, NET_BURST);
    if (count == 0) {
        return false;
    }
    count = least(count, queue_space(&tx, count));
    for (uint32_t i = 0; i < count; i++) {
        struct net_desc buffer;
        if (net_device_tx_return(&buffer)) {
            net_put_one(&tx, buffer);
        }
    }
    queue_publish(&tx);
    return count == NET_BURST && done > NET_BURST;
}

/* The transmit half of a round, and what there is to show the device; true if there is more.
 * Bounded by the buffers that exist, as the whole round is: each moves on and none is made here. */
static bool serve_tx_burst(void)
{
    bool more = tx_return();
    more |= tx_provide();
    net_device_commit();
    if (queue_signal(&tx)) {
        signal_peer(&signals, config->tx.channel);
    }
    return more;
}

/* One round, both ways. */
static bool serve_burst(void)
{
    bool more = rx_return();
    more |= rx_provide();
    more |= serve_tx_burst();
    if (queue_signal(&rx)) {
        signal_peer(&signals, config->rx.channel);
    }
    return more;
}

/* These two ask for every wake that is needed. True if there is nothing to do now.
 * Empty receive buffers are worth a wake only when the device runs low: otherwise they are fetched
 * along with the next frames. */
static bool rx_may_wait(void)
{
    uint32_t room = net_device_rx_room();
    bool low = net_device_rx_held() <= room;
    bool idle = !low || room == 0 || queue_arm(&rx, 1);
    return net_device_rx_wait(queue_space(&rx, 1) != 0) && idle;
}

/* A full ring waits for the device, not for more frames. */
static bool tx_may_wait(void)
{
    bool full = net_device_tx_room() == 0;
    bool idle = full || queue_arm(&tx, 1);
    bool sent = full || queue_peer_waits(&tx);
    return net_device_tx_wait(sent && queue_space(&tx, 1) != 0) && idle;
}

static bool may_wait(void)
{
    bool idle = rx_may_wait();
    return tx_may_wait() && idle;
}

/* A virtualiser that restarted gets a fresh connection; what the device still holds comes back to
 * it in time, and it checks that against its own table. */
static void serve(void)
{
    peer_check(&rx, &signals, config->rx.channel);
    peer_check(&tx, &signals, config->tx.channel);
    while (serve_burst() || !may_wait()) {
        signal_now(&signals);
    }

    stats_set(stats, DEVICE_ERRORS, net_device_errors());
    stats_set(stats, VIOLATIONS, rx.violations + tx.violations);
    stats_add(stats, ACTIVATIONS, 1);
    stats_set(stats, SIGNALS, signals.sent);
}

void init(void)
{
    config = config_get(CONFIG_NET_DRIVER, NET_CONFIG_VERSION, sizeof(*config));
    stats = (struct stats_page *)(uintptr_t)config->header.stats;
    stats_open(stats, config->header.instance, counter_names, COUNTERS);
    if (!config_connect(&rx, &config->rx) || !config_connect(&tx, &config->tx)) {
        config_refuse("a queue's capacity is not a power of two up to 65536");
    }
    const char *why = net_device_start(config);
    if (why != NULL) {
        log_line(why);
        log_stop();
    }
    /* Each virtualiser that is there, or comes, says so on its channel: then we begin. */
    signal_peer(&signals, config->rx.channel);
    signal_peer(&signals, config->tx.channel);
    signal_now(&signals);
}

/* Two loops run the same functions, and each shall be one function: they are paid for by packet. */
#define ENTRY_POINT __attribute__((flatten))

/* The transmit virtualiser's call, of a passive driver. Its caller is the only one who could be
 * signalled here, and hears by the reply. */
ENTRY_POINT microkit_msginfo protected(microkit_channel channel, microkit_msginfo message)
{
    (void)message;
    if (channel == config->tx.channel) {
        peer_check(&tx, &signals, config->tx.channel);
        while (serve_tx_burst() || !tx_may_wait()) { /* bounded: the caller waits */
        }
        stats_set(stats, VIOLATIONS, rx.violations + tx.violations);
        stats_add(stats, CALLS, 1);
    }
    bool look = signal_withdraw(&signals);
    return microkit_msginfo_new(look ? NET_DRIVER_LOOK : NET_DRIVER_DONE, 0);
}

ENTRY_POINT void notified(microkit_channel channel)
{
    bool interrupted = channel == config->irq_channel;
    if (interrupted) {
        net_device_irq_clear();
        stats_add(stats, INTERRUPTS, 1);
    }
    serve();
    if (interrupted) {
        microkit_irq_ack(channel);
    }
    signal_end(&signals);
}
