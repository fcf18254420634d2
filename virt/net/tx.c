/* SPDX-License-Identifier: BSD-2-Clause */
/* Transmit virtualiser of the network class: shares one device's transmit side among clients. Runs
 * once per device (virt.h), in a PD of its own or in one with the receive virtualiser. Owns the
 * table of buffers in flight; maps the clients' data for reading only. Trusts nobody: a client's
 * offset, length and source address are checked, a buffer that is in flight already is refused, and
 * what the driver returns must be in flight.
 *
 * Fair: clients are served in turn, each with a bounded number of frames per round.
 *
 * A client with a rate (bucket.h) that has used it up is *held*: its frames wait in its queue until
 * the timer says so. All that is held waits for one timeout. Clients without a rate cost and know
 * nothing of it. A timer that fails holds them back: a limit is kept.
 *
 * Sent buffers come back lazily: when a client waits for some (it arms its mark and notifies), this
 * PD arms on the driver and wakes it, which makes the driver ask for a completion interrupt. */
#include "bucket.h"
#include "driver_wake.h"
#include "timeout.h"
#include "virt.h"

#include <base/peer.h>
#include <microkit.h>
#include <sddf/cache.h>
#include <sddf/log.h>
#include <sddf/net.h>
#include <sddf/stats.h>

struct client {
    struct connection connection;
    uint32_t channel;
    uint32_t per_round; /* frames that it may send before the next client's turn */
    uint64_t bit;       /* in sets of clients */
    struct net_buffers buffers;
    uintptr_t data;                           /* where the buffers begin, for us ... */
    uint64_t io_address;                      /* ... and for the device */
    uint64_t size;                            /* bytes */
    uint64_t mac;                             /* as net_frame_source() gives it */
    uint64_t in_flight[NET_BUFFERS_MAX / 64]; /* a bit per buffer: with the driver */
    uint32_t refused;                         /* frames in this activation; see misbehaves() */
    bool held;                                /* until the timer notifies */
    struct bucket bucket;
};

static const struct net_virt_tx_config *config;
static struct connection driver;
static struct client clients[NET_CLIENTS_MAX];
static struct client *clients_end;
static struct client *first_client;  /* of the next round */
static struct client *last_returned; /* whose buffer came back last */
static uint32_t in_flight_total;
static uint64_t returned;       /* clients with returns that are not published yet */
static uint32_t driver_refused; /* returns in this activation; see driver_misbehaves() */
static bool driver_asked;       /* told that we wait, and nothing has come back since */
static struct timeout timeout;  /* for the first of the held clients */
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
    HELD,
    TIMER_FAILURES,
    COUNTERS
};

static const char *const counter_names[COUNTERS] = {
    "frames",
    "bytes",
    "drop_bad_offset",
    "drop_bad_length",
    "drop_in_flight",
    "drop_source_mac",
    "bad_driver_return",
    "violations",
    "activations",
    "signals",
    "held",
    "timer_failures",
};

/* The client after this one, round and round. */
static inline struct client *next(struct client *client)
{
    return client + 1 < clients_end ? client + 1 : clients;
}

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

/* So did a driver. */
static bool driver_misbehaves(void)
{
    return driver_refused > driver.get_capacity;
}

/* ---- Frames: clients to us, us to the driver ---- */

/* Judges one frame of a client. Returns the counter of what is wrong with it, or COUNTERS. A
 * refused buffer that is the client's and not in flight is its own again; `*buffer` names it. */
static inline enum counter judge(const struct client *client, struct net_desc frame,
                                 uint32_t *buffer)
{
    if (!net_buffer_at(&client->buffers, frame.address, buffer)) {
        return DROP_BAD_OFFSET;
    }
    if (flight_test(client, *buffer)) {
        return DROP_IN_FLIGHT;
    }
    if (!net_frame_fits(&client->buffers, frame.length)) {
        return DROP_BAD_LENGTH;
    }
    if (net_frame_source((const shared_u64 *)(client->data + frame.address)) != client->mac) {
        return DROP_SOURCE_MAC;
    }
    return COUNTERS;
}

/* Gives a buffer back to its client, without publishing. Its queue holds all of its buffers; one
 * that does not fit is the doing of a client that lies about its head, and is lost to it. */
static inline void give_back(struct client *client, uint64_t offset)
{
    if (queue_space(&client->connection, 1) != 0) {
        net_put_one(&client->connection, (struct net_desc){.address = offset});
        returned |= client->bit;
    }
}

static __attribute__((cold, noinline)) void refuse(struct client *client, uint64_t offset,
                                                   enum counter why)
{
    client->refused++;
    stats_add(stats, (uint32_t)why, 1);
    if (why == DROP_BAD_LENGTH || why == DROP_SOURCE_MAC) {
        give_back(client, offset);
    }
}

/* Apart, so that coherent machines do not prepare for it. */
static __attribute__((noinline)) void clean(uintptr_t address, size_t size_bytes)
{
    cache_clean(address, size_bytes);
}

/* Passes the good ones of a client's next `count` frames on to the driver, without publishing.
 * Returns their bytes. */
