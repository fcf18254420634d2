/* SPDX-License-Identifier: BSD-2-Clause */
/* Wires: what a network device model is plugged into, by a text "KIND:ARGUMENT":
 *
 *     packet:IFNAME   an interface of this network namespace, through a packet socket (veth, NIC)
 *     tap:IFNAME      a tap interface, made when it does not exist
 *     memory:PATH     a Unix socket, one frame per message; a generator connects (wire_memory.h)
 *     none            no cable
 *
 * A wire is opened with privileges and used without. Whatever arrives is hostile. Frames are whole
 * Ethernet frames without checksum (FCS), with their VLAN tag, with finished checksums inside. */
#ifndef LINUX_DEVICE_WIRE_H
#define LINUX_DEVICE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    WIRE_BATCH = 64,         /* frames per system call, where the kernel takes many */
    WIRE_FRAME_MIN = 14,     /* bytes: an Ethernet header */
    WIRE_FRAME_MAX = 1518,   /* 1500 bytes, the header and a VLAN tag */
    WIRE_BUFFER_SIZE = 2048, /* room for a frame and to see that it is too long */
};

struct wire_frame {
    uint8_t *data;
    uint32_t size; /* bytes */
};

struct wire_counters {
    uint64_t rx_overflow;  /* the kernel's queue was full */
    uint64_t rx_bad;       /* longer than a buffer, several segments in one, or nonsense */
    uint64_t rx_checksums; /* finished here, for the kernel left it to its hardware */
    uint64_t tx_dropped;   /* the wire did not take it */
};

struct wire;

struct wire_ops {
    /* Opens wire->fd; false with `error` written when that fails. */
    bool (*open)(struct wire *wire, const char *argument);
    /* Fills wire->received[0 .. at most WIRE_BATCH); returns the number. Does not block. */
    size_t (*receive)(struct wire *wire);
    /* All of wire->received was consumed. May be NULL. */
    void (*release)(struct wire *wire);
    /* The descriptor reported an error: takes it or sets fd = -1. NULL: receive() meets it. */
    void (*error)(struct wire *wire);
    /* Sends wire->sending[0 .. count) without blocking; returns how many it took. */
    size_t (*send)(struct wire *wire, size_t count);
};

struct wire {
    const struct wire_ops *ops;
    int fd; /* readable = receive() may have frames; -1 = none */
    struct wire_counters counters;
    char error[256];

    size_t received_next, received_count, sending_count;
    struct wire_frame received[WIRE_BATCH], sending[WIRE_BATCH];
    uint8_t receive_buffers[WIRE_BATCH][WIRE_BUFFER_SIZE];
    uint8_t send_buffers[WIRE_BATCH][WIRE_BUFFER_SIZE];

    /* Of the kinds. */
    int listener;        /* memory: where the generator connects */
    uint64_t untaken;    /* memory: frames that this generator had no room for, */
    uint64_t told;       /* and as many as it was told of */
    uint8_t *ring;       /* packet: slots shared with the kernel */
    uint32_t ring_next;  /* packet: slot to look at next */
    uint32_t ring_taken; /* packet: slots before ring_next that are ours until released */
};

extern const struct wire_ops wire_packet, wire_tap, wire_memory;

/* Opens what `text` says; false with wire->error saying what was found and what to do. */
bool wire_open(struct wire *wire, const char *text);
/* The frames that arrived and are not consumed: views, valid until wire_consume() has had all. */
size_t wire_receive(struct wire *wire, struct wire_frame **frames);
/* The first `count` of them are done with. */
void wire_consume(struct wire *wire, size_t count);
/* WIRE_FRAME_MAX bytes for a frame to send; wire_commit() sends it at wire_flush() or before. */
uint8_t *wire_reserve(struct wire *wire);
void wire_commit(struct wire *wire, uint32_t size);
void wire_flush(struct wire *wire);
/* The descriptor reported an error: takes it, or gives the descriptor up (fd = -1). */
void wire_error(struct wire *wire);

/* For the kinds: sends wire->sending by sendmmsg(), each frame behind `prefix_size` (at most 16)
 * bytes of zeros. Returns how many the kernel took. */
size_t wire_send_messages(struct wire *wire, size_t count, size_t prefix_size);

#endif
