/* SPDX-License-Identifier: BSD-2-Clause */
/* Transmit virtualiser of the network class: shares one device's transmit side among clients. Runs
 * as one PD per device. Owns the table of buffers in flight; maps the clients' data for reading
 * only. Trusts nobody: a client's offset, length and source address are checked, a buffer that is
 * in flight already is refused, and what the driver returns must be in flight.
 *
 * Fair: clients are served in turn, each with a bounded number of frames per round.
 *
 * Sent buffers come back lazily: when a client waits for some (it arms its mark and notifies), this
 * PD arms on the driver and notifies it, which makes the driver ask for a completion interrupt. */
#include <base/signal.h>
#include <microkit.h>
#include <sddf/cache.h>
#include <sddf/log.h>
#include <sddf/net.h>
#include <sddf/stats.h>

struct client {
    struct connection connection;
    uint64_t in_flight[NET_BUFFERS_MAX / 64]; /* a bit per buffer: with the driver */
    uint32_t buffer_count;
    uint32_t refused; /* frames in this activation; see misbehaves() */
};

static const struct net_virt_tx_config *config;
static struct connection driver;
static struct client clients[NET_CLIENTS_MAX];
static uint32_t in_flight_total;
static uint32_t first_client; /* of the next round */
static bool driver_asked;     /* told that we wait, and nothing has come back since */
static struct signals signals;
static struct stats_page *stats;

enum counter {
    FRAMES,
    BYTES,
    DROP_BAD_OFFSET,
    DROP_BAD_LENGTH,
    DROP_IN_FLIGHT,
    DROP_SOURCE_MAC,
    BAD_DRIVER_RETURN,
    VIOLATIONS,
    ACTIVATIONS,
    SIGNALS,
    COUNTERS
};

static const char *const counter_names[COUNTERS] = {
    "frames",         "bytes",           "drop_bad_offset",   "drop_bad_length",
    "drop_in_flight", "drop_source_mac", "bad_driver_return", "violations",
    "activations",    "signals",
};

static bool flight_test(const struct client *client, uint32_t buffer)
{
    return (client->in_flight[buffer / 64] >> (buffer % 64) & 1) != 0;
}

static void flight_flip(struct client *client, uint32_t buffer)
{
    client->in_flight[buffer / 64] ^= 1ULL << (buffer % 64);
}

/* True if `offset` is where a buffer of the client begins; its number in `*buffer`. */
static bool buffer_at(const struct client *client, uint64_t offset, uint32_t *buffer)
{
    uint64_t number = offset / config->buffer_size;
    *buffer = (uint32_t)number;
    return offset % config->buffer_size == 0 && number < client->buffer_count;
}

/* A client that sent more rubbish than its queue holds, in one activation, does so on purpose. (An
 * honest one may, after a restart, offer once what is still in flight.) */
static bool misbehaves(const struct client *client)
{
    return client->refused > client->connection.get_capacity;
}

/* ---- Frames: clients to us, us to the driver ---- */

static bool source_is(const uint8_t *frame, const uint8_t mac[6])
{
    uint8_t different = 0;
    for (uint32_t i = 0; i < 6; i++) {
        different |= frame[6 + i] ^ mac[i]; /* IEEE 802.3, 3.1.1: destination, source, type */
    }
    return different == 0;
}

/* Judges one frame of a client. Returns the counter of what is wrong with it, or COUNTERS. A
 * refused buffer that is the client's and not in flight is its own again; `*buffer` names it. */
static enum counter judge(uint32_t index, const struct net_desc *frame, uint32_t *buffer)
{
    const struct net_virt_tx_client *given = &config->clients[index];
    if (!buffer_at(&clients[index], frame->address, buffer)) {
        return DROP_BAD_OFFSET;
    }
    if (flight_test(&clients[index], *buffer)) {
        return DROP_IN_FLIGHT;
    }
    if (frame->length < NET_ETHERNET_HEADER || frame->length > config->buffer_size) {
        return DROP_BAD_LENGTH;
    }
    if (!source_is((const uint8_t *)(uintptr_t)(given->data.address + frame->address),
                   given->mac)) {
        return DROP_SOURCE_MAC;
    }
    return COUNTERS;
}

/* Gives a buffer back to its client, without publishing. Its queue holds all of its buffers; one
 * that does not fit is the doing of a client that lies about its head, and is lost to it. */
