/* SPDX-License-Identifier: BSD-2-Clause */
/* The serial driver's event loop, the same for every device (device.h). Runs as one PD per device;
 * owns the device and its sides of two connections, to the receive and to the transmit virtualiser.
 * Trusts nobody's indices, and no count of a chunk.
 *
 * Purely reactive. Where the receive virtualiser's queue is full, bytes stay in the device, which
 * holds the line's other end up or loses them and says so; where the device is full, chunks stay in
 * the transmit virtualiser's queue. So a device that never runs out of bytes fills one queue, and
 * then the driver waits. */
#include "device.h"

#include <base/peer.h>
#include <microkit.h>
#include <sddf/log.h>
#include <sddf/stats.h>

static const struct serial_driver_config *config;
static struct connection rx, tx;
static struct signals signals;
static struct stats_page *stats;
static struct serial_chunk sending; /* taken from the queue */
static uint32_t sent;               /* bytes of it that the device took */

enum counter {
    RX_BYTES,
    TX_BYTES,
    DEVICE_ERRORS,
    BAD_CHUNKS,
    VIOLATIONS,
    ACTIVATIONS,
    INTERRUPTS,
    SIGNALS,
    COUNTERS
};

static const char *const counter_names[COUNTERS] = {
    "rx_bytes",   "tx_bytes",    "device_errors", "bad_chunks",
    "violations", "activations", "interrupts",    "signals",
};

/* What came in, to the receive virtualiser; a burst at most. True if there may be more. */
static bool rx_take(void)
{
    uint8_t bytes[SERIAL_BURST * SERIAL_CHUNK_BYTES];
    uint32_t space = queue_space(&rx, SERIAL_BURST);
    space = space < SERIAL_BURST ? space : SERIAL_BURST;
    uint32_t count = serial_device_receive(bytes, space * SERIAL_CHUNK_BYTES);
    if (count == 0) {
        return false;
    }
    (void)serial_put(&rx, bytes, count);
    queue_publish(&rx);
    stats_add(stats, RX_BYTES, count);
    return count == space * SERIAL_CHUNK_BYTES;
}

/* True if there is something to send: what is left of the last chunk, or the next of `*left`. A
 * flush says nothing to a device. */
static bool tx_next(uint32_t *left)
{
    while (sent == sending.count && *left != 0) {
        *left -= 1;
        sent = 0;
        if (!serial_get_chunk(&tx, &sending)) {
            stats_add(stats, BAD_CHUNKS, 1);
            sending.count = 0;
        }
    }
    return sent != sending.count;
}

/* From the transmit virtualiser to the device, until it is full or a burst is over. True if there
 * is more for it. */
static bool tx_send(void)
{
    uint64_t bytes = 0;
    bool full = false;
    uint32_t left = queue_available(&tx);
    for (uint32_t i = 0; i < SERIAL_BURST && !full && tx_next(&left); i++) {
        uint32_t taken = serial_device_send(sending.bytes + sent, sending.count - sent);
        sent += taken;
        bytes += taken;
        full = sent != sending.count;
    }
    queue_release(&tx);
    stats_add(stats, TX_BYTES, bytes);
    return !full && left != 0;
}

static bool serve_burst(void)
{
    bool more = rx_take();
    more |= tx_send();
    serial_device_commit();
    if (queue_signal_space(&tx)) {
        signal_peer(&signals, config->tx.channel);
    }
    if (queue_signal(&rx)) {
        signal_peer(&signals, config->rx.channel);
    }
    return more;
}

/* Asks for every wake that is needed. True if there is nothing to do now. */
static bool may_wait(void)
{
    bool rx_full = queue_space(&rx, 1) == 0;
    bool tx_full = sent != sending.count; /* then only the device helps */
    bool idle = !rx_full || queue_arm_space(&rx, 1);
    idle &= tx_full || queue_arm(&tx, 1);
    return serial_device_wait(!rx_full, tx_full) && idle;
}

static void serve(void)
{
    peer_check(&rx, &signals, config->rx.channel);
    peer_check(&tx, &signals, config->tx.channel);
    while (serve_burst() || !may_wait()) {
        signal_now(&signals);
    }
    stats_set(stats, DEVICE_ERRORS, serial_device_errors());
    stats_set(stats, VIOLATIONS, rx.violations + tx.violations);
    stats_add(stats, ACTIVATIONS, 1);
    stats_set(stats, SIGNALS, signals.sent);
}

void init(void)
{
    config = config_get(CONFIG_SERIAL_DRIVER, SERIAL_CONFIG_VERSION, sizeof(*config));
    stats = (struct stats_page *)(uintptr_t)config->header.stats;
    stats_open(stats, config->header.instance, counter_names, COUNTERS);
    if (!config_connect(&rx, &config->rx) || !config_connect(&tx, &config->tx)) {
        config_refuse("a queue's capacity is not a power of two up to 65536");
    }
    const char *why = serial_device_start(config);
    if (why != NULL) {
        log_line(why);
        log_stop();
    }
    signal_peer(&signals, config->rx.channel);
    signal_peer(&signals, config->tx.channel);
    notified(config->rx.channel); /* as if a peer had called */
}

void notified(microkit_channel channel)
{
    bool interrupted = channel == config->irq_channel;
    if (interrupted) {
        serial_device_irq_clear();
        stats_add(stats, INTERRUPTS, 1);
    }
    serve();
    if (interrupted) {
        microkit_irq_ack(channel);
    }
    signal_end(&signals);
}
