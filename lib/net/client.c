/* SPDX-License-Identifier: BSD-2-Clause */
/* Client library of the network class (client.h). Runs in the client's PD; owns the client's sides
 * of its two connections and knows who holds each of its buffers. */
#include <net/client_answer.h>

static void take_back(struct net_client *net, uint32_t buffer)
{
    net->holder[buffer] = NET_HELD_FREE;
    net->free[net->free_count++] = (uint16_t)buffer;
}

/* The buffer of tx_data at `offset`, if `holder` has it. */
static bool buffer_of(struct net_client *net, uint64_t offset, enum net_client_holder holder,
                      uint32_t *buffer)
{
    if (!net_buffer_at(&net->buffers, offset, buffer) || net->holder[*buffer] != holder) {
        net->bad_returns++;
        return false;
    }
    return true;
}

/* The next `count` sent buffers, of those that queue_available() has found, come back; with them
 * all that were taken before are released. */
static void collect(struct net_client *net, uint32_t count)
{
    uint32_t buffer;
    for (uint32_t i = 0; i < count; i++) {
        if (buffer_of(net, net_get_one(&net->tx).address, NET_HELD_TX, &buffer)) {
            take_back(net, buffer);
        }
    }
    queue_release(&net->tx);
}

static inline void give_copier(struct net_client *net, uint32_t buffer)
{
    net->holder[buffer] = NET_HELD_COPIER;
    net_put_one(&net->rx, (struct net_desc){.address = net_buffer_offset(&net->buffers, buffer),
                                            .length = (uint16_t)net->config->buffer_size});
}

/* The same, but they go straight on to the copier. Returns how many. */
static inline uint32_t recycle(struct net_client *net, uint32_t count)
{
    const uint16_t size = (uint16_t)net->config->buffer_size;
    uint32_t buffer, given = 0;
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t offset = net_get_one(&net->tx).address;
        if (buffer_of(net, offset, NET_HELD_TX, &buffer)) {
            net->holder[buffer] = NET_HELD_COPIER;
            net_put_one(&net->rx, (struct net_desc){.address = offset, .length = size});
            given++;
        }
    }
    return given;
}

/* Sent buffers come back, and the copier is kept supplied with empty ones, without publishing: with
 * those first, then with what is at hand. */
static inline void supply(struct net_client *net)
{
    uint32_t wanted = net->config->rx_buffers - net->at_copier;
    if (wanted != 0) {
        const uint32_t space = queue_space(&net->rx, wanted);
        wanted = wanted < space ? wanted : space;
    }
    const uint32_t sent = queue_available(&net->tx);
    const uint32_t direct = sent < wanted ? sent : wanted;
    uint32_t given = 0;
    if (sent != 0) {
        given = recycle(net, direct);
        collect(net, sent - direct);
    }
    for (; given < wanted && net->free_count != 0; given++) {
        give_copier(net, net->free[--net->free_count]);
    }
    net->at_copier += given;
}

/* A peer that starts anew has forgotten what it held. What the transmit virtualiser had may still
 * be in flight; it says so by refusing it and returns it later. */
static void reclaim(struct net_client *net, enum net_client_holder holder)
{
    for (uint32_t buffer = 0; buffer < net->buffers.count; buffer++) {
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
        peer_adopt(&net->rx, &net->signals, net->config->rx.channel);
    }
    if (connection_poll(&net->tx) == CONNECTION_RESTARTED) {
        reclaim(net, NET_HELD_TX);
        peer_adopt(&net->tx, &net->signals, net->config->tx.channel);
    }
}

const char *net_client_open(struct net_client *net, const struct net_client_config *config)
{
    *net = (struct net_client){.config = config};
    const char *wrong = net_buffers_open(&net->buffers, config->tx_data.size, config->buffer_size);
    if (wrong != NULL) {
        return wrong;
    }
    if (config->rx_buffers > net->buffers.count ||
        (config->rx_buffers != 0 && config->rx_data.address != config->tx_data.address)) {
        return "with a copier, both directions share one data region";
    }
    if (!config_connect(&net->rx, &config->rx) || !config_connect(&net->tx, &config->tx)) {
        return "a queue's capacity is not a power of two up to 65536";
    }
    for (uint32_t buffer = net->buffers.count; buffer > 0; buffer--) {
        take_back(net, buffer - 1);
    }
    signal_peer(&net->signals, config->rx.channel);
    signal_peer(&net->signals, config->tx.channel);
    return NULL;
}

