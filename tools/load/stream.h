/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One stream of sddf-load: datagrams on their way to one target, and the echoes that came back.
 * The loop in run.c owns the streams and does not know what carries them:
 *
 *     transport_sockets   the kernel's UDP, a connected socket per stream (sockets.c)
 *     transport_host      past the kernel's network: we are a host with an IP stack of our own, on
 * a device model's in-memory wire or on an interface (host.c)
 *
 * Nothing in an echo is believed before packet_verify().
 */
#ifndef SDDF_LOAD_STREAM_H
#define SDDF_LOAD_STREAM_H

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

struct echo {
    const uint8_t *payload;
    size_t length; /* bytes */
};

/* What a transport counts for all streams together, since the process started. */
struct transport_counters {
    uint64_t bad_checksums; /* dropped for their IP or UDP checksum */
    uint64_t stray;         /* datagrams that are no stream's of ours */
};

struct stream;

struct transport {
    size_t headroom; /* bytes that it wants before each payload in out.vectors[] */
    /* Exits with status 2 if an option cannot be met, else 1. */
    void (*open)(struct stream *stream, const struct options *options);
    void (*close)(struct stream *stream);
    /* Sends of [sent, staged) what is taken without waiting, and counts refusals. Returns how many
     * went, or -1 after an error that makes it senseless to go on, already reported. */
    int (*send)(struct stream *stream);
    /* Fills echoes[] without waiting; returns how many, or -1 as send(). */
    int (*receive)(struct stream *stream);
    /* Datagrams of this stream dropped on our side so far: no room, or a bad checksum. */
    uint32_t (*drops)(const struct stream *stream);
    struct transport_counters (*counters)(void);
};

extern const struct transport transport_sockets, transport_host;

struct stream {
    const struct transport *transport;
    struct sockaddr_in target;
    struct packet_identity identity;
    size_t size; /* of a payload, bytes */
    struct tracker *tracker;

    /* of out: [0, sent) are away, [sent, staged) wait for the transport */
    unsigned staged;
    unsigned sent;
    struct batch out;
    struct echo echoes[BATCH];

    uint64_t send_again;   /* refused with EAGAIN: the socket's send buffer is full */
    uint64_t send_nobufs;  /* ... with ENOBUFS: the interface's queue is full */
    uint64_t unreachable;  /* ICMP errors that came back */
    uint32_t drops_before; /* drops at stream_measure() */

    /* Of the transports. */
    int socket;        /* sockets */
    struct batch in;   /* sockets */
    uint16_t port;     /* host: our own, which tells the stream's echoes from others' */
    unsigned echoed;   /* host: echoes[] that wait for receive() */
    uint64_t asked_ns; /* host: the last ARP request; 0 = none */
};

/* Opens stream `index` of the run, over what the options say. Exits with status 2 if an option
 * cannot be met, else 1. */
void stream_open(struct stream *stream, const struct options *options, unsigned index,
                 uint32_t run_id);

/* Frees what stream_open() took. */
void stream_close(struct stream *stream);

/* Zeroes the stream's counters: from here on they count. */
void stream_measure(struct stream *stream);

/* Builds the next datagram behind those staged; staged must be below BATCH. */
void stream_stage(struct stream *stream, uint64_t scheduled_ns);

/*
 * Sends what is staged as far as it is taken; the rest stays staged. False after an error that
 * makes it senseless to go on, already reported.
 */
bool stream_flush(struct stream *stream, uint64_t now_ns);

/*
 * Takes up to BATCH echoes without waiting: stream->echoes[], until the next call for any stream.
 * Returns how many, or -1 as stream_flush().
 */
int stream_receive(struct stream *stream);

/* Datagrams dropped on our side since stream_measure(): no room, or a bad checksum. */
uint32_t stream_receive_drops(const struct stream *stream);

/* What the transport of this stream has counted for all of them. */
struct transport_counters stream_counters(const struct stream *stream);

/* ---- For the transports ---- */

/* Memory for BATCH messages of `bytes` each. False if there is none. */
bool batch_prepare(struct batch *batch, size_t bytes);

/* Says what failed for the stream's target, with errno, and what to do; exits with status 1. */
_Noreturn void stream_die(const struct stream *stream, const char *what, const char *remedy);

/* Exits with status 2 if a datagram exceeds the MTU towards its target, in bytes. */
void stream_check_size(const struct stream *stream, size_t mtu);

#endif