static void give_back(uint32_t index, uint64_t offset)
{
    struct net_desc empty = {.address = offset};
    if (queue_space(&clients[index].connection, 1) != 0) {
        net_put(&clients[index].connection, &empty, 1);
    }
}

static void refuse(uint32_t index, uint64_t offset, enum counter why)
{
    clients[index].refused++;
    stats_add(stats, (uint32_t)why, 1);
    if (why == DROP_BAD_LENGTH || why == DROP_SOURCE_MAC) {
        give_back(index, offset);
    }
}

static uint32_t from_client(uint32_t index)
{
    const struct net_virt_tx_client *given = &config->clients[index];
    struct client *client = &clients[index];
    struct net_desc frames[NET_BURST], good[NET_BURST];
    uint32_t good_count = 0;
    uint64_t bytes = 0;
    uint32_t count = given->per_round < NET_BURST ? given->per_round : NET_BURST;
    uint32_t space = queue_space(&driver, count);
    count = count < space ? count : space;
    if (count == 0 || queue_available(&client->connection) == 0) {
        return 0;
    }
    count = net_get(&client->connection, frames, count);
    queue_release(&client->connection);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t buffer;
        enum counter wrong = judge(index, &frames[i], &buffer);
        if (wrong != COUNTERS) {
            refuse(index, frames[i].address, wrong);
            continue;
        }
        flight_flip(client, buffer);
        cache_clean((uintptr_t)(given->data.address + frames[i].address), frames[i].length);
        bytes += frames[i].length;
        good[good_count++] = (struct net_desc){
            .address = given->data.io_address + frames[i].address,
            .length = frames[i].length,
        };
    }
    net_put(&driver, good, good_count);
    in_flight_total += good_count;
    stats_add(stats, FRAMES, good_count);
    stats_add(stats, BYTES, bytes);
    return misbehaves(client) ? 0 : count; /* rubbish is no reason for another round */
}

/* One round over all clients; each round starts with another. Returns frames taken of clients that
 * behave. */
static uint32_t round_of_clients(void)
{
    uint32_t moved = 0;
    for (uint32_t i = 0; i < config->client_count; i++) {
        moved += from_client((first_client + i) % config->client_count);
    }
    first_client = config->client_count != 0 ? (first_client + 1) % config->client_count : 0;
    queue_publish(&driver);
    return moved;
}

/* ---- Returns: the driver to us, us to the clients ---- */

/* The client whose data region holds `io_address`, or client_count. */
static uint32_t client_of(uint64_t io_address)
{
    uint32_t index = 0;
    while (index < config->client_count && io_address - config->clients[index].data.io_address >=
                                               config->clients[index].data.size) {
        index++;
    }
    return index;
}

static uint32_t from_driver(void)
{
    struct net_desc buffers[NET_BURST];
    if (queue_available(&driver) == 0) {
        return 0;
    }
    uint32_t count = net_get(&driver, buffers, NET_BURST);
    queue_release(&driver);
    driver_asked = false;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t index = client_of(buffers[i].address);
        uint64_t offset = 0;
        uint32_t buffer = 0;
        bool known = index < config->client_count;
        if (known) {
            offset = buffers[i].address - config->clients[index].data.io_address;
            known =
                buffer_at(&clients[index], offset, &buffer) && flight_test(&clients[index], buffer);
        }
        if (!known) {
            stats_add(stats, BAD_DRIVER_RETURN, 1);
            continue;
        }
        flight_flip(&clients[index], buffer);
        in_flight_total--;
        give_back(index, offset);
    }
    return count;
}

static void publish_returns(void)
{
    for (uint32_t i = 0; i < config->client_count; i++) {
        queue_publish(&clients[i].connection);
        if (queue_signal(&clients[i].connection)) {
            signal_peer(&signals, config->clients[i].connection.channel);
        }
    }
}

/* ---- Restart, waiting, entry points ---- */

/* A driver that starts anew has forgotten its frames: they are lost, their buffers are not. */
static void reclaim_from_driver(void)
{
    for (uint32_t i = 0; i < config->client_count; i++) {
        for (uint32_t buffer = 0; buffer < clients[i].buffer_count; buffer++) {
            if (flight_test(&clients[i], buffer)) {
                flight_flip(&clients[i], buffer);
                give_back(i, (uint64_t)buffer * config->buffer_size);
            }
        }
    }
    in_flight_total = 0;
    driver_asked = false;
}