void net_client_begin(struct net_client *net)
{
    connections_check(net);
}

/* A received frame of the device's, which stays the device's. */
static bool lies_in_rx_data(struct net_client *net, const struct net_desc *frame)
{
    const struct config_region *data = &net->config->rx_data;
    bool within = frame->address < data->size && data->size - frame->address >= frame->length;
    net->bad_returns += !within;
    return within;
}

uint32_t net_client_receive(struct net_client *net, struct net_desc *frames, uint32_t count_max)
{
    bool in_place = net_client_in_place(net);
    uint32_t buffer, good = 0;
    uint32_t count = queue_available(&net->rx);
    if (count == 0) {
        return 0;
    }
    count = count < count_max ? count : count_max;
    for (uint32_t i = 0; i < count; i++) {
        struct net_desc frame = net_get_one(&net->rx);
        if (frame.length > net->config->buffer_size) {
            net->bad_returns++;
            frame.length = 0; /* still a buffer: whoever reads no frame in it returns it */
        }
        frames[good] = frame;
        good +=
            in_place ? net_client_take(net, frame.address, &buffer) : lies_in_rx_data(net, &frame);
    }
    queue_release(&net->rx);
    net->at_copier -= in_place ? good : 0;
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
        collect(net, queue_available(&net->tx));
    }
    if (net->free_count == 0) {
        return false;
    }
    uint32_t number = net->free[--net->free_count];
    net->holder[number] = NET_HELD_CLIENT;
    *buffer = (struct net_desc){.address = net_buffer_offset(&net->buffers, number)};
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
    net_put_one(&net->tx, *frame);
}

uint32_t net_client_answer_beside(struct net_client *net, net_client_handler *handler)
{
    struct net_desc frames[NET_BURST], answer;
    const uint32_t count = net_client_receive(net, frames, NET_BURST);
    for (uint32_t i = 0; i < count; i++) {
        if (net_client_buffer(net, &answer)) {
            answer.length = (uint16_t)handler(net_client_received(net, &frames[i]),
                                              frames[i].length, net_client_data(net, &answer));
            if (answer.length != 0) {
                net_client_send(net, &answer);
            } else {
                net_client_release(net, &answer);
            }
        } else {
            net->no_buffer++;
        }
        net_client_return(net, &frames[i]);
    }
    return count;
}

void net_client_drop(struct net_client *net, uint32_t count)
{
    uint32_t buffer;
    for (uint32_t i = 0; i < count; i++) {
        if (net_client_take(net, net_get_one(&net->rx).address, &buffer)) {
            net->at_copier--;
            net->tx_down++;
            take_back(net, buffer);
        }
    }
}

/* Gives the peer on the receive side its buffers back, and new ones. */
static inline void push_rx(struct net_client *net)
{
    supply(net);
    queue_publish(&net->rx);
    if (queue_signal(&net->rx)) {
        signal_peer(&net->signals, net->config->rx.channel);
    }
}

/* True if the copier has few buffers left; without a copier, always. */
static inline bool is_low(const struct net_client *net)
{
    return net->at_copier <= net->config->rx_buffers / 2;
}

/* Buffers go back to the receive side when the activation ends, except in a flood that would use
 * them up. */
void net_client_push(struct net_client *net)
{
    queue_publish(&net->tx);
    if (queue_signal(&net->tx)) {
        signal_peer(&net->signals, net->config->tx.channel);
    }
    if (is_low(net)) {
        push_rx(net);
    }
}

/* Sent buffers are worth a wake only when the client runs short of them; then the transmit
 * virtualiser, which returns them lazily, is told. */
static __attribute__((noinline)) bool wait_for_returns(struct net_client *net)
{
    bool in_flight = net->free_count + net->at_copier < net->buffers.count;
    if (!net->tx.ready || !in_flight) {
        return true;
    }
    bool nothing = queue_arm(&net->tx, 1);
    signal_peer(&net->signals, net->config->tx.channel);
    return nothing;
}

bool net_client_may_wait(struct net_client *net)
{
    push_rx(net);
    bool nothing = queue_arm(&net->rx, 1);
    if (net->free_count == 0 && is_low(net)) {
        nothing &= wait_for_returns(net);
    }
    return nothing;
}

void net_client_end(struct net_client *net)
{
    signal_end(&net->signals);
}