static uint64_t pass_on(struct client *client, uint32_t count)
{
    uint32_t good_count = 0;
    uint64_t bytes = 0;
    struct connection from = client->connection, to = driver; /* copies: registers hold them */
    for (uint32_t i = 0; i < count; i++) {
        struct net_desc frame = net_get_one(&from);
        uint32_t buffer;
        enum counter wrong = judge(client, frame, &buffer);
        if (wrong != COUNTERS) {
            refuse(client, frame.address, wrong);
            continue;
        }
        flight_flip(client, buffer);
        if (!config->dma_coherent) {
            clean(client->data + frame.address, frame.length);
        }
        bytes += frame.length;
        good_count++;
        net_put_one(&to, (struct net_desc){.address = client->io_address + frame.address,
                                           .length = frame.length});
    }
    driver.tail = to.tail;
    client->connection.head = from.head;
    queue_release(&client->connection);
    in_flight_total += good_count;
    stats_add(stats, FRAMES, good_count);
    stats_add(stats, BYTES, bytes);
    return bytes;
}

/* ---- Clients with a rate ---- */

/* Until `ns`, or an earlier timeout of another's. */
static void hold(struct client *client, uint64_t ns)
{
    client->held = true;
    timeout_want(&timeout, ns);
    stats_add(stats, HELD, 1);
}

/* Passes on as many of a limited client's next `count` frames as it has tokens for; the rest waits
 * where it is. True if all were passed on. Without the time nothing is earned. */
static __attribute__((cold, noinline)) bool pass_on_limited(struct client *client, uint32_t count)
{
    uint64_t now;
    if (!timer_now(timeout.channel, &now)) {
        stats_add(stats, TIMER_FAILURES, 1);
        hold(client, 0);
        return false;
    }
    bucket_fill(&client->bucket, now);
    for (uint32_t i = 0; i < count; i++) {
        if (!bucket_may_send(&client->bucket)) {
            hold(client, bucket_ready_ns(&client->bucket));
            return false;
        }
        bucket_sent(&client->bucket, pass_on(client, 1));
    }
    return true;
}

static void release_held(void)
{
    timeout_clear(&timeout);
    for (struct client *client = clients; client < clients_end; client++) {
        client->held = false;
    }
}

/* A client's turn. True if it has more to send: it used its turn up, and behaves. */
static bool from_client(struct client *client)
{
    uint32_t turn = client->per_round;
    uint32_t offered = net_available(&client->connection);
    offered = offered < turn ? offered : turn;
    if (offered == 0) {
        return false;
    }
    uint32_t space = queue_space(&driver, offered);
    uint32_t count = offered < space ? offered : space;
    if (client->bucket.rate == 0) {
        (void)pass_on(client, count);
    } else if (client->held || !pass_on_limited(client, count)) {
        return false;
    }
    return count == offered && queue_left(&client->connection) != 0 && !misbehaves(client);
}

/* One round over all clients; each round starts with another. True if another may find more. */
static bool round_of_clients(void)
{
    bool more = false;
    struct client *client = first_client;
    for (uint32_t i = 0; i < config->client_count; i++) {
        more |= from_client(client);
        client = next(client);
    }
    first_client = next(first_client);
    queue_publish(&driver);
    return more;
}

/* ---- Returns: the driver to us, us to the clients ---- */

static inline bool lies_with(const struct client *client, uint64_t io_address)
{
    return io_address - client->io_address < client->size;
}

static __attribute__((noinline)) struct client *client_search(uint64_t io_address)
{
    for (struct client *client = clients; client < clients_end; client++) {
        if (lies_with(client, io_address)) {
            last_returned = client;
            return client;
        }
    }
    return NULL;
}

/* The client whose data region holds `io_address`, or NULL. Most often the same as last time. */
static inline struct client *client_of(uint64_t io_address)
{
    return lies_with(last_returned, io_address) ? last_returned : client_search(io_address);
}

/* Gives a sent buffer back to its client. False if it is nobody's that is in flight. */
static inline bool take_back(uint64_t io_address)
{
    uint32_t buffer;
    struct client *client = client_of(io_address);
    if (client == NULL) {
        return false;
    }
    uint64_t offset = io_address - client->io_address;
    if (!net_buffer_at(&client->buffers, offset, &buffer) || !flight_test(client, buffer)) {
        return false;
    }
    flight_flip(client, buffer);
    give_back(client, offset);
    return true;
}

static void publish_returns(void)
{
    for (; returned != 0; returned &= returned - 1) {
        struct client *client = &clients[__builtin_ctzll(returned)];
        queue_publish(&client->connection);
        if (queue_signal(&client->connection)) {
            signal_peer(&signals, client->channel);
        }
    }
}

/* True if there are more. */
static bool from_driver(void)
{
    uint32_t count = net_available(&driver);
    if (count == 0) {
        return false;
    }
    driver_asked = false;
    uint32_t good = 0;
    for (uint32_t i = 0; i < count; i++) {
        good += take_back(net_get_one(&driver).address);
    }
    in_flight_total -= good;
    if (good != count) {
        driver_refused += count - good;
        stats_add(stats, BAD_DRIVER_RETURN, count - good);
    }
    queue_release(&driver);
    return queue_left(&driver) != 0;
}

