/* SPDX-License-Identifier: BSD-2-Clause */
/* The serial transmit virtualiser between a driver (honest or hostile, by the input), two hostile
 * clients and an honest one, whose lines must all be shown, whole, in order and under its name.
 * What is shown moves the cursor by nothing but what the virtualiser itself may write. */
#include "serial_peer.h"
#include "target.h"

#include <stdio.h>
#include <string.h>

enum { CLIENTS = 3, HONEST = 1, CAPACITY = 16, LAST_STEPS = 2000, LINE_BYTES = 16 };

static struct serial_virt_tx_config *config;
static struct fuzz_peer driver, clients[CLIENTS];
static bool driver_hostile;
static uint32_t said, shown;            /* lines of the honest client */
static char line[SERIAL_LINE_MAX + 64]; /* being shown */
static uint32_t line_length;

void target_make(void)
{
    static const char *const names[CLIENTS] = {"ann", "bob", "eve"};
    config = fuzz_memory(sizeof(*config), 0);
    fuzz_header(&config->header, CONFIG_SERIAL_VIRT_TX, sizeof(*config));
    config->header.version = SERIAL_CONFIG_VERSION;
    config->client_count = CLIENTS;
    peer_make(&driver, &config->driver, CAPACITY, 0);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        peer_make(&clients[i], &config->clients[i].connection, CAPACITY, 1 + i);
        strcpy(config->clients[i].name, names[i]);
    }
    config->clients[2].colour = SERIAL_CYAN;
}

/* A whole line, without its end. */
static void judge_line(void)
{
    char expected[LINE_BYTES];
    line[line_length] = '\0';
    if (strncmp(line, "bob: ", 5) == 0) {
        (void)snprintf(expected, sizeof(expected), "bob: %u", shown++);
        must(strcmp(line, expected) == 0, "a line of the honest client is another, or not whole");
    } else {
        must(strncmp(line, "ann: ", 5) == 0 || strncmp(line, "\x1b[36meve\x1b[0m: ", 14) == 0,
             "a line has nobody's name");
        must(strchr(line + 14 < line + line_length ? line + 14 : line + line_length, '\x1b') ==
                 NULL,
             "an escape comes from a client");
    }
    line_length = 0;
}

static void take(uint8_t byte)
{
    must(byte == '\x1b' || byte == '\r' || byte == '\n' || byte == '\t' || byte == '\b' ||
             (byte >= ' ' && byte <= '~'),
         "a control character is shown");
    if (driver_hostile) {
        return;
    }
    if (byte == '\n') {
        judge_line();
    } else if (byte != '\r') {
        /* Flushes make a line as long as its client likes: what is its own is not kept. */
        line_length -= line_length == sizeof(line) - 1;
        line[line_length++] = (char)byte;
    }
}

static void honest_say(void)
{
    char text[LINE_BYTES];
    int length = snprintf(text, sizeof(text), "%u\n", said);
    if (queue_space(&clients[HONEST].c, 2) >= 2) {
        (void)peer_put_text(&clients[HONEST], text, (uint32_t)length);
        said++;
    }
}

static void run_component(uint32_t channel)
{
    fuzz_enter(channel);
    peer_entered(&driver);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        peer_entered(&clients[i]);
    }
    if (!driver_hostile) {
        peer_take_text(&driver, take);
    }
    must(clients[HONEST].c.violations == 0, "the component's indices lie");
}

/* In the end, all that was said must be shown. */
void target_enter(uint32_t channel)
{
    run_component(channel);
    if (!input_ended() || driver_hostile) {
        return;
    }
    for (uint32_t i = 0; i < LAST_STEPS && shown != said; i++) {
        run_component(0);
    }
    must(shown == said, "a line of the honest client is lost, or held up");
}

void target_step(void)
{
    uint8_t choice = input8();
    switch (choice % 8) {
    case 0:
        honest_say();
        break;
    case 1:
    case 2:
        text_move(&clients[0]);
        break;
    case 3:
    case 4:
        text_move(&clients[2]);
        break;
    case 5:
        if (driver_hostile) {
            text_move(&driver);
        }
        break;
    default:
        target_enter(choice / 8 % 4);
        break;
    }
}

bool target_start(void)
{
    driver_hostile = (input8() & 1) != 0;
    said = shown = line_length = 0;
    must(fuzz_init(config, sizeof(*config)), "a good configuration is refused");
    peer_start(&driver);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        peer_start(&clients[i]);
    }
    return true;
}
