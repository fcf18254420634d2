/* SPDX-License-Identifier: BSD-2-Clause */
/* The other end of a serial device's line on Linux. From the text "KIND[:ARG]":
 *
 *     pty         a pseudoterminal, raw; its name is in `name`
 *     pty:PATH    the same, and PATH becomes a symbolic link to it
 *     none        what is sent is gone, nothing comes
 *
 * Trusts whoever opens the terminal with its text alone. */
#ifndef LINUX_DEVICE_LINE_H
#define LINUX_DEVICE_LINE_H

#include <stdbool.h>
#include <stdint.h>

enum { LINE_NAME_MAX = 64, LINE_ERROR_MAX = 256 };

struct line {
    int fd;         /* -1: none */
    int slave;      /* kept open, so that the master never hangs up */
    int wait[2][2]; /* descriptors that become readable: [bytes come], [there is room], -1: never */
    char name[LINE_NAME_MAX];
    char error[LINE_ERROR_MAX];
};

/* False with the reason in `error`. */
bool line_open(struct line *line, const char *text);
/* Up to `size` bytes that came; 0: none. */
uint32_t line_read(struct line *line, uint8_t *bytes, uint32_t size);
/* Bytes that went, of `size`; 0: there is no room. */
uint32_t line_write(struct line *line, const uint8_t *bytes, uint32_t size);
/* What to wait at for bytes (`in`) and for room (`out`); -1: for nothing. */
int line_wait_fd(const struct line *line, bool in, bool out);

#endif
