/* SPDX-License-Identifier: BSD-2-Clause */
/* The output of children and of the runner itself. A child's bytes are anybody's: they are printed
 * as whole lines of bounded length with the child's name in front, and never reach the terminal as
 * control characters. */
#include "run.h"
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

enum { READS_AT_ONCE = 4 };

void run_say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)fflush(stdout);
    (void)vfprintf(stderr, format, arguments);
    (void)fputc('\n', stderr);
    va_end(arguments);
}

void run_print_text(FILE *stream, const char *text, size_t length)
{
    for (size_t i = 0; i < length && text[i] != '\0'; i++) {
        unsigned char byte = (unsigned char)text[i];
        if ((byte < ' ' && byte != '\t') || byte == 0x7f) {
            (void)fprintf(stream, "\\x%02x", byte);
        } else {
            (void)fputc(byte, stream);
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
