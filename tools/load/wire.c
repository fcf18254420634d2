/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The transport over the in-memory wire of a device model (platform/linux/device/wire_memory.h),
 * where no network interface can be made. On it we are one host, with the IP stack that clients of
 * sDDF use (lib/net): it asks for the targets' MACs, builds and checks every frame, answers ARP and
 * ping. One wire per process, shared by all streams, which their ports tell apart.
 *
 *     stream 0 --\                                            /-- echo0
 *                 stack, 10.0.0.1 --- wire --- device model -<
 *     stream 1 --/                                            \-- echo1
 *
 * Whatever comes from the wire is hostile.
 */
#include "stream.h"

#include "arguments.h"
#include "clock.h"
#include "wire_memory.h"

#include <errno.h>
#include <net/stack.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PREFIX_LENGTH 24u   /* bits: the network that we and all targets are on */
#define BUFFER_BYTES  2048u /* more than any frame, so that one too long is seen to be */
#define PORT_FIRST    49152u
#define PORT_RUNS     1000u /* of TARGETS_MAX ports each: 49152 to 65151 */

static struct {
    int socket;
    const char *path;
    struct net_stack stack;
    struct stream *streams[TARGETS_MAX];
    unsigned stream_count;
    struct batch in;   /* the frames that echoes[] of the streams point into */
    unsigned waiting;  /* of them, echoes that their streams have not received yet */
    uint64_t stray;    /* datagrams of no stream */
    uint32_t overflow; /* frames that the device dropped since we did not take them */
} wire;

static bool wire_failed(const char *what)
{
    fprintf(stderr, "sddf-load: wire %s: %s: %s; expected the system to keep running\n", wire.path,
            what, strerror(errno));
    return false;
}

/* ---- Receiving ---- */

static void deliver(const struct net_udp_datagram *datagram)
{
    for (unsigned i = 0; i < wire.stream_count; i++) {
        struct stream *stream = wire.streams[i];
        if (datagram->destination_port == stream->port && datagram->cast == NET_UNICAST &&
            datagram->source == ntohl(stream->target.sin_addr.s_addr) &&
            datagram->source_port == ntohs(stream->target.sin_port)) {
            stream->echoes[stream->echoed++] =
                (struct echo){datagram->payload, datagram->payload_size};
            wire.waiting++;
            return;
        }
    }
    wire.stray++;
}

static void take_message(const uint8_t *message, size_t size)
{
    uint8_t memory[NET_STACK_IPV4_OFFSET + NET_MTU_DEFAULT];
    struct net_frame reply = {.data = memory, .capacity = sizeof(memory)};
    struct net_udp_datagram datagram;
    if (size == sizeof(struct wire_memory_news)) {
        struct wire_memory_news news;
        memcpy(&news, message, sizeof(news));
        if (news.dropped > wire.overflow && news.dropped <= UINT32_MAX) { /* it only grows */
            wire.overflow = (uint32_t)news.dropped;
        }
        return;
    }
    switch (net_stack_receive(&wire.stack, message, size, &reply, &datagram)) {
    case NET_STACK_REPLY: /* lost if the wire is full, as on any wire */
        (void)send(wire.socket, reply.data, reply.size, MSG_DONTWAIT | MSG_NOSIGNAL);
        break;
    case NET_STACK_UDP:
        deliver(&datagram);
        break;
    default: /* the stack took it, or counted why not */
        break;
    }
}

/* Takes a batch of frames, after all echoes of the last were received: so each stream has room for
 * all of this one. False after an error, reported. */
static bool take_batch(void)
{
    int count = recvmmsg(wire.socket, wire.in.messages, BATCH, MSG_DONTWAIT, NULL);
    if (count < 0) {
        return errno == EAGAIN || errno == EINTR || wire_failed("recvmmsg");
    }
    for (unsigned i = 0; i < (unsigned)count; i++) {
        unsigned size = wire.in.messages[i].msg_len;
        if (size == 0) { /* the end, and nothing behind it */
            errno = ECONNRESET;
            return i > 0 || wire_failed("the device model hung up");
        }
        take_message(wire.in.vectors[i].iov_base, size);
    }
    return true;
}

static int wire_receive(struct stream *stream)
{
    if (wire.waiting == 0 && !take_batch()) {
        return -1;
    }
    unsigned count = stream->echoed;
    stream->echoed = 0;
    wire.waiting -= count;
    return (int)count;
}

/* ---- Sending ---- */

