/* SPDX-License-Identifier: BSD-2-Clause */
/* Receive virtualiser of the network class: shares one device's received frames among clients by
 * destination MAC. Runs once per device (virt.h), in a PD of its own or in one with the transmit
 * virtualiser. Owns the table that says who holds each receive buffer; maps the data region for
 * reading only. Trusts nobody: what the driver and the clients return is checked against the table.
 *
 * A buffer's holders are a set, since a broadcast goes to several clients; each returns it once,
 * and when the last has, it goes back to the driver. A client that holds as many buffers as it may
 * is skipped: it loses its own frames only. */
#include "destinations.h"
#include "virt.h"

#include <base/peer.h>
#include <microkit.h>
#include <sddf/cache.h>
#include <sddf/log.h>
#include <sddf/net.h>
#include <sddf/stats.h>

#define HOLDER_DRIVER (1ULL << 63) /* bits 0 to 55 are the clients */

_Static_assert(NET_CLIENTS_MAX < 63, "each client and the driver need a bit of a holder set");

struct client {
    _Alignas(128) struct connection connection; /* the size a power of two: an index is a shift */
    uint64_t bit;                               /* in sets of holders */
    uint32_t channel;
    uint32_t held;
    uint32_t held_max;
    uint32_t refused; /* returns in this activation; see misbehaves() */
};

static const struct net_virt_rx_config *config;
static struct connection driver;
static struct client clients[NET_CLIENTS_MAX];
static struct client *clients_end;
static struct net_buffers buffers;
static uintptr_t data;      /* where the buffers begin, for us ... */
static uint64_t io_address; /* ... and for the device */
static struct destinations destinations;
static uint64_t holders[NET_BUFFERS_MAX]; /* 0: with us, and listed in `idle` */
static uint16_t idle[NET_BUFFERS_MAX];    /* stack of buffers to give to the driver */
static uint32_t idle_count, driver_held;
static uint32_t driver_refused; /* returns in this activation; see driver_misbehaves() */
static struct signals signals;
static struct stats_page *stats;

enum counter {
    FRAMES,
    DROP_NO_CLIENT,
    DROP_CLIENT_FULL,
    DROP_CLIENT_DOWN,
    DROP_BAD_LENGTH,
    BAD_DRIVER_RETURN,
    BAD_CLIENT_RETURN,
    VIOLATIONS,
    ACTIVATIONS,
    SIGNALS,
    COUNTERS
};

static const char *const counter_names[COUNTERS] = {
    "frames",          "drop_no_client",    "drop_client_full",  "drop_client_down",
    "drop_bad_length", "bad_driver_return", "bad_client_return", "violations",
    "activations",     "signals",
};

/* Takes `holder` out of the set of a buffer; the last one's makes it idle. */
static void drop_holder(uint32_t buffer, uint64_t holder)
{
    holders[buffer] &= ~holder;
    if (holders[buffer] == 0) {
        idle[idle_count++] = (uint16_t)buffer;
    }
}

/* A client that returned more rubbish than its queue holds, in one activation, does so on purpose.
 */
static bool misbehaves(const struct client *client)
{
    return client->refused > client->connection.get_capacity;
}

/* So did a driver. */
static bool driver_misbehaves(void)
{
    return driver_refused > driver.get_capacity;
}

/* ---- Returns: clients to us, us to the driver ---- */

static void from_client(struct client *client)
{
    uint64_t holder = client->bit;
    uint32_t count = net_available(&client->connection);
    struct connection from = client->connection; /* a copy: registers hold it */
    for (uint32_t i = 0; i < count; i++) {
        uint32_t buffer;
        if (!net_buffer_at(&buffers, net_get_one(&from).address, &buffer) ||
            (holders[buffer] & holder) == 0) {
            client->refused++;
            stats_add(stats, BAD_CLIENT_RETURN, 1);
            continue;
        }
        client->held--;
        drop_holder(buffer, holder);
    }
    if (count != 0) {
        client->connection.head = from.head;
        queue_release(&client->connection);
    }
}