/* ---- Restart, waiting, entry points ---- */

/* A driver that starts anew has forgotten its frames: they are lost, their buffers are not. */
static __attribute__((cold, noinline)) void reclaim_from_driver(void)
{
    for (struct client *client = clients; client < clients_end; client++) {
        for (uint32_t buffer = 0; buffer < client->buffers.count; buffer++) {
            if (flight_test(client, buffer)) {
                flight_flip(client, buffer);
                give_back(client, net_buffer_offset(&client->buffers, buffer));
            }
        }
    }
    in_flight_total = 0;
    driver_asked = false;
}

/* A client that starts anew owns all its buffers but those in flight, which come back to it. */
static void connections_check(void)
{
    driver_refused = 0;
    if (connection_poll(&driver) == CONNECTION_RESTARTED) {
        reclaim_from_driver();
        peer_adopt(&driver, &signals, config->driver.channel);
    }
    for (struct client *client = clients; client < clients_end; client++) {
        client->refused = 0;
        peer_check(&client->connection, &signals, client->channel);
    }
}

/* Passes a client's wish for sent buffers on to the driver, which may be lazy otherwise. */
static bool wait_for_returns(void)
{
    bool nothing = queue_arm(&driver, 1) || driver_misbehaves();
    if (nothing && !driver_asked) {
        driver_asked = true;
        nothing = !driver_wake(&config->driver, &signals);
    }
    return nothing;
}

/* Asks for the wakes that are needed; true if there is nothing to do now. A client that sent what
 * it must not gives no reason to look again: it cannot keep us busy. */
static bool may_wait(void)
{
    bool nothing = true;
    bool full = queue_space(&driver, 1) == 0; /* then only returns help */
    bool wanted = full;
    uint64_t violations = driver.violations;
    for (struct client *client = clients; client < clients_end; client++) {
        wanted |= queue_peer_waits(&client->connection);
        nothing &= full || client->held || queue_arm(&client->connection, 1) || misbehaves(client);
        violations += client->connection.violations;
    }
    stats_set(stats, VIOLATIONS, violations);
    if (wanted && in_flight_total != 0) {
        nothing &= wait_for_returns();
    }
    return nothing;
}

/* One round; true if there is more. */
static bool serve_burst(void)
{
    bool more = from_driver() && !driver_misbehaves();
    more |= round_of_clients();
    publish_returns();
    if (queue_signal(&driver)) {
        more |= driver_wake(&config->driver, &signals);
    }
    return more;
}

static inline __attribute__((always_inline)) void serve(void)
{
    connections_check();
    while (serve_burst() || !may_wait()) {
        signal_now(&signals);
    }
    if (!timeout_set(&timeout)) {
        stats_add(stats, TIMER_FAILURES, 1);
    }
    stats_add(stats, ACTIVATIONS, 1);
    stats_set(stats, SIGNALS, signals.sent);
}

static void limit_open(struct client *client, const struct net_virt_tx_client *given)
{
    uint64_t now;
    if (given->rate == 0) {
        return;
    }
    if (given->rate > NET_RATE_MAX || given->burst == 0 || given->burst > NET_BURST_BYTES_MAX) {
        config_refuse("a client's rate is above 100 Gbit/s, or its burst not 1 byte to 4 GiB");
    }
    if (config->timer_channel == NET_NO_TIMER || !timer_now(config->timer_channel, &now)) {
        config_refuse("a client has a rate, and no timer answers");
    }
    bucket_open(&client->bucket, given->rate, given->burst, now);
}

static void clients_open(void)
{
    for (uint32_t i = 0; i < config->client_count; i++) {
        const struct net_virt_tx_client *given = &config->clients[i];
        struct client *client = &clients[i];
        const char *why = net_buffers_open(&client->buffers, given->data.size, config->buffer_size);
        if (why != NULL) {
            config_refuse(why);
        }
        if (given->per_round == 0) {
            config_refuse("a client may send no frames per round");
        }
        client->bit = 1ULL << i;
        client->channel = given->connection.channel;
        client->per_round = given->per_round;
        client->data = (uintptr_t)given->data.address;
        client->io_address = given->data.io_address;
        client->size = given->data.size;
        client->mac = net_mac_value(given->mac);
        limit_open(client, given);
        if (!config_connect(&client->connection, &given->connection)) {
            config_refuse("a client's queue capacity is not a power of two up to 65536");
        }
        signal_peer(&signals, client->channel);
    }
    clients_end = clients + config->client_count;
    first_client = last_returned = clients;
    timeout.channel = config->timer_channel;
    timeout_clear(&timeout);
}

void net_virt_tx_start(const struct net_virt_tx_config *given)
{
    config = given;
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
    net_virt_tx_serve(config->driver.channel); /* as if a peer had called */
}

void net_virt_tx_serve(microkit_channel channel)
{
    if (channel == config->timer_channel) {
        release_held();
    }
    serve();
    signal_end(&signals);
}
