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
#include <base/peer.h>
#include <microkit.h>
#include <sddf/cache.h>
#include <sddf/log.h>
#include <sddf/net.h>
#include <sddf/stats.h>

struct client {
    struct connection connection;
    struct net_buffers buffers;
    uintptr_t data;                           /* where the buffers begin, for us ... */
    uint64_t io_address;                      /* ... and for the device */
    uint64_t size;                            /* bytes */
    uint64_t mac;                             /* as net_frame_source() gives it */
    uint64_t in_flight[NET_BUFFERS_MAX / 64]; /* a bit per buffer: with the driver */
    uint32_t refused;                         /* frames in this activation; see misbehaves() */
};

static const struct net_virt_tx_config *config;
static struct connection driver;
static struct client clients[NET_CLIENTS_MAX];
static uint32_t in_flight_total;
static uint32_t first_client; /* of the next round */
static uint64_t returned;     /* clients with returns that are not published yet */
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

static inline bool flight_test(const struct client *client, uint32_t buffer)
{
    return (client->in_flight[buffer / 64] & 1ULL << (buffer % 64)) != 0;
}

static inline void flight_flip(struct client *client, uint32_t buffer)
{
    client->in_flight[buffer / 64] ^= 1ULL << (buffer % 64);
}

/* A client that sent more rubbish than its queue holds, in one activation, does so on purpose. (An
 * honest one may, after a restart, offer once what is still in flight.) */
static bool misbehaves(const struct client *client)
{
    return client->refused > client->connection.get_capacity;
}

/* ---- Frames: clients to us, us to the driver ---- */

/* Judges one frame of a client. Returns the counter of what is wrong with it, or COUNTERS. A
 * refused buffer that is the client's and not in flight is its own again; `*buffer` names it. */
static inline enum counter judge(const struct client *client, const struct net_desc *frame,
                                 uint32_t *buffer)
{
    if (!net_buffer_at(&client->buffers, frame->address, buffer)) {
        return DROP_BAD_OFFSET;
    }
    if (flight_test(client, *buffer)) {
        return DROP_IN_FLIGHT;
    }
    if (frame->length < NET_ETHERNET_HEADER ||
        frame->length > net_buffer_offset(&client->buffers, 1)) {
        return DROP_BAD_LENGTH;
    }
    if (net_frame_source((const shared_u64 *)(client->data + frame->address)) != client->mac) {
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
        net_put_one(&clients[index].connection, empty);
        returned |= 1ULL << index;
    }
}

static __attribute__((cold, noinline)) void refuse(uint32_t index, uint64_t offset,
                                                   enum counter why)
{
    clients[index].refused++;
    stats_add(stats, (uint32_t)why, 1);
    if (why == DROP_BAD_LENGTH || why == DROP_SOURCE_MAC) {
        give_back(index, offset);
    }
}

/* Apart, so that coherent machines do not prepare for it. */
static __attribute__((noinline)) void clean(uintptr_t address, size_t size_bytes)
{
    cache_clean(address, size_bytes);
}

/* Passes the good ones of a client's next `count` frames on to the driver, without publishing. */
static void pass_on(uint32_t index, uint32_t count)
{
    struct client *client = &clients[index];
    uint32_t good_count = 0;
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct net_desc frame = net_get_one(&client->connection);
        uint32_t buffer;
        enum counter wrong = judge(client, &frame, &buffer);
        if (wrong != COUNTERS) {
            refuse(index, frame.address, wrong);
            continue;
        }
        flight_flip(client, buffer);
        if (!config->dma_coherent) {
            clean(client->data + frame.address, frame.length);
        }
        bytes += frame.length;
        good_count++;
        net_put_one(&driver, (struct net_desc){.address = client->io_address + frame.address,
                                               .length = frame.length});
    }
    queue_release(&client->connection);
    in_flight_total += good_count;
    stats_add(stats, FRAMES, good_count);
    stats_add(stats, BYTES, bytes);
}

/* A client's turn. True if it may have more to send: it used its turn up, and behaves. */
static bool from_client(uint32_t index)
{
    struct client *client = &clients[index];
    uint32_t turn = config->clients[index].per_round;
    uint32_t count = net_available(&client->connection);
    count = count < turn ? count : turn;
    if (count == 0) {
        return false;
    }
    uint32_t space = queue_space(&driver, count);
    count = count < space ? count : space;
    pass_on(index, count);
    return (count == turn || count == NET_BURST) && !misbehaves(client);
}

