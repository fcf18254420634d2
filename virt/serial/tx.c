/* SPDX-License-Identifier: BSD-2-Clause */
/* Transmit virtualiser of the serial class: what several clients print goes out on one device, line
 * by line, each with its client's name in its client's colour. Runs as one PD per device. Trusts
 * nobody.
 *
 * A line is taken from a client's queue into private memory and shown when it is whole: with its
 * newline, at SERIAL_LINE_MAX bytes, or at a flush, which leaves it *open*: more of it may follow,
 * unless another client's line comes between. One turn of a client is one line.
 *
 * A client is hostile: it may not move the cursor, end its line, or switch colours behind our back.
 * So of control characters (ECMA-48, ECMA-6) only newline, tab and a backspace over its own text
 * pass; any other is shown as '?', as are bytes beyond ASCII, which some terminals take for
 * controls. What it offers faster than the device takes waits in its own queue. Each of its bytes
 * costs it a byte of the device's time, and what costs it nothing (a chunk that is none, a flush of
 * nothing) is counted, and is no reason to go on. */
#include <base/peer.h>
#include <microkit.h>
#include <sddf/log.h>
#include <sddf/serial.h>
#include <sddf/stats.h>

enum {
    COLOUR_BYTES = 5,                                        /* ESC [ 3 2 m */
    PREFIX_MAX = 2 + 2 * COLOUR_BYTES + SERIAL_NAME_MAX + 2, /* CR LF, name, ": " */
    OUT_MAX = PREFIX_MAX + SERIAL_LINE_MAX + 2,              /* and CR LF */
};

struct client {
    const struct serial_virt_tx_client *config;
    struct connection connection;
    uint32_t channel;
    uint32_t refused; /* in this activation; see misbehaves() */

    struct serial_chunk chunk; /* taken; */
    uint32_t chunk_at;         /* bytes of it that are in `line` already */
    uint8_t line[SERIAL_LINE_MAX];
    uint32_t length;  /* bytes of `line`, not shown yet */
    uint32_t columns; /* of its open line that a backspace may go back over */
};

static const struct serial_virt_tx_config *config;
static struct connection driver;
static struct client clients[SERIAL_CLIENTS_MAX];
static struct client *clients_end;
static struct client *next_client; /* whose turn it is */
static struct client *open_client; /* whose line the cursor stands in; NULL: at a line's start */
static struct signals signals;
static struct stats_page *stats;

/* What is being shown. */
static uint8_t out[OUT_MAX];
static uint32_t out_length, out_sent;

enum counter {
    LINES,
    LINES_CUT,
    FLUSHES,
    BYTES, /* of the clients' */
    REPLACED,
    BAD_CHUNKS,
    EMPTY_FLUSHES,
    VIOLATIONS,
    ACTIVATIONS,
    SIGNALS,
    COUNTERS
};

static const char *const counter_names[COUNTERS] = {
    "lines",      "lines_cut",     "flushes",    "bytes",       "replaced",
    "bad_chunks", "empty_flushes", "violations", "activations", "signals",
};

static bool misbehaves(const struct client *client)
{
    return client->refused > client->connection.get_capacity;
}

/* ---- Showing a line ---- */

static void out_byte(uint8_t byte)
{
    sddf_assert(out_length < OUT_MAX);
    out[out_length++] = byte;
}

static void out_text(const char *text)
{
    for (; *text != '\0'; text++) {
        out_byte((uint8_t)*text);
    }
}

static void out_newline(void)
{
    out_text("\r\n");
    open_client = NULL;
}

static void out_colour(uint32_t colour)
{
    if (colour != SERIAL_PLAIN) {
        out_text("\x1b[");
        out_byte((uint8_t)('0' + colour / 10));
        out_byte((uint8_t)('0' + colour % 10));
        out_text("m");
    }
}

static void out_name(const struct client *client)
{
    uint32_t colour = client->config->colour;
    out_colour(colour);
    out_text(client->config->name);
    out_text(colour != SERIAL_PLAIN ? "\x1b[0m: " : ": ");
}

/* Any byte of a client's but its newline. */
static void out_of_client(struct client *client, uint8_t byte)
{
    bool back = byte == '\b' && client->columns != 0;
    bool passes = (byte >= ' ' && byte <= '~') || byte == '\t' || back;
    if (!passes) {
        stats_add(stats, REPLACED, 1);
        byte = '?';
    }
    out_byte(byte);
    client->columns = back ? client->columns - 1 : byte == '\t' ? 0 : client->columns + 1;
}

/* Renders what `client->line` holds, as the next of its open line if it has one. */
static void show(struct client *client, bool ends)
{
    out_length = out_sent = 0;
    if (open_client != NULL && open_client != client) {
        out_newline();
    }
    if (open_client == NULL) {
        client->columns = 0;
        out_name(client);
    }
    for (uint32_t i = 0; i < client->length; i++) {
        out_of_client(client, client->line[i]);
    }
    stats_add(stats, BYTES, client->length);
    client->length = 0;
    if (ends) {
        stats_add(stats, LINES, 1);
        out_newline();
    } else {
        stats_add(stats, FLUSHES, 1);
        open_client = client;
    }
}

/* ---- Taking a line ---- */

/* A flush of nothing new is not worth a byte, nor another look. */
static bool flush(struct client *client)
{
    if (client->length == 0) {
        client->refused++;
        stats_add(stats, EMPTY_FLUSHES, 1);
        return false;
    }
    show(client, false);
    return true;
}

