/* SPDX-License-Identifier: BSD-2-Clause */
/* Client library of the network class (client.h). Runs in the client's PD; owns the client's sides
 * of its two connections and knows who holds each of its buffers. */
#include <net/client.h>

static void take_back(struct net_client *net, uint32_t buffer)
{
    net->holder[buffer] = NET_HELD_FREE;
    net->free[net->free_count++] = (uint16_t)buffer;
}

/* The buffer of tx_data at `offset`, if `holder` has it. */
static bool buffer_of(struct net_client *net, uint64_t offset, enum net_client_holder holder,
                      uint32_t *buffer)
{
    uint64_t number = offset / net->config->buffer_size;
    if (offset % net->config->buffer_size != 0 || number >= net->buffer_count ||
        net->holder[number] != holder) {
        net->bad_returns++;
        return false;
    }
    *buffer = (uint32_t)number;
    return true;
}

/* Sent buffers come back. */
static void collect(struct net_client *net)
{
    struct net_desc buffers[NET_BURST];
    uint32_t count, buffer;
    if (queue_available(&net->tx) == 0) {
        return;
    }
    while ((count = net_get(&net->tx, buffers, NET_BURST)) != 0) {
        for (uint32_t i = 0; i < count; i++) {
            if (buffer_of(net, buffers[i].address, NET_HELD_TX, &buffer)) {
                take_back(net, buffer);
            }
        }
    }
    queue_release(&net->tx);
}

/* Keeps the copier supplied with empty buffers. */
static void supply(struct net_client *net)
{
    while (net->at_copier < net->config->rx_buffers && net->free_count != 0 &&
           queue_space(&net->rx, 1) != 0) {
        uint32_t buffer = net->free[--net->free_count];
        struct net_desc empty = {.address = (uint64_t)buffer * net->config->buffer_size,
                                 .length = (uint16_t)net->config->buffer_size};
        net->holder[buffer] = NET_HELD_COPIER;
        net->at_copier++;
        net_put(&net->rx, &empty, 1);
    }
}

/* A peer that starts anew has forgotten what it held. What the transmit virtualiser had may still
 * be in flight; it says so by refusing it and returns it later. */
static void reclaim(struct net_client *net, enum net_client_holder holder)
{
    for (uint32_t buffer = 0; buffer < net->buffer_count; buffer++) {
        if (net->holder[buffer] == holder) {
            take_back(net, buffer);
        }
    }
}

static void connections_check(struct net_client *net)
{
    if (connection_poll(&net->rx) == CONNECTION_RESTARTED) {
        reclaim(net, NET_HELD_COPIER);
        net->at_copier = 0;
        if (connection_adopt(&net->rx)) {
            signal_peer(&net->signals, net->config->rx.channel);
            connection_poll(&net->rx);
        }
    }
    if (connection_poll(&net->tx) == CONNECTION_RESTARTED) {
        reclaim(net, NET_HELD_TX);
        if (connection_adopt(&net->tx)) {
            signal_peer(&net->signals, net->config->tx.channel);
            connection_poll(&net->tx);
        }
    }
}

const char *net_client_open(struct net_client *net, const struct net_client_config *config)
{
    *net = (struct net_client){.config = config};
    uint32_t size = config->buffer_size;
    if (size < NET_BUFFER_SIZE || size > UINT16_MAX ||
        config->tx_data.size / size > NET_BUFFERS_MAX) {
        return "the buffers are not of 2048 to 65535 bytes, or more than 4096";
    }
    net->buffer_count = (uint32_t)(config->tx_data.size / size);
    if (config->rx_buffers > net->buffer_count ||
        (config->rx_buffers != 0 && config->rx_data.address != config->tx_data.address)) {
        return "with a copier, both directions share one data region";
    }
    if (!config_connect(&net->rx, &config->rx) || !config_connect(&net->tx, &config->tx)) {
        return "a queue's capacity is not a power of two up to 65536";
    }
    for (uint32_t buffer = net->buffer_count; buffer > 0; buffer--) {
        take_back(net, buffer - 1);
    }
    signal_peer(&net->signals, config->rx.channel);
    signal_peer(&net->signals, config->tx.channel);
    return NULL;
}

