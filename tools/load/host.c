/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The transport past the kernel's network: we are a host of our own, with the IP stack that clients
 * of sDDF use (lib/net), on whatever carries frames (frames.h). It asks for the targets' MACs,
 * builds and checks every frame, answers ARP and ping. One host per process, shared by all streams,
 * which their ports tell apart.
 *
 *     stream 0 --\                       /-- device model's in-memory wire
 *                 stack, 10.0.0.1 ------<--- interface: rings of AF_PACKET
 *     stream 1 --/                       \-- interface: AF_XDP
 *
 * Whatever comes is hostile.
 */
#include "frames.h"

#include "arguments.h"
#include "clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <net/stack.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define PREFIX_LENGTH 24u /* bits: the network that we and all targets are on */
#define PORT_FIRST    49152u
#define PORT_RUNS     1000u /* of TARGETS_MAX ports each: 49152 to 65151 */

static struct {
    struct net_stack stack;
    const struct frames *frames;
    const char *name;    /* of what carries them, for errors */
    uint64_t target_mac; /* of --target-mac; 0: asked for */
    struct stream *streams[TARGETS_MAX];
    unsigned stream_count;
    unsigned waiting; /* echoes that their streams have not received yet */
    uint64_t stray;   /* datagrams of no stream */
} host;

/* After -1 of frames.h: true if it passes, else it is reported. */
static bool survive(const char *what)
{
    if (errno == EAGAIN || errno == ENOBUFS || errno == EINTR) {
        return true;
    }
    fprintf(stderr, "sddf-load: %s: %s: %s; %s\n", host.name, what, strerror(errno),
            host.frames->remedy);
    return false;
}

static void send_frame(const struct net_frame *frame)
{
    struct iovec vector = {.iov_base = frame->data, .iov_len = frame->size};
    struct mmsghdr message = {.msg_hdr = {.msg_iov = &vector, .msg_iovlen = 1}};
    (void)host.frames->send(&message, 1); /* lost if there is no room, as on any wire */
}

/* ---- Receiving ---- */

static void deliver(const struct net_udp_datagram *datagram)
{
    for (unsigned i = 0; i < host.stream_count; i++) {
        struct stream *stream = host.streams[i];
        if (datagram->destination_port == stream->port && datagram->cast == NET_UNICAST &&
            datagram->source == ntohl(stream->target.sin_addr.s_addr) &&
            datagram->source_port == ntohs(stream->target.sin_port)) {
            stream->echoes[stream->echoed++] =
                (struct echo){datagram->payload, datagram->payload_size};
            host.waiting++;
            return;
        }
    }
    host.stray++;
}