/* At most one request a second and target: RFC 1122 section 2.3.2.1. */
static void ask(struct stream *stream, const struct net_frame *request)
{
    uint64_t now_ns = clock_ns();
    if (stream->asked_ns == 0 || now_ns - stream->asked_ns >= SECOND_NS) {
        stream->asked_ns = now_ns;
        (void)send(wire.socket, request->data, request->size, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
}

/* Puts the headers before out.vectors[i]'s payload, or an ARP request in their place. */
static enum net_stack_sending build(struct stream *stream, unsigned i, struct net_frame *frame)
{
    struct iovec *vector = &stream->out.vectors[i];
    *frame = (struct net_frame){.data = vector->iov_base,
                                .capacity = NET_STACK_PAYLOAD_OFFSET + stream->size};
    enum net_stack_sending sending =
        net_stack_udp_send(&wire.stack, ntohl(stream->target.sin_addr.s_addr), stream->port,
                           ntohs(stream->target.sin_port), stream->size, frame);
    vector->iov_len = frame->size;
    return sending;
}

static int wire_send(struct stream *stream)
{
    struct net_frame frame;
    unsigned end = stream->sent;
    /* None is refused: wire_open() has tried one of the same size to the same target. */
    while (end < stream->staged && build(stream, end, &frame) == NET_STACK_READY) {
        end++;
    }
    if (end < stream->staged) { /* strangers can push a target out of the stack's table */
        ask(stream, &frame);
    }
    if (end == stream->sent) {
        return 0;
    }
    int count = sendmmsg(wire.socket, &stream->out.messages[stream->sent], end - stream->sent,
                         MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count >= 0) {
        return count;
    }
    if (errno == EAGAIN || errno == ENOBUFS) {
        stream->send_again += errno == EAGAIN;
        stream->send_nobufs += errno == ENOBUFS;
        return 0;
    }
    return errno == EINTR || wire_failed("sendmmsg") ? 0 : -1;
}

/* ---- Opening ---- */

static void plug_in(const struct stream *stream, const struct options *options)
{
    const uint32_t address = ntohl(options->bind_ip.s_addr);
    const struct net_stack_config config = {
        .mac = UINT64_C(0x020000000000) | address, /* locally administered */
        .address = address,
        .prefix_length = PREFIX_LENGTH,
    };
    const char *wrong = net_stack_init(&wire.stack, &config);
    if (wrong != NULL) {
        argument_error("--bind", "an address that cannot be ours on the wire", wrong);
    }
    wire.path = options->wire;
    wire.socket = wire_memory_connect(options->wire);
    if (wire.socket < 0) {
        char expected[160];
        snprintf(expected, sizeof(expected),
                 "the PATH of a running system's --wire DEVICE=memory:PATH (%s)", strerror(errno));
        argument_error("--wire", options->wire, expected);
    }
    if (!batch_prepare(&wire.in, BUFFER_BYTES)) {
        stream_die(stream, "memory", "free some");
    }
}

/* Takes what comes within `wait_ms`, until the target has told its MAC. Nothing that comes earlier
 * is an echo. */
static bool told_its_mac(const struct stream *stream, int wait_ms)
{
    const uint32_t address = ntohl(stream->target.sin_addr.s_addr);
    const uint64_t end_ns = clock_ns() + (uint64_t)wait_ms * (SECOND_NS / 1000);
    for (uint64_t now_ns = clock_ns(); now_ns < end_ns; now_ns = clock_ns()) {
        struct pollfd file = {.fd = wire.socket, .events = POLLIN};
        if (poll(&file, 1, (int)((end_ns - now_ns) / (SECOND_NS / 1000)) + 1) < 0) {
            stream_die(stream, "waiting for an answer to ARP", "ended without a result");
        }
        if (!take_batch()) {
            exit(1);
        }
        for (unsigned i = 0; i < wire.stream_count; i++) {
            wire.streams[i]->echoed = 0;
        }
        wire.waiting = 0;
        const struct net_arp_entry *entry = net_arp_cache_find(&wire.stack.arp, address);
        if (entry != NULL && entry->state == NET_ARP_KNOWN) {
            return true;
        }
    }
    return false;
}

static void refuse_target(const struct stream *stream)
{
    char text[ADDRESS_TEXT_BYTES];
    char expected[160];
    snprintf(expected, sizeof(expected),
             "another host of the /%u network of --bind, for a wire has no router (%s)",
             PREFIX_LENGTH, net_reason_meaning(wire.stack.last_drop));
    argument_error("--target", address_text(&stream->target, text), expected);
}

/* The first question may come before the system is quite up, so the second follows soon. */
static void find_target(struct stream *stream)
{
    static const int waits_ms[] = {100, 900, 1000, 1000};
    struct net_frame frame;
    for (unsigned i = 0; i < sizeof(waits_ms) / sizeof(waits_ms[0]); i++) {
        enum net_stack_sending sending = build(stream, 0, &frame);
        if (sending == NET_STACK_READY) {
            return;
        }
        if (sending == NET_STACK_REFUSED) {
            refuse_target(stream);
        }
        stream->asked_ns = 0;
        ask(stream, &frame);
        if (told_its_mac(stream, waits_ms[i])) {
            return;
        }
    }
    errno = EHOSTUNREACH;
    stream_die(stream, "ARP over the wire",
               "expected an answer within 3 s: is it the system's address, and no other "
               "generator on this wire?");
}

static void wire_open(struct stream *stream, const struct options *options)
{
    if (wire.stream_count == 0) {
        plug_in(stream, options);
    }
    stream_check_size(stream, NET_MTU_DEFAULT);
    stream->port = (uint16_t)(PORT_FIRST + stream->identity.run_id % PORT_RUNS * TARGETS_MAX +
                              stream->identity.stream);
    wire.streams[wire.stream_count++] = stream;
    find_target(stream);
}

static void wire_close(struct stream *stream)
{
    (void)stream;
    if (--wire.stream_count == 0) {
        close(wire.socket);
        free(wire.in.memory);
        memset(&wire, 0, sizeof(wire));
    }
}

/* ---- Counting ---- */

static uint64_t bad_checksums(void)
{
    return wire.stack.dropped[NET_BAD_IP_CHECKSUM] + wire.stack.dropped[NET_BAD_UDP_CHECKSUM];
}

/* What was lost belongs to the wire, not to a stream: it is counted with the first. */
static uint32_t wire_drops(const struct stream *stream)
{
    return stream == wire.streams[0] ? wire.overflow + (uint32_t)bad_checksums() : 0;
}

static struct transport_counters wire_counters(void)
{
    return (struct transport_counters){.bad_checksums = bad_checksums(), .stray = wire.stray};
}

const struct transport transport_wire = {
    .headroom = NET_STACK_PAYLOAD_OFFSET,
    .open = wire_open,
    .close = wire_close,
    .send = wire_send,
    .receive = wire_receive,
    .drops = wire_drops,
    .counters = wire_counters,
};
