/* SPDX-License-Identifier: BSD-2-Clause */
/* Sockets and batches of sddf-load, as sockets.h describes. */
#include "sockets.h"

#include "arguments.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/errqueue.h>
#include <linux/sock_diag.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SOCKET_BUFFER_BYTES (4 << 20)
#define CACHE_LINE          64u
#define UDP_IP_HEADERS      28u

static _Noreturn void die(const char *what, const struct sockaddr_in *target, const char *remedy)
{
    char text[ADDRESS_TEXT_BYTES];
    fprintf(stderr, "sddf-load: %s for target %s: %s; %s\n", what, address_text(target, text),
            strerror(errno), remedy);
    exit(1);
}

/* Root may exceed net.core.rmem_max; others get what it allows. */
static void enlarge(int socket, int forced, int limited)
{
    const int bytes = SOCKET_BUFFER_BYTES;
    if (setsockopt(socket, SOL_SOCKET, forced, &bytes, sizeof(bytes)) != 0) {
        (void)setsockopt(socket, SOL_SOCKET, limited, &bytes, sizeof(bytes));
    }
}

/* Memory for all messages, at strides of an odd number of cache lines, so that their first lines
 * fall into different sets of the cache. */
static bool batch_prepare(struct batch *batch, size_t bytes)
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

