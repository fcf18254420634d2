/* SPDX-License-Identifier: BSD-2-Clause */
/* A client of the serial class: says who it is, echoes what is typed to it as it comes, and answers
 * each line with it and its length. Runs as one PD per console; trusts nobody's input. */
#include <microkit.h>
#include <sddf/log.h>
#include <sddf/stats.h>
#include <serial/client.h>

enum {
    TYPED_MAX = 128, /* bytes of a typed line; what follows is not taken */
    BACKSPACE = '\b',
    DELETE = 0x7f, /* what most terminals send for the backspace key */
};

static const struct serial_client_config *config;
static struct serial_client serial;
static struct stats_page *stats;
static char typed[TYPED_MAX + 1];
static uint32_t typed_length;
static bool after_return; /* a newline that follows ends no further line */

enum counter { LINES, BYTES, DROP_LONG, DROP_CONTROL, DROP_NO_ROOM, BAD_CHUNKS, COUNTERS };

static const char *const counter_names[COUNTERS] = {
    "lines", "bytes", "drop_long", "drop_control", "drop_no_room", "bad_chunks",
};

static void answer(void)
{
    typed[typed_length] = '\0';
    (void)serial_putc(&serial, '\n'); /* of the echo */
    (void)serial_printf(&serial, "\"%s\", %u bytes\n", typed, typed_length);
    stats_add(stats, LINES, 1);
    typed_length = 0;
}

static void take(char byte)
{
    if (typed_length == TYPED_MAX) {
        stats_add(stats, DROP_LONG, 1);
        return;
    }
    typed[typed_length++] = byte;
    (void)serial_putc(&serial, byte);
}

static void handle(uint8_t byte)
{
    stats_add(stats, BYTES, 1);
    if (byte == '\n' && after_return) {
        after_return = false;
        return;
    }
    after_return = byte == '\r';
    if (byte == '\r' || byte == '\n') {
        answer();
    } else if ((byte == BACKSPACE || byte == DELETE) && typed_length != 0) {
        typed_length--;
        (void)serial_puts(&serial, "\b \b");
    } else if (byte >= ' ' && byte <= '~') {
        take((char)byte);
    } else {
        stats_add(stats, DROP_CONTROL, 1);
    }
}

void init(void)
{
    config = config_get(CONFIG_SERIAL_CLIENT, SERIAL_CONFIG_VERSION, sizeof(*config));
    stats = (struct stats_page *)(uintptr_t)config->header.stats;
    stats_open(stats, config->header.instance, counter_names, COUNTERS);
    const char *wrong = serial_client_open(&serial, &config->rx, &config->tx);
    if (wrong != NULL) {
        config_refuse(wrong);
    }
    notified(config->rx.channel); /* as if a peer had called */
}

/* Who can read this can type: before, what is typed finds nobody. */
static void greet(void)
{
    static bool greeted;
    if (!greeted && serial_client_ready(&serial)) {
        greeted = serial_printf(&serial, "%s is here; type a line\n", config->header.instance);
    }
}

void notified(microkit_channel channel)
{
    uint8_t byte;
    (void)channel;
    serial_client_begin(&serial);
    greet();
    do {
        while (serial_getc(&serial, &byte)) {
            handle(byte);
        }
        (void)serial_flush(&serial);
    } while (!serial_client_may_wait(&serial));
    stats_set(stats, DROP_NO_ROOM, serial.dropped);
    stats_set(stats, BAD_CHUNKS, serial.bad_chunks);
    serial_client_end(&serial);
}
