/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One stream of sddf-load: a connected UDP socket to one target, a batch of datagrams on their way
 * out and one of echoes that came in. The loop in run.c owns the streams. The kernel filters by the
 * target's address; nothing in an echo is believed before packet_verify().
 */
#ifndef SDDF_LOAD_SOCKETS_H
#define SDDF_LOAD_SOCKETS_H

#include "options.h"
#include "packet.h"
#include "tracker.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define BATCH 64u

struct batch {
    struct mmsghdr messages[BATCH];
    struct iovec vectors[BATCH];
    uint8_t *memory;
};

struct stream {
    int socket;
    struct sockaddr_in target;
    struct packet_identity identity;
    size_t size;
    struct tracker *tracker;

    /* of out: [0, sent) are away, [sent, staged) wait for the socket */
    unsigned staged;
    unsigned sent;
    struct batch out;
    struct batch in;

    uint64_t send_again;   /* sendmmsg refused with EAGAIN: the socket's send buffer is full */
    uint64_t send_nobufs;  /* ... with ENOBUFS: the interface's queue is full */
    uint64_t unreachable;  /* ICMP errors that came back */
    uint32_t drops_before; /* the socket's drops at stream_measure() */
};

/* Opens stream `index` of the run. Exits with status 2 if an option cannot be met, else 1. */
void stream_open(struct stream *stream, const struct options *options, unsigned index,
                 uint32_t run_id);

/* Frees what stream_open() took. */
void stream_close(struct stream *stream);

/* Zeroes the stream's counters: from here on they count. */
void stream_measure(struct stream *stream);

/* Builds the next datagram behind those staged; staged must be below BATCH. */
void stream_stage(struct stream *stream, uint64_t scheduled_ns);

/*
 * Sends what is staged as far as the socket takes it; the rest stays staged. False after an error
 * that makes it senseless to go on, already reported.
 */
bool stream_flush(struct stream *stream, uint64_t now_ns);

/*
 * Takes up to BATCH echoes without waiting; echo i is in.messages[i].msg_len bytes at
 * in.vectors[i].iov_base, until the next call. Returns how many, or -1 as stream_flush().
 */
int stream_receive(struct stream *stream);

/* Datagrams this socket dropped since stream_measure(): receive buffer full or bad checksum. */
uint32_t stream_receive_drops(const struct stream *stream);

/* Datagrams with a bad UDP checksum that this network namespace has received. */
uint64_t sockets_bad_checksums(void);

#endif
