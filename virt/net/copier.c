/* SPDX-License-Identifier: BSD-2-Clause */
/* Copier of the network class: gives one client its received frames in buffers of its own, so that
 * it never sees the device's receive region, where other clients' frames lie. Runs as one PD per
 * client that is not trusted with that region. Maps the device's data for reading, the client's for
 * writing; trusted for confidentiality, trusts nobody's offsets.
 *
 * Frames go back to the virtualiser at once, whatever the client does: a client that gives no empty
 * buffers loses its own frames only. */
#include <base/signal.h>
#include <mem/mem.h>
#include <microkit.h>
#include <sddf/log.h>
#include <sddf/net.h>
#include <sddf/stats.h>

static const struct net_copier_config *config;
static struct connection virt, client;
static struct signals signals;
static struct stats_page *stats;

enum counter {
    FRAMES,
    BYTES,
    DROP_NO_BUFFER,
    BAD_VIRT_FRAME,
    BAD_CLIENT_BUFFER,
    VIOLATIONS,
    ACTIVATIONS,
    SIGNALS,
    COUNTERS
};

static const char *const counter_names[COUNTERS] = {
    "frames",     "bytes",       "drop_no_buffer", "bad_virt_frame", "bad_client_buffer",
    "violations", "activations", "signals",
};

/* True if a frame of `length` bytes at `offset` lies in one buffer of the region. */
static bool within(const struct config_region *region, uint64_t offset, uint32_t length)
{
    return offset % config->buffer_size == 0 && length <= config->buffer_size &&
           offset < region->size && region->size - offset >= config->buffer_size;
}

/* The client's next empty buffer; one that is not within its region is counted and forgotten, and
 * at most a burst of such is looked through. */
static bool client_buffer(struct net_desc *buffer)
{
    for (uint32_t tries = 0; tries < NET_BURST; tries++) {
        if (net_get(&client, buffer, 1) == 0 &&
            (queue_available(&client) == 0 || net_get(&client, buffer, 1) == 0)) {
            return false;
        }
        if (within(&config->client_data, buffer->address, 0)) {
            return true;
        }
        stats_add(stats, BAD_CLIENT_BUFFER, 1);
    }
    return false;
}

/* Copies one frame to the client, if the client has room for it. Returns its bytes, 0 = dropped. */
static uint32_t copy(const struct net_desc *frame)
{
    struct net_desc buffer;
    if (frame->length == 0 || !within(&config->virt_data, frame->address, frame->length)) {
        stats_add(stats, BAD_VIRT_FRAME, 1);
        return 0;
    }
    if (queue_space(&client, 1) == 0 || !client_buffer(&buffer)) {
        stats_add(stats, DROP_NO_BUFFER, 1);
        return 0;
    }
    memcpy((void *)(uintptr_t)(config->client_data.address + buffer.address),
           (const void *)(uintptr_t)(config->virt_data.address + frame->address), frame->length);
    buffer.length = frame->length;
    buffer.flags = frame->flags;
    buffer.meta = frame->meta;
    net_put(&client, &buffer, 1);
    return frame->length;
}

static uint32_t from_virt(void)
{
    struct net_desc frames[NET_BURST];
    uint64_t bytes = 0, copied = 0;
    uint32_t space = queue_space(&virt, NET_BURST);
    if (space == 0 || queue_available(&virt) == 0) {
        return 0;
    }
    uint32_t count = net_get(&virt, frames, space < NET_BURST ? space : NET_BURST);
    queue_release(&virt);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t length = copy(&frames[i]);
        bytes += length;
        copied += length != 0;
    }
    net_put(&virt, frames, count);
    queue_publish(&virt);
    queue_publish(&client);
    queue_release(&client);
    stats_add(stats, FRAMES, copied);
    stats_add(stats, BYTES, bytes);
    return count;
}

static void connection_check(struct connection *c, uint32_t channel)
{
    if (connection_poll(c) == CONNECTION_RESTARTED && connection_adopt(c)) {
        signal_peer(&signals, channel);
        connection_poll(c);
    }
}

static void serve(void)
{
    connection_check(&virt, config->virt.channel);
    connection_check(&client, config->client.channel);
    do {
        while (from_virt() != 0) { /* bounded: the virtualiser limits what we hold */
            signal_now(&signals);  /* of the round before */
            if (queue_signal(&virt)) {
                signal_peer(&signals, config->virt.channel);
            }
            if (queue_signal(&client)) {
                signal_peer(&signals, config->client.channel);
            }
        }
    } while (queue_space(&virt, 1) != 0 && !queue_arm(&virt, 1));

    stats_set(stats, VIOLATIONS, virt.violations + client.violations);
    stats_add(stats, ACTIVATIONS, 1);
    stats_set(stats, SIGNALS, signals.sent);
}

void init(void)
{
    config = config_get(CONFIG_NET_COPIER, NET_CONFIG_VERSION, sizeof(*config));
    stats = (struct stats_page *)(uintptr_t)config->header.stats;
    stats_open(stats, config->header.instance, counter_names, COUNTERS);
    if (config->buffer_size < NET_BUFFER_SIZE || config->buffer_size > UINT16_MAX) {
        config_refuse("the buffer size is not within 2048 and 65535");
    }
    if (!config_connect(&virt, &config->virt) || !config_connect(&client, &config->client)) {
        config_refuse("a queue's capacity is not a power of two up to 65536");
    }
    signal_peer(&signals, config->virt.channel);
    signal_peer(&signals, config->client.channel);
    serve();
    signal_end(&signals);
}

void notified(microkit_channel channel)
{
    (void)channel;
    serve();
    signal_end(&signals);
}
