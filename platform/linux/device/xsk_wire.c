/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads the text of what an AF_XDP socket is connected to; see xsk_socket.h. Comes from the command
 * line of `sddf run`. */
#include "xsk_socket.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { QUEUE_MAX = 63, BUSY_POLL_MAX_US = 1000 * 1000 };

static bool is_named(const char *text, size_t length, const char *name)
{
    return length == strlen(name) && memcmp(text, name, length) == 0;
}

/* A number from `least` to `most`, all of `text`. */
static bool take_number(const char *text, size_t length, uint32_t least, uint32_t most,
                        uint32_t *value)
{
    uint64_t number = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9' || number > most) {
            return false;
        }
        number = number * 10 + (uint64_t)(text[i] - '0');
    }
    *value = (uint32_t)number;
    return length != 0 && number >= least && number <= most;
}

static bool take_option(const char *text, size_t length, struct xsk_wire *wire)
{
    static const char queue[] = "queue=", busy[] = "busy-poll=";
    size_t queue_size = sizeof(queue) - 1, busy_size = sizeof(busy) - 1;
    if (is_named(text, length, "generic")) {
        wire->generic = true;
        return true;
    }
    if (is_named(text, length, "copy")) {
        wire->copy = true;
        return true;
    }
    if (length > queue_size && memcmp(text, queue, queue_size) == 0) {
        return take_number(text + queue_size, length - queue_size, 0, QUEUE_MAX, &wire->queue);
    }
    return length > busy_size && memcmp(text, busy, busy_size) == 0 &&
           take_number(text + busy_size, length - busy_size, 1, BUSY_POLL_MAX_US,
                       &wire->busy_poll_us);
}

bool xsk_wire_parse(const char *text, struct xsk_wire *wire, char error[256])
{
    static const char kind[] = "xsk:";
    *wire = (struct xsk_wire){0};
    bool good = strncmp(text, kind, sizeof(kind) - 1) == 0;
    const char *part = good ? text + sizeof(kind) - 1 : text;
    size_t length = strcspn(part, ",");
    good = good && length != 0 && length < sizeof(wire->interface);
    if (good) {
        memcpy(wire->interface, part, length);
    }
    while (good && part[length] == ',') {
        part += length + 1;
        length = strcspn(part, ",");
        good = take_option(part, length, wire);
    }
    if (!good) {
        (void)snprintf(error, 256,
                       "wire \"%.100s\": found \"%.*s\"; this device wants "
                       "xsk:IFNAME[,queue=0 to %d][,busy-poll=MICROSECONDS][,generic][,copy]",
                       text, (int)(length < 64 ? length : 64), part, QUEUE_MAX);
    }
    return good;
}
