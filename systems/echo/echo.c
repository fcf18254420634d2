/* SPDX-License-Identifier: BSD-2-Clause */
/* The echo client: answers ARP, ping, and UDP to port 1235 with what it got. Runs as one PD per
 * client of the network; owns its data region; trusts nobody's packets. */
#include <microkit.h>
#include <net/client.h>
#include <net/stack.h>
#include <sddf/log.h>
#include <sddf/stats.h>
#include <serial/log.h>

#include "report.h"

enum { ECHO_PORT = 1235 }; /* ipbench's echo target, as in the talk */

/* A datagram from an echo port (ours, or RFC 862's) is not answered: with a forged source, two echo
 * servers would keep each other busy for ever. */
static bool may_loop(uint16_t source_port)
{
    return source_port == ECHO_PORT || source_port == 7;
}

enum {
    ECHOED,
    REPLIED,
    DROP_PORT,
    DROP_NO_BUFFER,
    DROP_TX_DOWN,
    BAD_RETURNS,
    ACTIVATIONS,
    SIGNALS,
    OWN_COUNTERS
};
enum { COUNTERS = OWN_COUNTERS + NET_REASON_COUNT };

static const char *counter_names[COUNTERS] = {
    "udp_echoed",   "replied",     "drop_port",   "drop_no_buffer",
    "drop_tx_down", "bad_returns", "activations", "signals",
};

static const struct net_client_config *config;
static struct net_client net;
static struct net_stack stack;
static struct stats_page *stats;

/* Answers one frame in the buffer `out`, which may be the frame's own. True if there is an answer,
 * of out->size bytes. */
static bool answer(const uint8_t *frame, size_t size, struct net_frame *out)
{
    struct net_udp_datagram datagram;
    switch (net_stack_receive(&stack, frame, size, out, &datagram)) {
    case NET_STACK_REPLY:
        stats_add(stats, REPLIED, 1);
        return true;
    case NET_STACK_UDP:
        if (datagram.destination_port != ECHO_PORT || may_loop(datagram.source_port)) {
            stats_add(stats, DROP_PORT, 1);
            return false;
        }
        if (!net_stack_udp_echo(&stack, &datagram, out)) {
            break;
        }
        stats_add(stats, ECHOED, 1);
        return true;
    case NET_STACK_CONSUMED:
        return false;
    case NET_STACK_DROPPED:
        break;
    }
    stats_add(stats, OWN_COUNTERS + (uint32_t)stack.last_drop, 1);
    return false;
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
    }
    if (!in_place || !answered) {
        net_client_return(&net, frame);
    }
    if (!in_place && !answered) {
        net_client_release(&net, &reply);
    }
}

static inline __attribute__((always_inline)) void serve(void)
{
    struct net_desc frames[NET_BURST];
    uint32_t count;
    net_client_begin(&net);
    do {
        count = net_client_receive(&net, frames, NET_BURST);
        if (count == 0) {
            report();
        }
        for (uint32_t i = 0; i < count; i++) {
            handle(&frames[i]);
        }
        net_client_push(&net);
    } while (!net_client_may_wait(&net));

    stats_set(stats, DROP_TX_DOWN, net.tx_down);
    stats_set(stats, BAD_RETURNS, net.bad_returns);
    stats_add(stats, ACTIVATIONS, 1);
    stats_set(stats, SIGNALS, net.signals.sent);
}

static uint32_t address_value(const uint8_t ip[4])
{
    return (uint32_t)ip[0] << 24 | (uint32_t)ip[1] << 16 | (uint32_t)ip[2] << 8 | ip[3];
}

void init(void)
{
    (void)serial_log_open();
    config = config_get(CONFIG_NET_CLIENT, NET_CONFIG_VERSION, sizeof(*config));
    stats = (struct stats_page *)(uintptr_t)config->header.stats;
    for (uint32_t reason = 0; reason < NET_REASON_COUNT; reason++) {
        counter_names[OWN_COUNTERS + reason] = net_reason_name((enum net_reason)reason);
    }
    stats_open(stats, config->header.instance, counter_names, COUNTERS);

    const char *wrong = net_client_open(&net, config);
    if (wrong == NULL) {
        wrong = net_stack_init(&stack, &(struct net_stack_config){
                                           .mac = net_mac_read(config->mac),
                                           .address = address_value(config->ip),
                                           .prefix_length = config->prefix_length,
                                           .gateway = address_value(config->gateway),
                                       });
    }
    if (wrong != NULL) {
        config_refuse(wrong);
    }
    report_open(config, stats, ECHOED);
    notified(config->rx.channel); /* as if a peer had called */
}

void notified(microkit_channel channel)
{
    (void)channel;
    serve();
    net_client_end(&net);
}