/* The bytes of the chunk at hand, up to the end of a line. True if a line was shown. */
static bool take_bytes(struct client *client)
{
    while (client->chunk_at < client->chunk.count) {
        uint8_t byte = client->chunk.bytes[client->chunk_at++];
        if (byte == '\n') { /* we end lines ourselves; CR LF is a newline, too */
            client->length -= client->length != 0 && client->line[client->length - 1] == '\r';
            show(client, true);
            return true;
        }
        client->line[client->length++] = byte;
        if (client->length == SERIAL_LINE_MAX) {
            stats_add(stats, LINES_CUT, 1);
            show(client, true);
            return true;
        }
    }
    return false;
}

/* A client's turn: its queue up to the end of a line, which is shown. True if there was one. */
static bool take_line(struct client *client)
{
    bool shown = take_bytes(client);
    uint32_t available = shown ? 0 : queue_available(&client->connection);
    for (; available != 0 && !shown && !misbehaves(client); available--) {
        client->chunk_at = 0;
        if (!serial_get_chunk(&client->connection, &client->chunk)) {
            client->chunk.count = 0;
            client->refused++;
            stats_add(stats, BAD_CHUNKS, 1);
            continue;
        }
        shown = client->chunk.count == 0 ? flush(client) : take_bytes(client);
    }
    queue_release(&client->connection);
    if (queue_signal_space(&client->connection)) {
        signal_peer(&signals, client->channel);
    }
    return shown;
}

/* Sends what is shown on to the driver, without publishing. True if all of it is out. */
static bool send(void)
{
    out_sent += serial_put(&driver, out + out_sent, out_length - out_sent);
    return out_sent == out_length;
}

/* One line of each client, in turn, as far as the driver's queue takes them. True if another round
 * may find more. */
static bool round_of_clients(void)
{
    bool any = false;
    for (uint32_t i = 0; i < config->client_count && send(); i++) {
        any |= take_line(next_client);
        next_client = next_client + 1 < clients_end ? next_client + 1 : clients;
    }
    any &= send();
    queue_publish(&driver);
    if (queue_signal(&driver)) {
        signal_peer(&signals, config->driver.channel);
    }
    return any;
}

/* ---- Restart, waiting, entry points ---- */

/* What a client that starts anew had begun is forgotten; what was shown stays. */
static void connections_check(void)
{
    peer_check(&driver, &signals, config->driver.channel);
    for (struct client *client = clients; client < clients_end; client++) {
        client->refused = 0;
        if (connection_poll(&client->connection) == CONNECTION_RESTARTED) {
            client->length = client->chunk.count = client->chunk_at = 0;
            peer_adopt(&client->connection, &signals, client->channel);
        }
    }
}

/* Asks for the wakes that are needed; true if there is nothing to do now. While a line waits for
 * the driver, only that helps. */
static bool may_wait(void)
{
    bool nothing = true;
    if (out_sent != out_length) {
        return queue_arm_space(&driver, 1);
    }
    for (struct client *client = clients; client < clients_end; client++) {
        nothing &= queue_arm(&client->connection, 1) || misbehaves(client);
    }
    return nothing;
}

static void serve(void)
{
    connections_check();
    while (round_of_clients() || !may_wait()) {
        signal_now(&signals);
    }
    uint64_t violations = driver.violations;
    for (struct client *client = clients; client < clients_end; client++) {
        violations += client->connection.violations;
    }
    stats_set(stats, VIOLATIONS, violations);
    stats_add(stats, ACTIVATIONS, 1);
    stats_set(stats, SIGNALS, signals.sent);
}

static void client_open(struct client *client, const struct serial_virt_tx_client *given)
{
    bool coloured = given->colour >= SERIAL_RED && given->colour <= SERIAL_CYAN;
    client->config = given;
    client->channel = given->connection.channel;
    if (given->name[SERIAL_NAME_MAX - 1] != '\0') {
        config_refuse("a client's name is not terminated");
    }
    if (given->colour != SERIAL_PLAIN && !coloured) {
        config_refuse("a client's colour is not one of 31 to 36, or 0 for none");
    }
    if (!config_connect(&client->connection, &given->connection)) {
        config_refuse("a queue's capacity is not a power of two up to 65536");
    }
    signal_peer(&signals, client->channel);
}

void init(void)
{
    config = config_get(CONFIG_SERIAL_VIRT_TX, SERIAL_CONFIG_VERSION, sizeof(*config));
    stats = (struct stats_page *)(uintptr_t)config->header.stats;
    stats_open(stats, config->header.instance, counter_names, COUNTERS);
    if (config->client_count == 0 || config->client_count > SERIAL_CLIENTS_MAX) {
        config_refuse("not 1 to 56 clients");
    }
    if (!config_connect(&driver, &config->driver)) {
        config_refuse("a queue's capacity is not a power of two up to 65536");
    }
    for (uint32_t i = 0; i < config->client_count; i++) {
        client_open(&clients[i], &config->clients[i]);
    }
    clients_end = &clients[config->client_count];
    next_client = clients;
    signal_peer(&signals, config->driver.channel);
    notified(config->driver.channel); /* as if a peer had called */
}

void notified(microkit_channel channel)
{
    (void)channel;
    serve();
    signal_end(&signals);
}