void net_client_begin(struct net_client *net)
{
    connections_check(net);
    collect(net);
    supply(net);
    queue_publish(&net->rx);
}

uint32_t net_client_receive(struct net_client *net, struct net_desc *frames, uint32_t count_max)
{
    uint32_t good = 0, buffer;
    if (queue_available(&net->rx) == 0) {
        return 0;
    }
    uint32_t count = net_get(&net->rx, frames, count_max);
    queue_release(&net->rx);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t offset = frames[i].address;
        if (frames[i].length > net->config->buffer_size) {
            net->bad_returns++;
            frames[i].length = 0; /* still a buffer: whoever reads no frame in it returns it */
        }
        if (!net_client_in_place(net)) {
            bool within = offset < net->config->rx_data.size &&
                          net->config->rx_data.size - offset >= frames[i].length;
            net->bad_returns += !within;
            frames[good] = frames[i];
            good += within;
        } else if (buffer_of(net, offset, NET_HELD_COPIER, &buffer)) {
            net->holder[buffer] = NET_HELD_CLIENT;
            net->at_copier--;
            frames[good++] = frames[i];
        }
    }
    return good;
}

void net_client_return(struct net_client *net, const struct net_desc *frame)
{
    if (net_client_in_place(net)) {
        net_client_release(net, frame);
    } else {
        struct net_desc empty = {.address = frame->address};
        net_put(&net->rx, &empty, queue_space(&net->rx, 1) != 0);
    }
}

void net_client_release(struct net_client *net, const struct net_desc *buffer)
{
    uint32_t number;
    if (buffer_of(net, buffer->address, NET_HELD_CLIENT, &number)) {
        take_back(net, number);
    }
}

bool net_client_buffer(struct net_client *net, struct net_desc *buffer)
{
    if (net->free_count == 0) {
        collect(net);
    }
    if (net->free_count == 0) {
        return false;
    }
    uint32_t number = net->free[--net->free_count];
    net->holder[number] = NET_HELD_CLIENT;
    *buffer = (struct net_desc){.address = (uint64_t)number * net->config->buffer_size};
    return true;
}

void net_client_send(struct net_client *net, const struct net_desc *frame)
{
    uint32_t buffer;
    if (!buffer_of(net, frame->address, NET_HELD_CLIENT, &buffer)) {
        return;
    }
    if (queue_space(&net->tx, 1) == 0) { /* only while the virtualiser is down */
        net->tx_down++;
        take_back(net, buffer);
        return;
    }
    net->holder[buffer] = NET_HELD_TX;
    net_put(&net->tx, frame, 1);
}

void net_client_push(struct net_client *net)
{
    supply(net);
    queue_publish(&net->tx);
    queue_publish(&net->rx);
    if (queue_signal(&net->rx)) {
        signal_peer(&net->signals, net->config->rx.channel);
    }
    if (queue_signal(&net->tx)) {
        signal_peer(&net->signals, net->config->tx.channel);
    }
}

/* Sent buffers are worth a wake only when the client runs short of them; then the transmit
 * virtualiser, which returns them lazily, is told. */
bool net_client_may_wait(struct net_client *net)
{
    collect(net);
    net_client_push(net);
    bool nothing = queue_arm(&net->rx, 1);
    bool in_flight = net->free_count + net->at_copier < net->buffer_count;
    bool is_short = net->free_count == 0 && net->at_copier <= net->config->rx_buffers / 2;
    if (net->tx.ready && in_flight && is_short) {
        nothing &= queue_arm(&net->tx, 1);
        signal_peer(&net->signals, net->config->tx.channel);
    }
    return nothing;
}

void net_client_end(struct net_client *net)
{
    signal_end(&net->signals);
}
