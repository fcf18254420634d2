/* SPDX-License-Identifier: BSD-2-Clause */
/* What all transports share of a stream: memory, staging, counting. As stream.h describes. */
#include "stream.h"

#include "arguments.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define CACHE_LINE     64u
#define UDP_IP_HEADERS 28u

_Noreturn void stream_die(const struct stream *stream, const char *what, const char *remedy)
{
    char text[ADDRESS_TEXT_BYTES];
    fprintf(stderr, "sddf-load: %s for target %s: %s; %s\n", what,
            address_text(&stream->target, text), strerror(errno), remedy);
    exit(1);
}

/* At strides of an odd number of cache lines, so that their first lines fall into different sets of
 * the cache. */
bool batch_prepare(struct batch *batch, size_t bytes)
{
    size_t stride = (((bytes + CACHE_LINE - 1) / CACHE_LINE) | 1) * CACHE_LINE;
    batch->memory = aligned_alloc(CACHE_LINE, stride * BATCH);
    if (batch->memory == NULL) {
        return false;
    }
    memset(batch->memory, 0, stride * BATCH);
    for (unsigned i = 0; i < BATCH; i++) {
        batch->vectors[i] =
            (struct iovec){.iov_base = batch->memory + i * stride, .iov_len = bytes};
        batch->messages[i] =
            (struct mmsghdr){.msg_hdr = {.msg_iov = &batch->vectors[i], .msg_iovlen = 1}};
    }
    return true;
}

void stream_check_size(const struct stream *stream, size_t mtu)
{
    if (stream->size + UDP_IP_HEADERS > mtu) {
        char found[32];
        char expected[96];
        char text[ADDRESS_TEXT_BYTES];
        snprintf(found, sizeof(found), "%zu", stream->size);
        snprintf(expected, sizeof(expected),
                 "at most %zu, the MTU towards %s less %u bytes of headers", mtu - UDP_IP_HEADERS,
                 address_text(&stream->target, text), UDP_IP_HEADERS);
        argument_error("--size", found, expected);
    }
}

void stream_open(struct stream *stream, const struct options *options, unsigned index,
                 uint32_t run_id)
{
    *stream = (struct stream){
        .transport = options->io == IO_SOCKET ? &transport_sockets : &transport_host,
        .target = options->targets[index],
        .identity = {.run_id = run_id, .stream = index},
        .size = options->size,
    };
    /* Populated: a page fault while measuring would count as the target's delay. */
    stream->tracker = mmap(NULL, sizeof(struct tracker), PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (stream->tracker == MAP_FAILED ||
        !batch_prepare(&stream->out, stream->transport->headroom + stream->size)) {
        stream_die(stream, "memory", "use fewer targets or a smaller --size");
    }
    stream->transport->open(stream, options);
}

void stream_close(struct stream *stream)
{
    stream->transport->close(stream);
    munmap(stream->tracker, sizeof(struct tracker));
    free(stream->out.memory);
}

void stream_measure(struct stream *stream)
{
    tracker_measure(stream->tracker);
    stream->send_again = 0;
    stream->send_nobufs = 0;
    stream->unreachable = 0;
    stream->drops_before = stream->transport->drops(stream);
}

uint32_t stream_receive_drops(const struct stream *stream)
{
    return stream->transport->drops(stream) - stream->drops_before;
}

struct transport_counters stream_counters(const struct stream *stream)
{
    return stream->transport->counters();
}

void stream_stage(struct stream *stream, uint64_t scheduled_ns)
{
    const struct packet_stamp stamp = {
        .sequence = stream->tracker->next + (stream->staged - stream->sent),
        .scheduled_ns = scheduled_ns,
    };
    uint8_t *memory = stream->out.vectors[stream->staged].iov_base;
    packet_build(memory + stream->transport->headroom, stream->size, stream->identity, stamp);
    stream->staged++;
}

bool stream_flush(struct stream *stream, uint64_t now_ns)
{
    if (stream->sent == stream->staged) {
        return true;
    }
    int count = stream->transport->send(stream);
    if (count < 0) {
        return false;
    }
    for (int i = 0; i < count; i++) {
        tracker_sent(stream->tracker, now_ns);
    }
    stream->sent += (unsigned)count;
    if (stream->sent == stream->staged) {
        stream->sent = stream->staged = 0;
    }
    return true;
}

int stream_receive(struct stream *stream)
{
    return stream->transport->receive(stream);
}
