/* SPDX-License-Identifier: BSD-2-Clause */
/* See line.h. */
#include "line.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

static bool failed(struct line *line, const char *what, const char *object)
{
    snprintf(line->error, sizeof line->error, "%s %s: %s", what, object, strerror(errno));
    return false;
}

/* The loop waits for input at one descriptor. An epoll descriptor is readable when what is in it is
 * ready, so there is one for each wish, and none has to be changed later. */
static bool open_waits(struct line *line)
{
    for (unsigned in = 0; in < 2; in++) {
        for (unsigned out = 0; out < 2; out++) {
            struct epoll_event event = {.events = (in ? EPOLLIN : 0U) | (out ? EPOLLOUT : 0U)};
            if (event.events == 0) {
                continue;
            }
            line->wait[in][out] = epoll_create1(EPOLL_CLOEXEC);
            if (line->wait[in][out] < 0 ||
                epoll_ctl(line->wait[in][out], EPOLL_CTL_ADD, line->fd, &event) != 0) {
                return failed(line, "waiting for", line->name);
            }
        }
    }
    return true;
}

/* Replaces a link that an earlier run left, and nothing else. */
static bool make_link(struct line *line, const char *path)
{
    struct stat found;
    if (lstat(path, &found) == 0 && S_ISLNK(found.st_mode) && unlink(path) != 0) {
        return failed(line, "removing the old link", path);
    }
    return symlink(line->name, path) == 0 || failed(line, "making the link", path);
}

static bool open_pty(struct line *line)
{
    struct termios raw;
    line->fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (line->fd < 0 || grantpt(line->fd) != 0 || unlockpt(line->fd) != 0 ||
        ptsname_r(line->fd, line->name, sizeof line->name) != 0) {
        return failed(line, "making", "a pseudoterminal");
    }
    line->slave = open(line->name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (line->slave < 0 || tcgetattr(line->slave, &raw) != 0) {
        return failed(line, "opening", line->name);
    }
    cfmakeraw(&raw);
    return tcsetattr(line->slave, TCSANOW, &raw) == 0 || failed(line, "setting up", line->name);
}

bool line_open(struct line *line, const char *text)
{
    *line = (struct line){.fd = -1, .slave = -1, .wait = {{-1, -1}, {-1, -1}}, .name = "none"};
    if (strcmp(text, "none") == 0) {
        return true;
    }
    if (strcmp(text, "pty") != 0 && (strncmp(text, "pty:", 4) != 0 || text[4] == '\0')) {
        snprintf(line->error, sizeof line->error,
                 "wire \"%.100s\": expected pty, pty:PATH or none; give --wire DEVICE=pty:PATH",
                 text);
        return false;
    }
    return open_pty(line) && open_waits(line) && (text[3] == '\0' || make_link(line, text + 4));
}

uint32_t line_read(struct line *line, uint8_t *bytes, uint32_t size)
{
    ssize_t count = line->fd < 0 ? 0 : read(line->fd, bytes, size);
    return count > 0 ? (uint32_t)count : 0;
}

uint32_t line_write(struct line *line, const uint8_t *bytes, uint32_t size)
{
    if (line->fd < 0) {
        return size;
    }
    ssize_t count = write(line->fd, bytes, size);
    return count > 0 ? (uint32_t)count : 0;
}

int line_wait_fd(const struct line *line, bool in, bool out)
{
    return line->wait[in][out];
}
