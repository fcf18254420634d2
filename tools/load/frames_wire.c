/* SPDX-License-Identifier: BSD-2-Clause */
/* The in-memory wire of a device model (platform/linux/device/wire_memory.h), where no network
 * interface can be made. See frames.h. */
#include "frames.h"

#include "arguments.h"
#include "wire_memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_BYTES 2048u /* more than any frame, so that one too long is seen to be */

static struct {
    int socket;
    struct batch in;
    uint64_t dropped; /* as the device model tells it */
} wire;

static void wire_open(const struct options *options, const uint8_t mac[6])
{
    (void)mac;
    wire.socket = wire_memory_connect(options->wire);
    if (wire.socket < 0) {
        char expected[160];
        snprintf(expected, sizeof(expected),
                 "the PATH of a running system's --wire DEVICE=memory:PATH (%s)", strerror(errno));
        argument_error("--wire", options->wire, expected);
    }
    if (!batch_prepare(&wire.in, BUFFER_BYTES)) {
        fputs("sddf-load: memory: none left; free some\n", stderr);
        exit(1);
    }
}

static void wire_close(void)
{
    close(wire.socket);
    free(wire.in.memory);
    memset(&wire, 0, sizeof(wire));
}

static int wire_send(struct mmsghdr *messages, unsigned count)
{
    return sendmmsg(wire.socket, messages, count, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void take_news(const void *message)
{
    struct wire_memory_news news;
    memcpy(&news, message, sizeof(news));
    if (news.dropped > wire.dropped && news.dropped <= UINT32_MAX) { /* it only grows */
        wire.dropped = news.dropped;
    }
}

static int wire_receive(struct frame *frames)
{
    unsigned found = 0;
    int count = recvmmsg(wire.socket, wire.in.messages, BATCH, MSG_DONTWAIT, NULL);
    for (int i = 0; i < count; i++) {
        const struct frame frame = {wire.in.vectors[i].iov_base, wire.in.messages[i].msg_len};
        if (frame.size == 0) { /* the end, and nothing behind it */
            errno = ECONNRESET;
            return found > 0 ? (int)found : -1;
        }
        if (frame.size == sizeof(struct wire_memory_news)) {
            take_news(frame.data);
        } else {
            frames[found++] = frame;
        }
    }
    return count < 0 ? -1 : (int)found;
}

static uint64_t wire_drops(void)
{
    return wire.dropped;
}

static int wire_file(void)
{
    return wire.socket;
}

const struct frames frames_wire = {
    .remedy = "expected the system to keep running",
    .open = wire_open,
    .close = wire_close,
    .send = wire_send,
    .receive = wire_receive,
    .drops = wire_drops,
    .file = wire_file,
};
