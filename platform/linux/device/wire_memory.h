/* SPDX-License-Identifier: BSD-2-Clause */
/* The wire "memory:PATH", for machines on which no interface can be made: a Unix socket of type
 * SOCK_SEQPACKET on which each message is one Ethernet frame of WIRE_FRAME_MIN to WIRE_FRAME_MAX
 * bytes, either way. The device model listens at PATH and serves one generator at a time; when that
 * closes, the next may connect: whoever may write to PATH. Without one, what the device sends is
 * dropped and counted. A PATH that begins with '@' is in the abstract namespace and leaves no file.
 * An empty message means the end, as a closed socket does.
 *
 * A generator that does not keep up is not waited for: what it has no room for is dropped. The
 * first message that it has room for again is news of that, too short to be a frame. */
#ifndef LINUX_DEVICE_WIRE_MEMORY_H
#define LINUX_DEVICE_WIRE_MEMORY_H

#include <assert.h>
#include <stdint.h>

struct wire_memory_news {
    uint64_t dropped; /* frames, since this generator connected */
};
static_assert(sizeof(struct wire_memory_news) == 8, "shorter than WIRE_FRAME_MIN");

enum { WIRE_MEMORY_BUFFER_SIZE = 4 << 20 }; /* bytes asked for in each direction */

/* The generator's end: a socket for send(), recv(), sendmmsg(), recvmmsg(); or -1 with errno set.
 * Non-blocking; EAGAIN from send() means that the device does not keep up. */
int wire_memory_connect(const char *path);

/* The device's end: a listening socket, non-blocking; or -1 with errno set. Replaces a socket that
 * a former run left at PATH. */
int wire_memory_listen(const char *path);

#endif