static void take_frame(const struct frame *frame)
{
    uint8_t memory[NET_STACK_IPV4_OFFSET + NET_MTU_DEFAULT];
    struct net_frame reply = {.data = memory, .capacity = sizeof(memory)};
    struct net_udp_datagram datagram;
    switch (net_stack_receive(&host.stack, frame->data, frame->size, &reply, &datagram)) {
    case NET_STACK_REPLY:
        send_frame(&reply);
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
    struct frame frames[BATCH];
    int count = host.frames->receive(frames);
    for (int i = 0; i < count; i++) {
        take_frame(&frames[i]);
    }
    return count >= 0 || survive("receiving");
}

static int host_receive(struct stream *stream)
{
    if (host.waiting == 0 && !take_batch()) {
        return -1;
    }
    unsigned count = stream->echoed;
    stream->echoed = 0;
    host.waiting -= count;
    return (int)count;
}

/* ---- Sending ---- */

/* At most one request a second and target: RFC 1122 section 2.3.2.1. */
static void ask(struct stream *stream, const struct net_frame *request)
{
    uint64_t now_ns = clock_ns();
    if (stream->asked_ns == 0 || now_ns - stream->asked_ns >= SECOND_NS) {
        stream->asked_ns = now_ns;
        send_frame(request);
    }
}

static void know_or_ask(struct stream *stream, const struct net_frame *request)
{
    if (host.target_mac != 0) {
        const uint32_t address = ntohl(stream->target.sin_addr.s_addr);
        net_arp_cache_ask(&host.stack.arp, address);
        (void)net_arp_cache_answer(&host.stack.arp, address, host.target_mac);
    } else {
        ask(stream, request);
    }
}

/* Puts the headers before out.vectors[i]'s payload, or an ARP request in their place. */
static enum net_stack_sending build(struct stream *stream, unsigned i, struct net_frame *frame)
{
    struct iovec *vector = &stream->out.vectors[i];
    *frame = (struct net_frame){.data = vector->iov_base,
                                .capacity = NET_STACK_PAYLOAD_OFFSET + stream->size};
    enum net_stack_sending sending =
        net_stack_udp_send(&host.stack, ntohl(stream->target.sin_addr.s_addr), stream->port,
                           ntohs(stream->target.sin_port), stream->size, frame);
    vector->iov_len = frame->size;
    return sending;
}

static int host_send(struct stream *stream)
{
    struct net_frame frame;
    unsigned end = stream->sent;
    /* None is refused: host_open() has tried one of the same size to the same target. */
    while (end < stream->staged && build(stream, end, &frame) == NET_STACK_READY) {
        end++;
    }
    if (end < stream->staged) { /* strangers can push a target out of the stack's table */
        know_or_ask(stream, &frame);
    }
    if (end == stream->sent) {
        return 0;
    }
    int count = host.frames->send(&stream->out.messages[stream->sent], end - stream->sent);
    if (count >= 0) {
        return count;
    }
    stream->send_again += errno == EAGAIN;
    stream->send_nobufs += errno == ENOBUFS;
    return survive("sending") ? 0 : -1;
}

/* ---- Opening ---- */

static void check_mtu(const struct options *options, size_t mtu)
{
    const size_t headers = NET_IPV4_HEADER_SIZE + NET_UDP_HEADER_SIZE;
    if (options->size + headers > mtu) {
        char found[32];
        char expected[80];
        snprintf(found, sizeof(found), "%zu", options->size);
        snprintf(expected, sizeof(expected), "at most %zu, the MTU of %.16s less %zu of headers",
                 mtu > headers ? mtu - headers : 0, options->interface, headers);
        argument_error("--size", found, expected);
    }
}

unsigned interface_index(const struct options *options)
{
    struct ifreq request = {0};
    struct ifaddrs *list = NULL;
    unsigned index = if_nametoindex(options->interface);
    int probe = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", options->interface);
    if (index == 0 || ioctl(probe, SIOCGIFMTU, &request) != 0 || getifaddrs(&list) != 0) {
        argument_error("--io", options->interface, "an interface of this machine, see 'ip link'");
    }
    close(probe);
    for (const struct ifaddrs *a = list; a != NULL; a = a->ifa_next) {
        if (a->ifa_addr != NULL && a->ifa_addr->sa_family == AF_INET &&
            ((const struct sockaddr_in *)a->ifa_addr)->sin_addr.s_addr == options->bind_ip.s_addr) {
            argument_error("--bind", "an address of the kernel's, which would answer, too",
                           "one that nobody has on that network");
        }
    }
    freeifaddrs(list);
    check_mtu(options, (size_t)request.ifr_mtu);
    return index;
}

static void plug_in(const struct options *options)
{
    uint8_t mac[6];
    const uint32_t address = ntohl(options->bind_ip.s_addr);
    const struct net_stack_config config = {
        .mac = UINT64_C(0x020000000000) | address, /* locally administered */
        .address = address,
        .prefix_length = PREFIX_LENGTH,
    };
    const char *wrong = net_stack_init(&host.stack, &config);
    if (wrong != NULL) {
        argument_error("--bind", "an address that cannot be ours on the wire", wrong);
    }
    host.frames = options->io == IO_WIRE     ? &frames_wire
                  : options->io == IO_PACKET ? &frames_packet
                                             : &frames_xdp;
    host.name = options->io == IO_WIRE ? options->wire : options->interface;
    host.target_mac = options->target_mac;
    net_mac_write(mac, config.mac);
    host.frames->open(options, mac);
}

/* Takes what comes within `wait_ms`, until the target has told its MAC. Nothing that comes earlier
 * is an echo. */
static bool told_its_mac(const struct stream *stream, int wait_ms)
{
    const uint32_t address = ntohl(stream->target.sin_addr.s_addr);
    const uint64_t end_ns = clock_ns() + (uint64_t)wait_ms * (SECOND_NS / 1000);
    for (uint64_t now_ns = clock_ns(); now_ns < end_ns; now_ns = clock_ns()) {
        struct pollfd file = {.fd = host.frames->file(), .events = POLLIN};
        if (poll(&file, 1, (int)((end_ns - now_ns) / (SECOND_NS / 1000)) + 1) < 0) {
            stream_die(stream, "waiting for an answer to ARP", "ended without a result");
        }
        if (!take_batch()) {
            exit(1);
        }
        for (unsigned i = 0; i < host.stream_count; i++) {
            host.streams[i]->echoed = 0;
        }
        host.waiting = 0;
        const struct net_arp_entry *entry = net_arp_cache_find(&host.stack.arp, address);
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
             PREFIX_LENGTH, net_reason_meaning(host.stack.last_drop));
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
        know_or_ask(stream, &frame);
        if (told_its_mac(stream, waits_ms[i])) {
            return;
        }
    }
    errno = EHOSTUNREACH;
    stream_die(stream, "ARP over the wire",
               "expected an answer within 3 s: is it the system's address, and no other "
               "generator on this wire?");
}

static void host_open(struct stream *stream, const struct options *options)
{
    stream_check_size(stream, NET_MTU_DEFAULT);
    if (host.stream_count == 0) {
        plug_in(options);
    }
    stream->port = (uint16_t)(PORT_FIRST + stream->identity.run_id % PORT_RUNS * TARGETS_MAX +
                              stream->identity.stream);
    host.streams[host.stream_count++] = stream;
    find_target(stream);
}

static void host_close(struct stream *stream)
{
    (void)stream;
    if (--host.stream_count == 0) {
        host.frames->close();
        memset(&host, 0, sizeof(host));
    }
}

/* ---- Counting ---- */

static uint64_t bad_checksums(void)
{
    return host.stack.dropped[NET_BAD_IP_CHECKSUM] + host.stack.dropped[NET_BAD_UDP_CHECKSUM];
}

/* What was lost belongs to the host, not to a stream: it is counted with the first. */
static uint32_t host_drops(const struct stream *stream)
{
    return stream == host.streams[0] ? (uint32_t)(host.frames->drops() + bad_checksums()) : 0;
}

static struct transport_counters host_counters(void)
{
    return (struct transport_counters){.bad_checksums = bad_checksums(), .stray = host.stray};
}

const struct transport transport_host = {
    .headroom = NET_STACK_PAYLOAD_OFFSET,
    .open = host_open,
    .close = host_close,
    .send = host_send,
    .receive = host_receive,
    .drops = host_drops,
    .counters = host_counters,
};
