/* SPDX-License-Identifier: BSD-2-Clause */
/* The wire "memory:PATH", the device's end; see wire_memory.h. The generator is hostile. */
#include "wire_memory.h"
#include "wire.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static bool open_memory(struct wire *wire, const char *argument)
{
    wire->listener = wire_memory_listen(argument);
    wire->fd = wire->listener;
    if (wire->listener < 0) {
        snprintf(wire->error, sizeof wire->error, "wire \"memory:%.108s\": listening: %s", argument,
                 strerror(errno));
    }
    return wire->listener >= 0;
}

static void hang_up(struct wire *wire)
{
    close(wire->fd);
    wire->fd = wire->listener;
}

/* Takes the messages that recvmmsg() delivered; hangs up at an empty one. */
static size_t take_messages(struct wire *wire, const struct mmsghdr *messages, size_t received)
{
    size_t count = 0;
    for (size_t i = 0; i < received; i++) {
        uint32_t size = messages[i].msg_len;
        if (size == 0) {
            hang_up(wire);
            break;
        }
        if ((messages[i].msg_hdr.msg_flags & MSG_TRUNC) != 0 || size < WIRE_FRAME_MIN) {
            wire->counters.rx_bad++;
            continue;
        }
        wire->received[count++] = (struct wire_frame){wire->receive_buffers[i], size};
    }
    return count;
}

static size_t receive_memory(struct wire *wire)
{
    if (wire->fd == wire->listener) {
        int fd = accept4(wire->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            return 0;
        }
        int size = WIRE_MEMORY_BUFFER_SIZE;
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
        wire->fd = fd;
        wire->untaken = wire->told = 0;
    }
    struct iovec parts[WIRE_BATCH];
    struct mmsghdr messages[WIRE_BATCH];
    memset(messages, 0, sizeof messages);
    for (size_t i = 0; i < WIRE_BATCH; i++) {
        parts[i] = (struct iovec){wire->receive_buffers[i], WIRE_BUFFER_SIZE};
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    int received = recvmmsg(wire->fd, messages, WIRE_BATCH, MSG_DONTWAIT, NULL);
    if (received < 0) {
        if (errno != EAGAIN && errno != EINTR) {
            hang_up(wire);
        }
        return 0;
    }
    return take_messages(wire, messages, (size_t)received);
}

/* Tells the generator what it missed; false if it has no room even for that. */
static bool tell(struct wire *wire)
{
    struct wire_memory_news news = {.dropped = wire->untaken};
    struct iovec part = {&news, sizeof news};
    struct mmsghdr message = {.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1}};
    if (wire->told != wire->untaken &&
        sendmmsg(wire->fd, &message, 1, MSG_DONTWAIT | MSG_NOSIGNAL) != 1) {
        return false;
    }
    wire->told = wire->untaken;
    return true;
}

static size_t send_memory(struct wire *wire, size_t count)
{
    if (wire->fd == wire->listener) {
        return 0;
    }
    size_t sent = tell(wire) ? wire_send_messages(wire, count, 0) : 0;
    wire->untaken += count - sent;
    return sent;
}

const struct wire_ops wire_memory = {
    .open = open_memory, .receive = receive_memory, .send = send_memory};
