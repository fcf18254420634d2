/* SPDX-License-Identifier: BSD-2-Clause */
/* What all wires share: choosing the kind, batches, staging. See wire.h. */
#include "wire.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static bool open_none(struct wire *wire, const char *argument)
{
    (void)argument;
    wire->fd = -1;
    return true;
}

static size_t receive_none(struct wire *wire)
{
    (void)wire;
    return 0;
}

static size_t send_none(struct wire *wire, size_t count)
{
    (void)wire;
    (void)count;
    return 0;
}

static const struct wire_ops wire_none = {
    .open = open_none, .receive = receive_none, .send = send_none};

static const struct {
    const char *name;
    const struct wire_ops *ops;
} kinds[] = {
    {"packet", &wire_packet}, {"tap", &wire_tap}, {"memory", &wire_memory}, {"none", &wire_none}};

bool wire_open(struct wire *wire, const char *text)
{
    memset(wire, 0, sizeof *wire);
    wire->fd = -1;
    wire->listener = -1;
    for (size_t i = 0; i < WIRE_BATCH; i++) {
        wire->sending[i].data = wire->send_buffers[i];
    }
    size_t kind_size = strcspn(text, ":");
    const char *argument = text + kind_size + (text[kind_size] == ':' ? 1 : 0);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strlen(kinds[i].name) == kind_size && memcmp(kinds[i].name, text, kind_size) == 0) {
            wire->ops = kinds[i].ops;
            return wire->ops->open(wire, argument);
        }
    }
    snprintf(wire->error, sizeof wire->error,
             "wire \"%.100s\": unknown kind; use packet:IFNAME, tap:IFNAME, memory:PATH or none",
             text);
    return false;
}

size_t wire_receive(struct wire *wire, struct wire_frame **frames)
{
    if (wire->received_next == wire->received_count) {
        wire->received_next = 0;
        wire->received_count = wire->ops->receive(wire);
    }
    *frames = &wire->received[wire->received_next];
    return wire->received_count - wire->received_next;
}

void wire_consume(struct wire *wire, size_t count)
{
    assert(count <= wire->received_count - wire->received_next);
    wire->received_next += count;
    if (wire->received_next == wire->received_count && wire->ops->release != NULL) {
        wire->ops->release(wire);
    }
}

uint8_t *wire_reserve(struct wire *wire)
{
    if (wire->sending_count == WIRE_BATCH) {
        wire_flush(wire);
    }
    return wire->sending[wire->sending_count].data;
}

void wire_commit(struct wire *wire, uint32_t size)
{
    assert(wire->sending_count < WIRE_BATCH && size <= WIRE_FRAME_MAX);
    wire->sending[wire->sending_count++].size = size;
}

void wire_flush(struct wire *wire)
{
    if (wire->sending_count != 0) {
        size_t sent = wire->ops->send(wire, wire->sending_count);
        wire->counters.tx_dropped += wire->sending_count - sent;
        wire->sending_count = 0;
    }
}

void wire_error(struct wire *wire)
{
    if (wire->ops->error != NULL) {
        wire->ops->error(wire);
    }
}

size_t wire_send_messages(struct wire *wire, size_t count, size_t prefix_size)
{
    static uint8_t zeros[16];
    struct iovec parts[WIRE_BATCH][2];
    struct mmsghdr messages[WIRE_BATCH];
    memset(messages, 0, sizeof messages);
    for (size_t i = 0; i < count; i++) {
        parts[i][0] = (struct iovec){zeros, prefix_size};
        parts[i][1] = (struct iovec){wire->sending[i].data, wire->sending[i].size};
        messages[i].msg_hdr.msg_iov = parts[i];
        messages[i].msg_hdr.msg_iovlen = 2;
    }
    size_t sent = 0, next = 0;
    while (next < count) {
        int taken = sendmmsg(wire->fd, &messages[next], (unsigned)(count - next),
                             MSG_DONTWAIT | MSG_NOSIGNAL);
        if (taken > 0) {
            sent += (size_t)taken;
            next += (size_t)taken;
        } else if (errno == EMSGSIZE || errno == EINVAL) {
            next++; /* the kernel refuses this frame; the rest may pass */
        } else {
            break; /* full, down or gone: the rest is lost as on a real wire */
        }
    }
    return sent;
}
