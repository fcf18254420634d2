/* SPDX-License-Identifier: BSD-2-Clause */
/* Receive virtualiser of the serial class: what is typed goes to one client at a time. Runs as one
 * PD per device. Trusts nobody.
 *
 * The escape character (config) begins a command of one more character, which no client sees:
 *
 *     0 to 9    the input goes to that client, in the order of the description
 *     n         ... to the next one, round and round
 *     ?         says which there are
 *     escape    the escape character itself goes to the client
 *
 * A client that does not read what is typed to it loses it: nobody waits for a client. */
#include <base/peer.h>
#include <microkit.h>
#include <sddf/log.h>
#include <sddf/serial.h>
#include <sddf/stats.h>
#include <serial/client.h>

enum { DIGITS = 10 };

struct client {
    struct connection connection;
    uint32_t channel;
    const char *name;
};

static const struct serial_virt_rx_config *config;
static struct connection driver;
static struct client clients[SERIAL_CLIENTS_MAX];
static uint32_t focus;            /* whom the input goes to */
static bool escaped;              /* the escape character came last */
static uint8_t run[SERIAL_BURST]; /* bytes for the client in focus, not put yet */
static uint32_t run_length;
static uint32_t refused; /* chunks of the driver's that are none, in this activation */
static struct serial_client announcer;
static struct signals signals;
static struct stats_page *stats;

enum counter {
    BYTES,
    DROP_FULL,
    SWITCHES,
    BAD_COMMANDS,
    BAD_CHUNKS,
    VIOLATIONS,
    ACTIVATIONS,
    SIGNALS,
    COUNTERS
};

static const char *const counter_names[COUNTERS] = {
    "bytes",      "drop_full",  "switches",    "bad_commands",
    "bad_chunks", "violations", "activations", "signals",
};

static bool driver_misbehaves(void)
{
    return refused > driver.get_capacity;
}

/* ---- To the clients ---- */

static void put_run(void)
{
    struct client *client = &clients[focus];
    uint32_t put = serial_put(&client->connection, run, run_length);
    stats_add(stats, BYTES, put);
    stats_add(stats, DROP_FULL, run_length - put);
    run_length = 0;
}

static void publish_run(void)
{
    struct client *client = &clients[focus];
    put_run();
    queue_publish(&client->connection);
    if (queue_signal(&client->connection)) {
        signal_peer(&signals, client->channel);
    }
}

static void to_client(uint8_t byte)
{
    run[run_length++] = byte;
    if (run_length == SERIAL_BURST) {
        put_run();
    }
}

/* ---- Commands ---- */

static void say_focus(void)
{
    (void)serial_printf(&announcer, "input goes to %u, %s\n", focus, clients[focus].name);
}

static void switch_to(uint32_t client)
{
    publish_run();
    focus = client;
    stats_add(stats, SWITCHES, 1);
    say_focus();
}

static void command(uint8_t byte)
{
    uint32_t digit = (uint32_t)byte - '0';
    if (byte == config->escape) {
        to_client(byte);
    } else if (digit < DIGITS && digit < config->client_count) {
        switch_to(digit);
    } else if (byte == 'n') {
        switch_to(focus + 1 < config->client_count ? focus + 1 : 0);
    } else if (byte == '?') {
        for (uint32_t i = 0; i < config->client_count; i++) {
            (void)serial_printf(&announcer, "%u: %s\n", i, clients[i].name);
        }
        say_focus();
    } else {
        stats_add(stats, BAD_COMMANDS, 1);
    }
}

static void receive(uint8_t byte)
{
    if (escaped) {
        escaped = false;
        command(byte);
    } else if (byte == config->escape) {
        escaped = true;
    } else {
        to_client(byte);
    }
}

/* A burst of what came in. True if there is more. */
static bool from_driver(void)
{
    uint32_t available = queue_available(&driver);
    uint32_t count = available < SERIAL_BURST ? available : SERIAL_BURST;
    for (uint32_t i = 0; i < count; i++) {
        struct serial_chunk chunk;
        if (!serial_get_chunk(&driver, &chunk)) {
            refused++;
            stats_add(stats, BAD_CHUNKS, 1);
            continue;
        }
        for (uint32_t b = 0; b < chunk.count; b++) {
            receive(chunk.bytes[b]);
        }
    }
    if (count == 0) {
        return false;
    }
    queue_release(&driver);
    publish_run();
    if (queue_signal_space(&driver)) {
        signal_peer(&signals, config->driver.channel);
    }
    return count < available && !driver_misbehaves();
}

/* ---- Restart, waiting, entry points ---- */

static void connections_check(void)
{
    refused = 0;
    peer_check(&driver, &signals, config->driver.channel);
    for (uint32_t i = 0; i < config->client_count; i++) {
        peer_check(&clients[i].connection, &signals, clients[i].channel);
    }
    serial_client_begin(&announcer);
}

static void serve(void)
{
    connections_check();
    while (from_driver() || (!queue_arm(&driver, 1) && !driver_misbehaves())) {
        signal_now(&signals);
    }
    uint64_t violations = driver.violations + announcer.tx.violations;
    for (uint32_t i = 0; i < config->client_count; i++) {
        violations += clients[i].connection.violations;
    }
    stats_set(stats, VIOLATIONS, violations);
    stats_add(stats, ACTIVATIONS, 1);
    stats_set(stats, SIGNALS, signals.sent + announcer.signals.sent);
}

static void client_open(struct client *client, const struct serial_virt_rx_client *given)
{
    client->channel = given->connection.channel;
    client->name = given->name;
    if (given->name[SERIAL_NAME_MAX - 1] != '\0') {
        config_refuse("a client's name is not terminated");
    }
    if (!config_connect(&client->connection, &given->connection)) {
        config_refuse("a queue's capacity is not a power of two up to 65536");
    }
    signal_peer(&signals, client->channel);
}

void init(void)
{
    config = config_get(CONFIG_SERIAL_VIRT_RX, SERIAL_CONFIG_VERSION, sizeof(*config));
    stats = (struct stats_page *)(uintptr_t)config->header.stats;
    stats_open(stats, config->header.instance, counter_names, COUNTERS);
    if (config->client_count == 0 || config->client_count > SERIAL_CLIENTS_MAX) {
        config_refuse("not 1 to 56 clients");
    }
    if (config->escape > UINT8_MAX) {
        config_refuse("the escape character is none");
    }
    if (!config_connect(&driver, &config->driver)) {
        config_refuse("a queue's capacity is not a power of two up to 65536");
    }
    for (uint32_t i = 0; i < config->client_count; i++) {
        client_open(&clients[i], &config->clients[i]);
    }
    const char *wrong = serial_client_open(&announcer, NULL, &config->announce);
    if (wrong != NULL) {
        config_refuse(wrong);
    }
    signal_peer(&signals, config->driver.channel);
    notified(config->driver.channel); /* as if a peer had called */
}

void notified(microkit_channel channel)
{
    (void)channel;
    serve();
    signal_now(&announcer.signals);
    signal_end(&signals);
}