static void to_driver(void)
{
    uint32_t count = idle_count;
    if (count == 0) {
        return;
    }
    uint32_t space = queue_space(&driver, count);
    count = count < space ? count : space;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t buffer = idle[--idle_count];
        holders[buffer] = HOLDER_DRIVER;
        net_put_one(&driver, (struct net_desc){
                                 .address = io_address + net_buffer_offset(&buffers, buffer),
                                 .length = (uint16_t)config->buffer_size,
                             });
    }
    driver_held += count;
    queue_publish(&driver);
}

/* ---- Frames: the driver to us, us to the clients ---- */

/* A client that cannot take a frame, because it holds too many or is not there. */
static __attribute__((cold, noinline)) uint64_t drop_for(const struct client *client)
{
    stats_add(stats, client->connection.ready ? DROP_CLIENT_FULL : DROP_CLIENT_DOWN, 1);
    return 0;
}

/* Offers a frame to one client. Returns its bit, or 0 if it cannot take it. */
static inline uint64_t offer(struct client *client, uint32_t buffer, uint16_t length)
{
    if (client->held >= client->held_max || queue_space(&client->connection, 1) == 0) {
        return drop_for(client);
    }
    client->held++;
    net_put_one(
        &client->connection,
        (struct net_desc){.address = net_buffer_offset(&buffers, buffer), .length = length});
    return client->bit;
}

/* The same to several, or to nobody. */
static __attribute__((noinline)) uint64_t offer_all(uint64_t wanted, uint32_t buffer,
                                                    uint16_t length)
{
    uint64_t taken = 0;
    if (wanted == 0) {
        stats_add(stats, DROP_NO_CLIENT, 1);
    }
    for (; wanted != 0; wanted &= wanted - 1) {
        taken |= offer(&clients[__builtin_ctzll(wanted)], buffer, length);
    }
    return taken;
}

static __attribute__((cold, noinline)) uint64_t drop_length(uint32_t buffer)
{
    stats_add(stats, DROP_BAD_LENGTH, 1);
    drop_holder(buffer, HOLDER_DRIVER);
    return 0;
}

/* Apart, so that coherent machines do not prepare for it. */
static __attribute__((noinline)) void invalidate(uintptr_t address, size_t size_bytes)
{
    cache_invalidate(address, size_bytes);
}

/* Gives a frame to all whom it is for; nobody's goes back to the driver. Returns whom it went to.
 */
static uint64_t deliver(uint32_t buffer, uint16_t length)
{
    uintptr_t address = data + net_buffer_offset(&buffers, buffer);
    if (!net_frame_fits(&buffers, length)) {
        return drop_length(buffer);
    }
    if (!config->dma_coherent) {
        invalidate(address, length);
    }
    uint64_t wanted =
        destinations_find(&destinations, net_frame_destination((const shared_u64 *)address));
    bool single = wanted != 0 && (wanted & (wanted - 1)) == 0;
    uint64_t taken = single ? offer(&clients[__builtin_ctzll(wanted)], buffer, length)
                            : offer_all(wanted, buffer, length);
    holders[buffer] = taken;
    if (taken == 0) {
        idle[idle_count++] = (uint16_t)buffer;
    }
    return taken;
}

static void publish(uint64_t to)
{
    for (; to != 0; to &= to - 1) {
        struct client *client = &clients[__builtin_ctzll(to)];
        queue_publish(&client->connection);
        if (queue_signal(&client->connection)) {
            signal_peer(&signals, client->channel);
        }
    }
}

/* True if there are more. */
static bool from_driver(void)
{
    uint64_t taken = 0;
    uint32_t good = 0;
    uint32_t count = net_available(&driver);
    if (count == 0) {
        return false;
    }
    struct connection from = driver; /* a copy: registers hold it */
    for (uint32_t i = 0; i < count; i++) {
        struct net_desc frame = net_get_one(&from);
        uint32_t buffer;
        if (!net_buffer_at(&buffers, frame.address - io_address, &buffer) ||
            (holders[buffer] & HOLDER_DRIVER) == 0) {
            driver_refused++;
            stats_add(stats, BAD_DRIVER_RETURN, 1);
            continue;
        }
        good++;
        taken |= deliver(buffer, frame.length);
    }
    driver_held -= good;
    driver.head = from.head;
    queue_release(&driver);
    stats_add(stats, FRAMES, count);
    publish(taken);
    return queue_left(&driver) != 0;
}

/* ---- Restart, waiting, entry points ---- */

