/* SPDX-License-Identifier: BSD-2-Clause */
/* What the user asks of sddf-load. Filled once by options_parse(), then only read. */
#ifndef SDDF_LOAD_OPTIONS_H
#define SDDF_LOAD_OPTIONS_H

#include "xsk_socket.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TARGETS_MAX 16u
#define FRAMES_MAX  16u
#define RATE_MAX    100000000u /* packets per second */

enum io {
    IO_SOCKET, /* the kernel's UDP */
    IO_WIRE,   /* a device model's in-memory wire */
    IO_PACKET, /* an interface, through rings of AF_PACKET */
    IO_XDP,    /* an interface, through AF_XDP */
};

struct options {
    struct sockaddr_in targets[TARGETS_MAX];
    unsigned target_count;
    struct in_addr bind_ip; /* 0.0.0.0: the kernel's choice */
    enum io io;
    const char *wire;      /* path, for IO_WIRE */
    const char *interface; /* name, for IO_PACKET and IO_XDP */
    struct xsk_wire xdp;   /* for IO_XDP */
    uint64_t target_mac;   /* of all targets, as lib/net has it; 0: ARP asks for it */
    uint64_t rate_pps;     /* 0: closed loop */
    uint64_t window;       /* outstanding over all targets; 0: open loop */
    size_t size;           /* of the UDP payload, bytes */
    uint64_t duration_ns;
    uint64_t patience_ns; /* how long an echo may take before its packet is given up */
    uint64_t count;       /* packets to measure, however long it takes; 0: by duration_ns */
    uint64_t warmup_ns;
    const char *json_path; /* NULL: none */
    const char *csv_path;  /* NULL: none */
    bool watch;            /* report how busy watched_cpu is */
    unsigned watched_cpu;
    bool rfc2544;
    size_t frames[FRAMES_MAX]; /* sizes to test, bytes */
    unsigned frame_count;
    double accept_percent; /* of loss, in searches */
    unsigned repeats;      /* of back to back */
    bool progress;
};

/* Exits with status 2 if the options are wrong, 0 after --help. Applies --cpu at once. */
struct options options_parse(int argc, char **argv);

#endif