/* One round over all clients; each round starts with another. True if another may find more. */
static bool round_of_clients(void)
{
    bool more = false;
    uint32_t index = first_client;
    for (uint32_t i = 0; i < config->client_count; i++) {
        more |= from_client(index);
        index = index + 1 == config->client_count ? 0 : index + 1;
    }
    first_client = index + 1 >= config->client_count ? 0 : index + 1;
    queue_publish(&driver);
    return more;
}

/* ---- Returns: the driver to us, us to the clients ---- */

/* The client whose data region holds `io_address`, or client_count. Most often the same as last
 * time. */
static uint32_t client_of(uint64_t io_address)
{
    static uint32_t last;
    uint32_t index = last;
    for (uint32_t i = 0; i < config->client_count; i++) {
        if (io_address - clients[index].io_address < clients[index].size) {
            last = index;
            return index;
        }
        index = index + 1 == config->client_count ? 0 : index + 1;
    }
    return config->client_count;
}

/* Gives a sent buffer back to its client. False if it is nobody's that is in flight. */
static bool take_back(uint64_t io_address)
{
    uint32_t buffer;
    uint32_t index = client_of(io_address);
    if (index == config->client_count) {
        return false;
    }
    struct client *client = &clients[index];
    uint64_t offset = io_address - client->io_address;
    if (!net_buffer_at(&client->buffers, offset, &buffer) || !flight_test(client, buffer)) {
        return false;
    }
    flight_flip(client, buffer);
    in_flight_total--;
    give_back(index, offset);
    return true;
}

static void publish_returns(void)
{
    while (returned != 0) {
        uint32_t index = (uint32_t)__builtin_ctzll(returned);
        returned &= returned - 1;
        queue_publish(&clients[index].connection);
        if (queue_signal(&clients[index].connection)) {
            signal_peer(&signals, config->clients[index].connection.channel);
        }
    }
}

static uint32_t from_driver(void)
{
    uint32_t count = net_available(&driver);
    if (count == 0) {
        return 0;
    }
    driver_asked = false;
    for (uint32_t i = 0; i < count; i++) {
        if (!take_back(net_get_one(&driver).address)) {
            stats_add(stats, BAD_DRIVER_RETURN, 1);
        }
    }
    queue_release(&driver);
    return count;
}

/* ---- Restart, waiting, entry points ---- */

/* A driver that starts anew has forgotten its frames: they are lost, their buffers are not. */
static void reclaim_from_driver(void)
{
    for (uint32_t i = 0; i < config->client_count; i++) {
        for (uint32_t buffer = 0; buffer < clients[i].buffers.count; buffer++) {
            if (flight_test(&clients[i], buffer)) {
                flight_flip(&clients[i], buffer);
                give_back(i, net_buffer_offset(&clients[i].buffers, buffer));
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
        peer_adopt(&driver, &signals, config->driver.channel);
    }
    for (uint32_t i = 0; i < config->client_count; i++) {
        clients[i].refused = 0;
        peer_check(&clients[i].connection, &signals, config->clients[i].connection.channel);
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

/* One round; true if there may be more. */
static bool serve_burst(void)
{
    bool more = from_driver() == NET_BURST;
    more |= round_of_clients();
    publish_returns();
    if (queue_signal(&driver)) {
        signal_peer(&signals, config->driver.channel);
    }
    return more;
}

static void serve(void)
{
    connections_check();
    while (serve_burst() || !may_wait()) {
        signal_now(&signals);
    }

    stats_set(stats, VIOLATIONS, violations());
    stats_add(stats, ACTIVATIONS, 1);
    stats_set(stats, SIGNALS, signals.sent);
}

static void clients_open(void)
{
    for (uint32_t i = 0; i < config->client_count; i++) {
        const struct net_virt_tx_client *given = &config->clients[i];
        const char *wrong =
            net_buffers_open(&clients[i].buffers, given->data.size, config->buffer_size);
        if (wrong != NULL) {
            config_refuse(wrong);
        }
        if (given->per_round == 0) {
            config_refuse("a client may send no frames per round");
        }
        clients[i].data = (uintptr_t)given->data.address;
        clients[i].io_address = given->data.io_address;
        clients[i].size = given->data.size;
        clients[i].mac = net_mac_value(given->mac);
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
