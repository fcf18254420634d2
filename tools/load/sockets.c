/* SPDX-License-Identifier: BSD-2-Clause */
/* The transport over the kernel's UDP: a connected socket per stream, so that the kernel filters by
 * the target's address. See stream.h. */
#include "stream.h"

#include "arguments.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/errqueue.h>
#include <linux/sock_diag.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SOCKET_BUFFER_BYTES (4 << 20)

/* Root may exceed net.core.rmem_max; others get what it allows. */
static void enlarge(int socket, int forced, int limited)
{
    const int bytes = SOCKET_BUFFER_BYTES;
    if (setsockopt(socket, SOL_SOCKET, forced, &bytes, sizeof(bytes)) != 0) {
        (void)setsockopt(socket, SOL_SOCKET, limited, &bytes, sizeof(bytes));
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
        stream_die(stream, "setsockopt", "expected Linux with IPv4");
    }
}

static size_t mtu_of(const struct stream *stream)
{
    int mtu = 0;
    socklen_t length = sizeof(mtu);
    if (getsockopt(stream->socket, IPPROTO_IP, IP_MTU, &mtu, &length) != 0) {
        stream_die(stream, "MTU", "expected a route to it");
    }
    return (size_t)mtu;
}

static void sockets_open(struct stream *stream, const struct options *options)
{
    stream->socket = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (stream->socket < 0) {
        stream_die(stream, "socket", "raise the limit of open files or use fewer targets");
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
        stream_die(stream, "connect", "expected a route to it; see 'ip route get'");
    }
    stream_check_size(stream, mtu_of(stream));
    /* A byte more for echoes, so that one that grew is seen to have grown. */
    if (!batch_prepare(&stream->in, stream->size + 1)) {
        stream_die(stream, "memory", "use fewer targets or a smaller --size");
    }
}

static void sockets_close(struct stream *stream)
{
    close(stream->socket);
    free(stream->in.memory);
}

/* The same counter as SO_RXQ_OVFL reports, but without a control message per datagram, and exact
 * when asked: the message carries the count from when its datagram was queued. */
static uint32_t sockets_drops(const struct stream *stream)
{
    uint32_t info[SK_MEMINFO_VARS] = {0};
    socklen_t length = sizeof(info);
    (void)getsockopt(stream->socket, SOL_SOCKET, SO_MEMINFO, info, &length);
    return info[SK_MEMINFO_DROPS];
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

static int sockets_send(struct stream *stream)
{
    int count = sendmmsg(stream->socket, &stream->out.messages[stream->sent],
                         stream->staged - stream->sent, MSG_DONTWAIT);
    if (count >= 0) {
        return count;
    }
    switch (errno) {
    case EAGAIN:
        stream->send_again++;
        return 0;
    case ENOBUFS:
        stream->send_nobufs++;
        return 0;
    default:
        return survive(stream, "sendmmsg") ? 0 : -1;
    }
}

static int sockets_receive(struct stream *stream)
{
    int count = recvmmsg(stream->socket, stream->in.messages, BATCH, MSG_DONTWAIT, NULL);
    if (count < 0) {
        return errno == EAGAIN || survive(stream, "recvmmsg") ? 0 : -1;
    }
    for (unsigned i = 0; i < (unsigned)count; i++) {
        stream->echoes[i] =
            (struct echo){stream->in.vectors[i].iov_base, stream->in.messages[i].msg_len};
    }
    return count;
}

/* What this network namespace has received with a bad UDP checksum. */
static uint64_t bad_checksums(void)
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

static struct transport_counters sockets_counters(void)
{
    return (struct transport_counters){.bad_checksums = bad_checksums()};
}

const struct transport transport_sockets = {
    .open = sockets_open,
    .close = sockets_close,
    .send = sockets_send,
    .receive = sockets_receive,
    .drops = sockets_drops,
    .counters = sockets_counters,
};