static void allocate(struct stream *stream)
{
    /* Populated: a page fault while measuring would count as the target's delay. */
    stream->tracker = mmap(NULL, sizeof(struct tracker), PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    /* A byte more for echoes, so that one that grew is seen to have grown. */
    if (stream->tracker == MAP_FAILED || !batch_prepare(&stream->out, stream->size) ||
        !batch_prepare(&stream->in, stream->size + 1)) {
        die("memory", &stream->target, "use fewer targets or a smaller --size");
    }
}

static void set_options(const struct stream *stream)
{
    const int on = 1;
    /* One datagram is one packet: never fragment. PROBE goes by the interface's MTU alone, so no
     * ICMP message from the network can lower it. */
    const int discover = IP_PMTUDISC_PROBE;
    enlarge(stream->socket, SO_RCVBUFFORCE, SO_RCVBUF);
    enlarge(stream->socket, SO_SNDBUFFORCE, SO_SNDBUF);
    /* IP_RECVERR also makes a full interface queue an ENOBUFS instead of a silent drop. */
    if (setsockopt(stream->socket, IPPROTO_IP, IP_MTU_DISCOVER, &discover, sizeof(discover)) != 0 ||
        setsockopt(stream->socket, IPPROTO_IP, IP_RECVERR, &on, sizeof(on)) != 0) {
        die("setsockopt", &stream->target, "expected Linux with IPv4");
    }
}

static void check_mtu(const struct stream *stream)
{
    int mtu = 0;
    socklen_t length = sizeof(mtu);
    if (getsockopt(stream->socket, IPPROTO_IP, IP_MTU, &mtu, &length) != 0) {
        die("MTU", &stream->target, "expected a route to it");
    }
    if (stream->size + UDP_IP_HEADERS > (size_t)mtu) {
        char found[32];
        char expected[96];
        char text[ADDRESS_TEXT_BYTES];
        snprintf(found, sizeof(found), "%zu", stream->size);
        snprintf(expected, sizeof(expected),
                 "at most %d, the MTU towards %s less %u bytes of headers",
                 mtu - (int)UDP_IP_HEADERS, address_text(&stream->target, text), UDP_IP_HEADERS);
        argument_error("--size", found, expected);
    }
}

void stream_open(struct stream *stream, const struct options *options, unsigned index,
                 uint32_t run_id)
{
    *stream = (struct stream){
        .target = options->targets[index],
        .identity = {.run_id = run_id, .stream = index},
        .size = options->size,
    };
    stream->socket = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (stream->socket < 0) {
        die("socket", &stream->target, "raise the limit of open files or use fewer targets");
    }
    set_options(stream);
    const struct sockaddr_in local = {.sin_family = AF_INET, .sin_addr = options->bind_ip};
    if (bind(stream->socket, (const struct sockaddr *)&local, sizeof(local)) != 0) {
        char ip[INET_ADDRSTRLEN] = "?";
        inet_ntop(AF_INET, &options->bind_ip, ip, sizeof(ip));
        argument_error("--bind", ip, "an address of this machine");
    }
    if (connect(stream->socket, (const struct sockaddr *)&stream->target, sizeof(stream->target)) !=
        0) {
        die("connect", &stream->target, "expected a route to it; see 'ip route get'");
    }
    check_mtu(stream);
    allocate(stream);
}

void stream_close(struct stream *stream)
{
    close(stream->socket);
    munmap(stream->tracker, sizeof(struct tracker));
    free(stream->out.memory);
    free(stream->in.memory);
}

/* The same counter as SO_RXQ_OVFL reports, but without a control message per datagram, and exact
 * when asked: the message carries the count from when its datagram was queued. */
static uint32_t total_drops(const struct stream *stream)
{
    uint32_t info[SK_MEMINFO_VARS] = {0};
    socklen_t length = sizeof(info);
    (void)getsockopt(stream->socket, SOL_SOCKET, SO_MEMINFO, info, &length);
    return info[SK_MEMINFO_DROPS];
}

void stream_measure(struct stream *stream)
{
    tracker_measure(stream->tracker);
    stream->send_again = 0;
    stream->send_nobufs = 0;
    stream->unreachable = 0;
    stream->drops_before = total_drops(stream);
}

uint32_t stream_receive_drops(const struct stream *stream)
{
    return total_drops(stream) - stream->drops_before;
}

void stream_stage(struct stream *stream, uint64_t scheduled_ns)
{
    const struct packet_stamp stamp = {
        .sequence = stream->tracker->next + (stream->staged - stream->sent),
        .scheduled_ns = scheduled_ns,
    };
    packet_build(stream->out.vectors[stream->staged].iov_base, stream->size, stream->identity,
                 stamp);
    stream->staged++;
}

/* Takes ICMP errors off the socket, which otherwise fill its receive buffer. */
static void drain_errors(struct stream *stream)
{
    for (unsigned i = 0; i < BATCH; i++) {
        uint8_t payload[PACKET_SIZE_MIN];
        struct {
            _Alignas(struct cmsghdr) char bytes[256];
        } control;
        struct iovec vector = {.iov_base = payload, .iov_len = sizeof(payload)};
        struct msghdr message = {
            .msg_iov = &vector,
            .msg_iovlen = 1,
            .msg_control = &control,
            .msg_controllen = sizeof(control),
        };
        if (recvmsg(stream->socket, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) {
            return;
        }
        const struct cmsghdr *first = CMSG_FIRSTHDR(&message);
        if (first != NULL && first->cmsg_level == IPPROTO_IP && first->cmsg_type == IP_RECVERR) {
            struct sock_extended_err error;
            memcpy(&error, CMSG_DATA(first), sizeof(error));
            stream->unreachable += error.ee_origin == SO_EE_ORIGIN_ICMP;
        }
    }
}

/* True if the run goes on: errors that ICMP brings, or that pass, are counted only. */
static bool survive(struct stream *stream, const char *call)
{
    switch (errno) {
    case EINTR:
        return true;
    case ECONNREFUSED:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EHOSTDOWN:
    case ENOPROTOOPT:
    case EOPNOTSUPP:
    case ENONET:
    case EPROTO:
        drain_errors(stream);
        return true;
    default: {
        char text[ADDRESS_TEXT_BYTES];
        fprintf(stderr, "sddf-load: %s to %s: %s; expected it to succeed, check the interface\n",
                call, address_text(&stream->target, text), strerror(errno));
        return false;
    }
    }
}

bool stream_flush(struct stream *stream, uint64_t now_ns)
{
    if (stream->sent == stream->staged) {
        return true;
    }
    int count = sendmmsg(stream->socket, &stream->out.messages[stream->sent],
                         stream->staged - stream->sent, MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) {
        stream->send_again++;
        return true;
    }
    if (count < 0 && errno == ENOBUFS) {
        stream->send_nobufs++;
        return true;
    }
    if (count < 0) {
        return survive(stream, "sendmmsg");
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
    int count = recvmmsg(stream->socket, stream->in.messages, BATCH, MSG_DONTWAIT, NULL);
    if (count >= 0) {
        return count;
    }
    return errno == EAGAIN || survive(stream, "recvmmsg") ? 0 : -1;
}

uint64_t sockets_bad_checksums(void)
{
    char names[512] = "";
    char values[512] = "";
    uint64_t result = 0;
    FILE *file = fopen("/proc/self/net/snmp", "re");
    if (file == NULL) {
        return 0;
    }
    /* Lines come in pairs, "Udp: NAME NAME ..." above "Udp: VALUE VALUE ..." */
    while (fgets(names, sizeof(names), file) != NULL && strncmp(names, "Udp:", 4) != 0) {
    }
    if (fgets(values, sizeof(values), file) != NULL && strncmp(values, "Udp:", 4) == 0) {
        char *name_rest = NULL;
        char *value_rest = NULL;
        const char *name = strtok_r(names, " \n", &name_rest);
        const char *value = strtok_r(values, " \n", &value_rest);
        while (name != NULL && value != NULL && strcmp(name, "InCsumErrors") != 0) {
            name = strtok_r(NULL, " \n", &name_rest);
            value = strtok_r(NULL, " \n", &value_rest);
        }
        result = name != NULL && value != NULL ? strtoull(value, NULL, 10) : 0;
    }
    fclose(file);
    return result;
}
