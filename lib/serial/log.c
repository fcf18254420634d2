/* SPDX-License-Identifier: BSD-2-Clause */
/* See log.h. Runs in the component that logs; trusts neither virtualiser with more than the text.
 */
#include <sddf/log.h>
#include <serial/client.h>
#include <serial/log.h>
#include <stddef.h>

enum { LAST_LOOKS = 1 << 20 }; /* for a virtualiser that starts meanwhile: some 50 ms */

static struct serial_client serial;
static bool is_open;
static char kept[SERIAL_LOG_KEPT]; /* whole lines, each with its newline */
static uint32_t kept_length;
static bool lost;  /* a line for which there was no room */
static bool typed; /* the end of one */

/* Bytes of the line that begins there, with its newline. */
static uint32_t line_length(uint32_t at)
{
    uint32_t length = 1;
    while (kept[at + length - 1] != '\n') {
        length++;
    }
    return length;
}

/* Offers the lines for which there is room. */
static void offer(void)
{
    uint32_t at = 0;
    while (at < kept_length && serial_client_room(&serial) >= line_length(at)) {
        for (uint32_t left = line_length(at); left > 0; left--) {
            (void)serial_putc(&serial, kept[at++]);
        }
    }
    for (uint32_t i = at; i < kept_length; i++) {
        kept[i - at] = kept[i];
    }
    kept_length -= at;
    if (kept_length != 0) {
        serial_client_want_room(&serial);
    }
}

static void serve(void)
{
    uint8_t byte;
    serial_client_begin(&serial);
    do {
        offer();
        while (serial_getc(&serial, &byte)) {
            typed |= byte == '\r' || byte == '\n';
        }
    } while (!serial_client_may_wait(&serial));
    signal_now(&serial.signals);
}

/* False if there is no room. */
static bool keep(const char *line)
{
    uint32_t length = 0;
    while (line[length] != '\0') {
        length++;
    }
    if (length + 1 > sizeof(kept) - kept_length) {
        return false;
    }
    for (uint32_t i = 0; i < length; i++) {
        kept[kept_length++] = line[i] == '\n' ? ' ' : line[i];
    }
    kept[kept_length++] = '\n';
    return true;
}

static void take(const char *line)
{
    if (line != NULL) {
        lost = lost && !keep("lines are missing here");
        lost = lost || !keep(line);
        serve();
        return;
    }
    for (uint32_t looks = 0; kept_length != 0 && looks < LAST_LOOKS; looks++) {
        serve();
    }
}

bool serial_log_open(void)
{
    const struct serial_client_config *config =
        config_find(CONFIG_SERIAL_CLIENT, SERIAL_CONFIG_VERSION, sizeof(*config), 0);
    if (config == NULL) {
        return false;
    }
    const char *wrong = serial_client_open(&serial, &config->rx, &config->tx);
    if (wrong != NULL) {
        config_refuse(wrong);
    }
    is_open = true;
    log_to(take);
    serve();
    return true;
}

bool serial_log_serve(void)
{
    if (!is_open) {
        return false;
    }
    serve();
    bool line = typed;
    typed = false;
    return line;
}