/* Takes back all that a peer held which starts anew. */
static __attribute__((cold, noinline)) void reclaim(uint64_t holder)
{
    for (uint32_t buffer = 0; buffer < config->buffer_count; buffer++) {
        if ((holders[buffer] & holder) != 0) {
            drop_holder(buffer, holder);
        }
    }
}

static void connections_check(void)
{
    driver_refused = 0;
    if (connection_poll(&driver) == CONNECTION_RESTARTED) {
        reclaim(HOLDER_DRIVER);
        driver_held = 0;
        peer_adopt(&driver, &signals, config->driver.channel);
    }
    for (struct client *client = clients; client < clients_end; client++) {
        client->refused = 0;
        if (connection_poll(&client->connection) == CONNECTION_RESTARTED) {
            reclaim(client->bit);
            client->held = 0;
            peer_adopt(&client->connection, &signals, client->channel);
        }
    }
}

/* Asks for the wakes that are needed; true if there is nothing to do now. Buffers that clients
 * return are worth a wake only when the driver runs short of them. A client that returned what it
 * did not hold gives no reason to look again. */
static bool may_wait(void)
{
    bool nothing = queue_arm(&driver, 1) || driver_misbehaves();
    bool is_short = driver_held <= config->buffer_count / 2;
    uint64_t violations = driver.violations;
    for (struct client *client = clients; client < clients_end; client++) {
        violations += client->connection.violations;
        if (is_short && client->held != 0) {
            nothing &= queue_arm(&client->connection, 1) || misbehaves(client);
        }
    }
    stats_set(stats, VIOLATIONS, violations);
    return nothing;
}

/* One round; true if there is more. Bounded: a frame takes a buffer, and who offers what it
 * does not hold is not waited for. */
static bool serve_burst(void)
{
    for (struct client *client = clients; client < clients_end; client++) {
        from_client(client);
    }
    to_driver();
    bool more = from_driver() && !driver_misbehaves();
    if (queue_signal(&driver)) {
        signal_peer(&signals, config->driver.channel);
    }
    return more;
}

static inline __attribute__((always_inline)) void serve(void)
{
    connections_check();
    while (serve_burst() || !may_wait()) {
        signal_now(&signals);
    }

    stats_add(stats, ACTIVATIONS, 1);
    stats_set(stats, SIGNALS, signals.sent);
}

static void clients_open(void)
{
    for (uint32_t i = 0; i < config->client_count; i++) {
        const struct net_virt_rx_client *given = &config->clients[i];
        clients[i].bit = 1ULL << i;
        clients[i].channel = given->connection.channel;
        clients[i].held_max = given->held_max;
        if (!config_connect(&clients[i].connection, &given->connection)) {
            config_refuse("a client's queue capacity is not a power of two up to 65536");
        }
        signal_peer(&signals, given->connection.channel);
    }
    clients_end = clients + config->client_count;
}

void net_virt_rx_start(const struct net_virt_rx_config *given)
{
    config = given;
    stats = (struct stats_page *)(uintptr_t)config->header.stats;
    stats_open(stats, config->header.instance, counter_names, COUNTERS);
    if (config->client_count > NET_CLIENTS_MAX) {
        config_refuse("more than 56 clients");
    }
    const char *wrong = net_buffers_open(&buffers, config->data.size, config->buffer_size);
    if (wrong != NULL) {
        config_refuse(wrong);
    }
    data = (uintptr_t)config->data.address;
    io_address = config->data.io_address;
    if (config->buffer_count > buffers.count) {
        config_refuse("the buffers do not fit the data region");
    }
    buffers.count = config->buffer_count; /* the region's size is rounded up to pages */
    if (!config_connect(&driver, &config->driver)) {
        config_refuse("the driver's queue capacity is not a power of two up to 65536");
    }
    for (uint32_t buffer = config->buffer_count; buffer > 0; buffer--) {
        idle[idle_count++] = (uint16_t)(buffer - 1);
    }
    signal_peer(&signals, config->driver.channel);
    destinations_open(&destinations, config->clients, config->client_count);
    clients_open();
    net_virt_rx_serve(); /* as if a peer had called */
}

void net_virt_rx_serve(void)
{
    serve();
    signal_end(&signals);
}