/* A client that starts anew owns all its buffers but those in flight, which come back to it. */
static void connections_check(void)
{
    if (connection_poll(&driver) == CONNECTION_RESTARTED) {
        reclaim_from_driver();
        if (connection_adopt(&driver)) {
            signal_peer(&signals, config->driver.channel);
            connection_poll(&driver);
        }
    }
    for (uint32_t i = 0; i < config->client_count; i++) {
        struct connection *connection = &clients[i].connection;
        clients[i].refused = 0;
        if (connection_poll(connection) == CONNECTION_RESTARTED && connection_adopt(connection)) {
            signal_peer(&signals, config->clients[i].connection.channel);
            connection_poll(connection);
        }
    }
}

/* Passes a client's wish for sent buffers on to the driver, which may be lazy otherwise. */
static bool wait_for_returns(void)
{
    bool wanted = false;
    for (uint32_t i = 0; i < config->client_count; i++) {
        wanted |= queue_peer_waits(&clients[i].connection);
    }
    wanted |= queue_space(&driver, 1) == 0;
    if (!wanted || in_flight_total == 0) {
        return true;
    }
    bool nothing = queue_arm(&driver, 1);
    if (nothing && !driver_asked) {
        driver_asked = true;
        signal_peer(&signals, config->driver.channel);
    }
    return nothing;
}

/* Asks for the wakes that are needed; true if there is nothing to do now. A client that sent what
 * it must not gives no reason to look again: it cannot keep us busy. */
static bool may_wait(void)
{
    bool nothing = wait_for_returns();
    if (queue_space(&driver, 1) == 0) {
        return nothing;
    }
    for (uint32_t i = 0; i < config->client_count; i++) {
        nothing &= queue_arm(&clients[i].connection, 1) || misbehaves(&clients[i]);
    }
    return nothing;
}

static uint64_t violations(void)
{
    uint64_t sum = driver.violations;
    for (uint32_t i = 0; i < config->client_count; i++) {
        sum += clients[i].connection.violations;
    }
    return sum;
}

static void serve(void)
{
    connections_check();
    do {
        uint32_t moved;
        do {
            moved = from_driver() + round_of_clients();
            if (moved != 0) {
                signal_now(&signals); /* of the round before: under load nobody waits for its end */
            }
            publish_returns();
            if (queue_signal(&driver)) {
                signal_peer(&signals, config->driver.channel);
            }
        } while (moved != 0);
    } while (!may_wait());

    stats_set(stats, VIOLATIONS, violations());
    stats_add(stats, ACTIVATIONS, 1);
    stats_set(stats, SIGNALS, signals.sent);
}

static void clients_open(void)
{
    for (uint32_t i = 0; i < config->client_count; i++) {
        const struct net_virt_tx_client *given = &config->clients[i];
        uint64_t buffers = given->data.size / config->buffer_size;
        if (buffers > NET_BUFFERS_MAX || given->per_round == 0) {
            config_refuse("a client has more than 4096 buffers, or no frames per round");
        }
        clients[i].buffer_count = (uint32_t)buffers;
        if (!config_connect(&clients[i].connection, &given->connection)) {
            config_refuse("a client's queue capacity is not a power of two up to 65536");
        }
        signal_peer(&signals, given->connection.channel);
    }
}

void init(void)
{
    config = config_get(CONFIG_NET_VIRT_TX, NET_CONFIG_VERSION, sizeof(*config));
    stats = (struct stats_page *)(uintptr_t)config->header.stats;
    stats_open(stats, config->header.instance, counter_names, COUNTERS);
    if (config->client_count > NET_CLIENTS_MAX) {
        config_refuse("more than 56 clients");
    }
    if (config->buffer_size < NET_BUFFER_SIZE || config->buffer_size > UINT16_MAX) {
        config_refuse("the buffer size is not within 2048 and 65535");
    }
    if (!config_connect(&driver, &config->driver)) {
        config_refuse("the driver's queue capacity is not a power of two up to 65536");
    }
    signal_peer(&signals, config->driver.channel);
    clients_open();
    serve();
    signal_end(&signals);
}

void notified(microkit_channel channel)
{
    (void)channel;
    serve();
    signal_end(&signals);
}
