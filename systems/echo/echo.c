/* SPDX-License-Identifier: BSD-2-Clause */
/* The echo client: answers ARP, ping, and UDP to port 1235 with what it got. Runs as one PD per
 * client of the network; owns its data region; trusts nobody's packets. */
#include <microkit.h>
#include <net/client_answer.h>
#include <net/predicted.h>
#include <sddf/log.h>
#include <sddf/stats.h>
#include <serial/log.h>

#include "report.h"

enum { ECHO_PORT = 1235 }; /* ipbench's echo target, as in the talk */

/* A datagram from an echo port (ours, or RFC 862's) is not answered: with a forged source, two echo
 * servers would keep each other busy for ever. */
static inline bool is_for_us(uint16_t source_port, uint16_t destination_port)
{
    return destination_port == ECHO_PORT && source_port != ECHO_PORT && source_port != 7;
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
static uint64_t replied; /* to ARP and ping */
static struct stats_page *stats;

/* Whatever comes. Its headers are kept for the short way of the next where one can be used. */
static __attribute__((noinline)) uint32_t answer_any(const uint8_t *frame, uint32_t length,
                                                     uint8_t *answer)
{
    struct net_frame out = {.data = answer, .capacity = config->buffer_size};
    struct net_udp_datagram datagram;
    switch (net_stack_receive(&stack, frame, length, &out, &datagram)) {
    case NET_STACK_REPLY:
        replied++;
        return (uint32_t)out.size;
    case NET_STACK_UDP:
        if (!is_for_us(datagram.source_port, datagram.destination_port)) {
            stats_add(stats, DROP_PORT, 1);
            return 0;
        }
        if (answer == frame) {
            net_stack_predict(&stack, frame, &datagram);
        }
        if (!net_stack_udp_echo(&stack, &datagram, &out)) {
            break;
        }
        return (uint32_t)out.size;
    case NET_STACK_CONSUMED:
        return 0;
    case NET_STACK_DROPPED:
        break;
    }
    stats_add(stats, OWN_COUNTERS + (uint32_t)stack.last_drop, 1);
    return 0;
}

/* A datagram as expected is echoed the short way, in place. */
static inline __attribute__((always_inline)) uint32_t answer(const uint8_t *frame, uint32_t length,
                                                             uint8_t *answer_at)
{
    struct net_predicted datagram;
    if (answer_at == frame && net_predicted_receive(&stack, frame, length, &datagram) &&
        is_for_us(net_predicted_source_port(&datagram),
                  net_predicted_destination_port(&datagram))) {
        return net_predicted_echo(&stack, &datagram, answer_at);
    }
    return answer_any(frame, length, answer_at);
}

static inline __attribute__((always_inline)) void serve(void)
{
    net_client_begin(&net);
    do {
        if (net_client_answer(&net, answer) == 0) {
            report();
        }
        net_client_push(&net);
        stats_set(stats, ECHOED, stack.echoed_predicted + stack.built - replied);
        stats_set(stats, REPLIED, replied);
    } while (!net_client_may_wait(&net));

    stats_set(stats, DROP_NO_BUFFER, net.no_buffer);
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
