/* SPDX-License-Identifier: BSD-2-Clause */
/* Copier of the network class: gives one client its received frames in buffers of its own, so that
 * it never sees the device's receive region, where other clients' frames lie. Runs as one PD per
 * client that is not trusted with that region. Maps the device's data for reading, the client's for
 * writing; trusted for confidentiality, trusts nobody's offsets.
 *
 * Frames go back to the virtualiser at once, whatever the client does: a client that gives no empty
 * buffers loses its own frames only. */
#include <base/peer.h>
#include <mem/mem.h>
#include <microkit.h>
#include <sddf/log.h>
#include <sddf/net.h>
#include <sddf/stats.h>

static const struct net_copier_config *config;
static struct connection virt, client;
static struct net_buffers virt_buffers, client_buffers;
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

/* The offset of the client's next empty buffer. One that is not within its region is counted and
 * forgotten; at most a burst of such is looked through. */
static bool client_buffer(uint64_t *offset)
{
    uint32_t number;
    for (uint32_t tries = 0; tries < NET_BURST; tries++) {
        if (queue_left(&client) == 0 && queue_available(&client) == 0) {
            return false;
        }
        *offset = net_get_one(&client).address;
        if (net_buffer_at(&client_buffers, *offset, &number)) {
            return true;
        }
        stats_add(stats, BAD_CLIENT_BUFFER, 1);
    }
    return false;
}

/* Copies one frame to the client, if the client has room for it. Returns its bytes, 0 = dropped. */
static uint32_t copy(struct net_desc frame)
{
    uint64_t to;
    uint32_t number;
    if (!net_frame_fits(&virt_buffers, frame.length) ||
        !net_buffer_at(&virt_buffers, frame.address, &number)) {
        stats_add(stats, BAD_VIRT_FRAME, 1);
        return 0;
    }
    if (queue_space(&client, 1) == 0 || !client_buffer(&to)) {
        stats_add(stats, DROP_NO_BUFFER, 1);
        return 0;
    }
    memcpy((void *)(uintptr_t)(config->client_data.address + to),
           (const void *)(uintptr_t)(config->virt_data.address + frame.address), frame.length);
    net_put_one(&client, (struct net_desc){.address = to,
                                           .length = frame.length,
                                           .flags = frame.flags,
                                           .meta = frame.meta});
    return frame.length;
}

/* A burst of the virtualiser's frames: to the client, and back. True if there are more. */
static bool serve_burst(void)
{
    uint64_t bytes = 0, copied = 0;
    uint32_t count = net_available(&virt);
    if (count == 0) {
        return false;
    }
    uint32_t space = queue_space(&virt, count);
    count = count < space ? count : space;
    for (uint32_t i = 0; i < count; i++) {
        struct net_desc frame = net_get_one(&virt);
        uint32_t length = copy(frame);
        bytes += length;
        copied += length != 0;
        net_put_one(&virt, frame);
    }
    queue_release(&virt);
    queue_publish(&virt);
    queue_publish(&client);
    queue_release(&client);
    if (queue_signal(&virt)) {
        signal_peer(&signals, config->virt.channel);
    }
    if (queue_signal(&client)) {
        signal_peer(&signals, config->client.channel);
    }
    stats_add(stats, FRAMES, copied);
    stats_add(stats, BYTES, bytes);
    return count == NET_BURST && queue_left(&virt) != 0;
}

/* Asks for the wake that is needed; true if there is nothing to do now. */
static bool may_wait(void)
{
    return queue_space(&virt, 1) == 0 || queue_arm(&virt, 1);
}

static inline __attribute__((always_inline)) void serve(void)
{
    peer_check(&virt, &signals, config->virt.channel);
    peer_check(&client, &signals, config->client.channel);
    while (serve_burst() || !may_wait()) { /* bounded: the virtualiser limits what we hold */
        signal_now(&signals);
    }

    stats_set(stats, VIOLATIONS, virt.violations + client.violations);
    stats_add(stats, ACTIVATIONS, 1);
    stats_set(stats, SIGNALS, signals.sent);
}

void init(void)
{
    config = config_get(CONFIG_NET_COPIER, NET_CONFIG_VERSION, sizeof(*config));
    stats = (struct stats_page *)(uintptr_t)config->header.stats;
    stats_open(stats, config->header.instance, counter_names, COUNTERS);
    const char *wrong =
        net_buffers_open(&virt_buffers, config->virt_data.size, config->buffer_size);
    if (wrong == NULL) {
        wrong = net_buffers_open(&client_buffers, config->client_data.size, config->buffer_size);
    }
    if (wrong != NULL) {
        config_refuse(wrong);
    }
    if (config->virt_data.address - config->client_data.address < config->client_data.size ||
        config->client_data.address - config->virt_data.address < config->virt_data.size) {
        config_refuse("the client's buffers lie over the device's");
    }
    if (!config_connect(&virt, &config->virt) || !config_connect(&client, &config->client)) {
        config_refuse("a queue's capacity is not a power of two up to 65536");
    }
    signal_peer(&signals, config->virt.channel);
    signal_peer(&signals, config->client.channel);
    notified(config->virt.channel); /* as if a peer had called */
}

void notified(microkit_channel channel)
{
    (void)channel;
    serve();
    signal_end(&signals);
}
