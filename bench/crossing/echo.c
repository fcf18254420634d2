/* SPDX-License-Identifier: BSD-2-Clause */
/* An echo client whose received frames make a detour: each descriptor goes into a chain of hops
 * (hop.c), and the frame is answered when it comes out at the end. Without a chain it is answered
 * at once. Owns its data region; trusts nobody's packets, nor what the chain gives back. */
#include "link.h"

#include <microkit.h>
#include <net/client.h>
#include <net/stack.h>
#include <sddf/stats.h>

enum { ECHO_PORT = 1235 };

enum counter { ECHOED, DROP_NO_BUFFER, DROP_CHAIN, BAD_CHAIN_FRAME, DROPPED, COUNTERS };

static const char *const counter_names[COUNTERS] = {"udp_echoed", "drop_no_buffer", "drop_chain",
                                                    "bad_chain_frame", "dropped"};

LINK(first);
LINK(last);
static bool chained;
static const struct net_client_config *config;
static struct net_client net;
static struct net_stack stack;
static struct stats_page *stats;

static bool answer(const uint8_t *frame, size_t size, struct net_frame *out)
{
    struct net_udp_datagram datagram;
    enum net_stack_verdict verdict = net_stack_receive(&stack, frame, size, out, &datagram);
    if (verdict == NET_STACK_UDP && datagram.destination_port == ECHO_PORT &&
        datagram.source_port != ECHO_PORT && net_stack_udp_echo(&stack, &datagram, out)) {
        stats_add(stats, ECHOED, 1);
        return true;
    }
    stats_add(stats, DROPPED, verdict == NET_STACK_DROPPED || verdict == NET_STACK_UDP);
    return verdict == NET_STACK_REPLY;
}

/* With a copier the answer is built where the frame lies; without, in a buffer of our own. */
static void handle(const struct net_desc *frame)
{
    struct net_desc reply = *frame;
    bool in_place = net_client_in_place(&net);
    if (!in_place && !net_client_buffer(&net, &reply)) {
        stats_add(stats, DROP_NO_BUFFER, 1);
        net_client_return(&net, frame);
        return;
    }
    struct net_frame out = {.data = net_client_data(&net, &reply), .capacity = config->buffer_size};
    bool answered = answer(net_client_received(&net, frame), frame->length, &out);
    reply.length = (uint16_t)out.size;
    if (answered) {
        net_client_send(&net, &reply);
    } else if (!in_place) {
        net_client_release(&net, &reply);
    }
    if (!in_place || !answered) {
        net_client_return(&net, frame);
    }
}

/* Frames that the network gave: into the chain. */
static void send_round(const struct net_desc *frames, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (queue_space(&first, 1) == 0) { /* the first hop is not there yet */
            stats_add(stats, DROP_CHAIN, 1);
            net_client_return(&net, &frames[i]);
            continue;
        }
        net_put_one(&first, frames[i]);
    }
    queue_publish(&first);
    if (queue_signal(&first)) {
        signal_peer(&net.signals, (uint32_t)first_channel);
    }
}

/* Frames that come out of the chain: answered. */
static void take_round(void)
{
    uint32_t number;
    uint32_t count = net_available(&last);
    for (uint32_t i = 0; i < count; i++) {
        struct net_desc frame = net_get_one(&last);
        if (!net_frame_fits(&net.buffers, frame.length) ||
            !net_buffer_at(&net.buffers, frame.address, &number)) {
            stats_add(stats, BAD_CHAIN_FRAME, 1);
            continue;
        }
        handle(&frame);
    }
    queue_release(&last);
}

static bool may_wait(void)
{
    bool network = net_client_may_wait(&net);
    return (!chained || queue_arm(&last, 1)) && network;
}

static void serve(void)
{
    struct net_desc frames[NET_BURST];
    net_client_begin(&net);
    if (chained) {
        peer_check(&first, &net.signals, (uint32_t)first_channel);
        peer_check(&last, &net.signals, (uint32_t)last_channel);
    }
    do {
        uint32_t count = net_client_receive(&net, frames, NET_BURST);
        if (chained) {
            send_round(frames, count);
            take_round();
        }
        for (uint32_t i = 0; i < count && !chained; i++) {
            handle(&frames[i]);
        }
        net_client_push(&net);
    } while (!may_wait());
}

static uint32_t address_value(const uint8_t ip[4])
{
    return (uint32_t)ip[0] << 24 | (uint32_t)ip[1] << 16 | (uint32_t)ip[2] << 8 | ip[3];
}

void init(void)
{
    config = config_get(CONFIG_NET_CLIENT, NET_CONFIG_VERSION, sizeof(*config));
    stats = (struct stats_page *)(uintptr_t)config->header.stats;
    stats_open(stats, config->header.instance, counter_names, COUNTERS);
    const struct net_stack_config host = {
        .mac = net_mac_read(config->mac),
        .address = address_value(config->ip),
        .prefix_length = config->prefix_length,
    };
    const char *wrong = net_client_open(&net, config);
    if (wrong == NULL) {
        wrong = net_stack_init(&stack, &host);
    }
    if (wrong == NULL && LINK_OPEN(first)) {
        chained = LINK_OPEN(last);
        wrong = !chained ? "the chain has a beginning and no end"
                : net_client_in_place(&net)
                    ? NULL
                    : "a chain wants a copier, whose frames are ours to keep";
    }
    if (wrong != NULL) {
        config_refuse(wrong);
    }
    if (chained) {
        signal_peer(&net.signals, (uint32_t)first_channel);
        signal_peer(&net.signals, (uint32_t)last_channel);
    }
    notified(config->rx.channel); /* as if a peer had called */
}

void notified(microkit_channel channel)
{
    (void)channel;
    serve();
    net_client_end(&net);
}
