/* SPDX-License-Identifier: BSD-2-Clause */
/* The network driver's event loop, the same for every device (device.h). Runs as one PD per device;
 * owns the device's registers and rings and its sides of two connections, to the receive and to the
 * transmit virtualiser. Has no mapping of data. Trusts nobody's indices; the virtualisers check the
 * addresses that pass through here.
 *
 * Purely reactive: an activation moves what there is of the half that it is about, receive or
 * transmit, in bursts; asks for that half's next wake; looks again; and combines its last signal
 * with the wait. The other half waits for a wake of its own. An interrupt is about receiving, and
 * about sending too if we have asked for that.
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
static bool sent_wanted; /* an interrupt when a frame has been sent */
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
 * is more that can move now. */
static bool rx_return(void)
{
    uint32_t done = net_device_rx_done();
    uint32_t count = least(done, NET_BURST);
    if (count == 0) {
        return false;
    }
    count = least(count, queue_space(&rx, count));
    struct net_traffic moved = net_device_rx_return(&rx, count);
    queue_publish(&rx);
    stats_add(stats, RX_FRAMES, moved.frames);
    stats_add(stats, RX_BYTES, moved.bytes);
    return count == NET_BURST && done > NET_BURST;
}

/* Empty buffers: virtualiser to device. */
static bool rx_provide(void)
{
    uint32_t count = net_available(&rx);
    if (count == 0) {
        return false;
    }
    uint32_t room = net_device_rx_room();
    count = least(count, room);
    net_device_rx_provide(&rx, count);
    queue_release(&rx);
    return count == NET_BURST && room != NET_BURST && queue_left(&rx) != 0;
}

/* Frames to send: virtualiser to device. */
static bool tx_provide(void)
{
    uint32_t count = net_available(&tx);
    if (count == 0) {
        return false;
    }
    uint32_t room = net_device_tx_room();
    count = least(count, room);
    struct net_traffic moved = net_device_tx_provide(&tx, count);
    queue_release(&tx);
    stats_add(stats, TX_FRAMES, moved.frames);
    stats_add(stats, TX_BYTES, moved.bytes);
    return count == NET_BURST && room != NET_BURST && queue_left(&tx) != 0;
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
    net_device_tx_return(&tx, count);
    queue_publish(&tx);
    return count == NET_BURST && done > NET_BURST;
}

/* One round of either half; true if there is more. Bounded by the buffers that exist: each moves on
 * and none is made here. */
static bool rx_burst(void)
{
    bool more = rx_return();
    more |= rx_provide();
    net_device_rx_commit();
    if (queue_signal(&rx)) {
        signal_peer(&signals, config->rx.channel);
    }
    return more;
}

static bool tx_burst(void)
{
    bool more = tx_return();
    more |= tx_provide();
    net_device_tx_commit();
    if (queue_signal(&tx)) {
        signal_peer(&signals, config->tx.channel);
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
    sent_wanted = sent && queue_space(&tx, 1) != 0;
    return net_device_tx_wait(sent_wanted) && idle;
}

/* All that these two call shall be one function with them: it is paid for by packet. */
#define HALF static __attribute__((noinline, flatten))

/* A virtualiser that restarted gets a fresh connection; what the device still holds comes back to
 * it in time, and it checks that against its own table. Each serves one half; true if there is more
 * of it. */
HALF bool serve_rx(void)
{
    peer_check(&rx, &signals, config->rx.channel);
    return rx_burst() || !rx_may_wait();
}

HALF bool serve_tx(void)
{
    peer_check(&tx, &signals, config->tx.channel);
    return tx_burst() || !tx_may_wait();
}

/* Rounds after the first are about both halves, lest a flood of one starve the other. */
static void serve(bool receive, bool send)
{
    bool more = true;
    while (more) {
        more = receive && serve_rx();
        more |= send && serve_tx();
        if (more) {
            signal_now(&signals);
            receive = send = true;
        }
    }
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

/* The transmit virtualiser's call, of a passive driver. Its caller is the only one who could be
 * signalled here, and hears by the reply. */
microkit_msginfo protected(microkit_channel channel, microkit_msginfo message)
{
    (void)message;
    if (channel == config->tx.channel) {
        while (serve_tx()) { /* bounded: the caller waits */
        }
        stats_set(stats, VIOLATIONS, rx.violations + tx.violations);
        stats_add(stats, CALLS, 1);
    }
    bool look = signal_withdraw(&signals);
    return microkit_msginfo_new(look ? NET_DRIVER_LOOK : NET_DRIVER_DONE, 0);
}

void notified(microkit_channel channel)
{
    bool interrupted = channel == config->irq_channel;
    if (interrupted) {
        net_device_irq_clear();
        stats_add(stats, INTERRUPTS, 1);
    }
    serve(interrupted || channel == config->rx.channel,
          channel == config->tx.channel || (interrupted && sent_wanted));
    stats_set(stats, DEVICE_ERRORS, net_device_errors());
    stats_set(stats, VIOLATIONS, rx.violations + tx.violations);
    stats_add(stats, ACTIVATIONS, 1);
    stats_set(stats, SIGNALS, signals.sent);
    if (interrupted) {
        microkit_irq_ack(channel);
    }
    signal_end(&signals);
}
