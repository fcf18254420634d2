/* SPDX-License-Identifier: BSD-2-Clause */
/* See sddf/log.h. Runs in every component, which owns one line at a time. */
#include <microkit.h>
#include <sddf/log.h>
#include <stddef.h>

struct line {
    char text[LOG_LINE_MAX];
    uint32_t length; /* without the zero */
};

/* NULL: not known yet; debug output. Like all variables of a component they begin as zero: that is
 * what a restart makes them. */
static const char *log_instance;
static log_sink *log_other;

void log_open(const char *instance)
{
    log_instance = instance;
}

void log_to(log_sink *sink)
{
    log_other = sink;
}

static void add(struct line *line, const char *text)
{
    for (; *text != '\0' && line->length + 1 < sizeof(line->text); text++) {
        line->text[line->length++] = *text;
    }
    line->text[line->length] = '\0';
}

/* Digits of `value` in `base` (10 or 16); 20 digits hold 2^64 - 1. */
static void add_number(struct line *line, uint64_t value, unsigned base)
{
    char digits[21];
    unsigned at = sizeof(digits) - 1;
    digits[at] = '\0';
    do {
        digits[--at] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0 && at > 0);
    add(line, &digits[at]);
}

static void print(const char *instance, const char *line)
{
    microkit_dbg_puts(instance);
    microkit_dbg_puts(": ");
    microkit_dbg_puts(line);
    microkit_dbg_puts("\n");
}

static void finish(const struct line *line)
{
    if (log_other != NULL) {
        log_other(line->text);
    } else {
        print(log_instance != NULL ? log_instance : "?", line->text);
    }
}

void log_line(const char *text)
{
    struct line line = {.length = 0};
    add(&line, text);
    finish(&line);
}

void log_value(const char *text, uint64_t value)
{
    struct line line = {.length = 0};
    add(&line, text);
    add(&line, " ");
    add_number(&line, value, 10);
    finish(&line);
}

void log_hex(const char *text, uint64_t value)
{
    struct line line = {.length = 0};
    add(&line, text);
    add(&line, " 0x");
    add_number(&line, value, 16);
    finish(&line);
}

_Noreturn void log_stop(void)
{
    if (log_other != NULL) {
        log_other(NULL);
    }
    __builtin_trap();
}

void log_last(const char *text, const char *more)
{
    struct line line = {.length = 0};
    add(&line, text);
    add(&line, ": ");
    add(&line, more);
    print(microkit_name, line.text);
    if (log_other != NULL) {
        log_other(line.text);
    }
}
