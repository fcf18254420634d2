/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sddf-echo-linux: UDP echo by Linux's own sockets, the contender that sDDF's echo is measured
 * against. Two ways, each as good as it can be without tricks: one datagram per system call, and
 * batches of 64. Ends on SIGTERM or SIGINT. It trusts no sender: what cannot be answered is
 * dropped.
 */
#include "arguments.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH               64u
#define DATAGRAM_BYTES      65536u
#define SOCKET_BUFFER_BYTES (4 << 20)
/* An odd number of cache lines, or the first lines of all buffers fall into one set of the cache.
 */
#define STRIDE_BYTES        (DATAGRAM_BYTES + 64u)

static _Alignas(64) uint8_t buffers[BATCH][STRIDE_BYTES];

static const char help[] = "usage: sddf-echo-linux --mode recv|mmsg --bind IP:PORT [--cpu N]\n"
                           "\n"
                           "  --mode recv     recvfrom and sendto, one datagram at a time\n"
                           "  --mode mmsg     recvmmsg and sendmmsg, up to 64 at a time\n"
                           "  --bind IP:PORT  the address to answer on\n"
                           "  --cpu N         run on this CPU only\n";

static void on_signal(int number)
{
    (void)number;
    _exit(0); /* nothing to clean up, and no race with a receive that is about to block */
}

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "sddf-echo-linux: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* A sender can provoke errors at will (source port 0), so the first is told and the rest are not.
 */
static void dropped(void)
{
    static bool told;
    if (!told) {
        told = true;
        fprintf(stderr,
                "sddf-echo-linux: answering: %s; this and further datagrams that cannot be "
                "answered are dropped\n",
                strerror(errno));
    }
}

static _Noreturn void echo_one_by_one(int socket)
{
    for (;;) {
        struct sockaddr_in peer;
        socklen_t peer_bytes = sizeof(peer);
        ssize_t length =
            recvfrom(socket, buffers[0], DATAGRAM_BYTES, 0, (struct sockaddr *)&peer, &peer_bytes);
        if (length < 0) {
            die("recvfrom");
        }
        if (sendto(socket, buffers[0], (size_t)length, 0, (struct sockaddr *)&peer, peer_bytes) <
            0) {
            dropped();
        }
    }
}

static void send_all(int socket, struct mmsghdr *messages, unsigned count)
{
    unsigned done = 0;
    while (done < count) {
        int sent = sendmmsg(socket, messages + done, count - done, 0);
        if (sent <= 0) {
            dropped(); /* the first of the rest is at fault */
            sent = 1;
        }
        done += (unsigned)sent;
    }
}

static _Noreturn void echo_batches(int socket)
{
    static struct mmsghdr messages[BATCH];
    static struct iovec vectors[BATCH];
    static struct sockaddr_in peers[BATCH];
    for (unsigned i = 0; i < BATCH; i++) {
        vectors[i] = (struct iovec){.iov_base = buffers[i], .iov_len = DATAGRAM_BYTES};
        messages[i].msg_hdr = (struct msghdr){
            .msg_name = &peers[i],
            .msg_namelen = sizeof(peers[i]),
            .msg_iov = &vectors[i],
            .msg_iovlen = 1,
        };
    }
    for (;;) {
        /* Waits for one, then takes what else is there. */
        int count = recvmmsg(socket, messages, BATCH, MSG_WAITFORONE, NULL);
        if (count < 0) {
            die("recvmmsg");
        }
        for (unsigned i = 0; i < (unsigned)count; i++) {
            vectors[i].iov_len = messages[i].msg_len;
        }
        send_all(socket, messages, (unsigned)count);
        for (unsigned i = 0; i < (unsigned)count; i++) {
            vectors[i].iov_len = DATAGRAM_BYTES;
            messages[i].msg_hdr.msg_namelen = sizeof(peers[i]);
        }
    }
}

static int open_socket(const struct sockaddr_in *address)
{
    const int bytes = SOCKET_BUFFER_BYTES;
    int result = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (result < 0) {
        die("socket");
    }
    /* The same as sddf-load gives itself. Root may exceed net.core.rmem_max. */
    if (setsockopt(result, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) != 0) {
        (void)setsockopt(result, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
    }
    if (setsockopt(result, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)) != 0) {
        (void)setsockopt(result, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
    }
    if (bind(result, (const struct sockaddr *)address, sizeof(*address)) != 0) {
        char text[ADDRESS_TEXT_BYTES];
        fprintf(stderr,
                "sddf-echo-linux: bind %s: %s; expected an address of this machine and a free "
                "port\n",
                address_text(address, text), strerror(errno));
        exit(1);
    }
    return result;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"mode", required_argument, NULL, 'm'},
        {"bind", required_argument, NULL, 'b'},
        {"cpu", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    const char *mode = "";
    struct sockaddr_in address = {0};
    int option = argument_next(argc, argv, options);
    for (; option != -1; option = argument_next(argc, argv, options)) {
        switch (option) {
        case 'm':
            mode = optarg;
            break;
        case 'b':
            address = argument_address("--bind", optarg);
            break;
        case 'c':
            argument_cpu("--cpu", optarg);
            break;
        default:
            fputs(help, stdout);
            return 0;
        }
    }
    bool batches = strcmp(mode, "mmsg") == 0;
    if (!batches && strcmp(mode, "recv") != 0) {
        argument_error("--mode", mode[0] == '\0' ? "none" : mode, "recv or mmsg");
    }
    if (address.sin_port == 0) {
        argument_error("--bind", "none", "IP:PORT");
    }
    const struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    int socket = open_socket(&address);
    if (batches) {
        echo_batches(socket);
    }
    echo_one_by_one(socket);
}
