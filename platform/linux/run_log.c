/* SPDX-License-Identifier: BSD-2-Clause */
/* The output of children and of the runner itself. A child's bytes are anybody's: they are printed
 * as whole lines of bounded length with the child's name in front, and never reach the terminal as
 * control characters. Nor does what the runner itself says, which may quote files. */
#include "description/control.h"
#include "run.h"
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

enum { READS_AT_ONCE = 4, SAY_MAX = 4096 };

void run_say(const char *format, ...)
{
    char text[SAY_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    (void)fflush(stdout);
    run_print_text(stderr, text, sizeof(text));
    (void)fputc('\n', stderr);
}

void run_print_text(FILE *stream, const char *text, size_t length)
{
    for (size_t i = 0; i < length && text[i] != '\0'; i++) {
        size_t bytes = control_length(text[i], i + 1 < length ? text[i + 1] : '\0');
        if (bytes == 0 || text[i] == '\t') {
            (void)fputc(text[i], stream);
        } else if (bytes == 1) {
            (void)fprintf(stream, "\\x%02x", (unsigned char)text[i]);
        } else {
            (void)fprintf(stream, "\\u%04x", (unsigned char)text[++i]);
        }
    }
}

static void print_line(struct run_child *child)
{
    (void)fputs(child->name, stdout);
    (void)fputs("| ", stdout);
    run_print_text(stdout, child->line, child->line_length);
    (void)fputc('\n', stdout);
    child->line_length = 0;
}

/* Takes what is there, a bounded amount; false at the end or when nothing is left. */
static bool take(struct run_child *child)
{
    char buffer[4096];
    ssize_t got = read(child->log, buffer, sizeof(buffer));
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return false;
    }
    if (got <= 0) {
        close(child->log);
        child->log = -1;
        return false;
    }
    for (ssize_t i = 0; i < got; i++) {
        if (buffer[i] == '\n') {
            print_line(child);
            continue;
        }
        if (child->line_length == sizeof(child->line)) {
            print_line(child);
        }
        child->line[child->line_length++] = buffer[i] == '\0' ? '?' : buffer[i];
    }
    return got == sizeof(buffer);
}

void run_log_read(struct run_child *child)
{
    for (int i = 0; i < READS_AT_ONCE && child->log >= 0 && take(child); i++) {
    }
}

void run_log_finish(struct run_child *child)
{
    /* A pipe holds at most 16 buffers, and its writer is dead. */
    for (int i = 0; i < 32 && child->log >= 0; i++) {
        (void)take(child);
    }
    if (child->line_length > 0) {
        print_line(child);
    }
    if (child->log >= 0) {
        close(child->log);
        child->log = -1;
    }
}
