/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes of an AF_XDP socket a network card, and steers an interface's frames into it: Linux,
 * Documentation/networking/af_xdp.rst. Needs CAP_NET_ADMIN and CAP_BPF, the socket itself
 * CAP_NET_RAW; who then uses the socket needs none of them.
 *
 * The order is the kernel's: rings are mapped before the socket is bound, by whoever will use them.
 *
 *     xsk_socket_open      its UMEM, its rings, the registers that describe them
 *     xsk_socket_attach    the program that steers the interface's frames
 *     xsk_rings_map        by the user
 *     xsk_socket_bind      to one queue of the interface, and the frames of that queue to it */
#ifndef LINUX_DEVICE_XSK_SOCKET_H
#define LINUX_DEVICE_XSK_SOCKET_H

#include "xsk_rings.h"

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

/* What the socket is connected to, and how. */
struct xsk_wire {
    char interface[IF_NAMESIZE];
    uint32_t queue;
    uint32_t busy_poll_us; /* 0 = the interface's interrupts; else it is polled by the user */
    bool generic;          /* steer behind the driver of the interface instead of within */
    bool copy;             /* copy frames even where the interface could do without */
};

struct xsk_socket {
    int fd;                          /* the caller's */
    int map_fd, program_fd, link_fd; /* closing the link lets go of the interface */
    struct xsk_wire wire;
    unsigned interface; /* its number */
    struct xsk_rings rings;
    uint8_t registers[XSK_KICK]; /* those that are constant */
    char error[256];
};

/* Reads "xsk:IFNAME[,queue=N][,busy-poll=US][,generic][,copy]". False with `error` written. */
bool xsk_wire_parse(const char *text, struct xsk_wire *wire, char error[256]);

/* `umem` is memory of `size` bytes, a multiple of 4096, whose start has the I/O address
 * `io_address`; the kernel keeps it while the socket lives. These three return false with ->error
 * written when they fail. */
bool xsk_socket_open(struct xsk_socket *s, int fd, void *umem, uint64_t size, uint64_t io_address);
bool xsk_socket_attach(struct xsk_socket *s, const struct xsk_wire *wire);
bool xsk_socket_bind(struct xsk_socket *s);

/* Lets go of the interface; the socket stays open. */
void xsk_socket_detach(struct xsk_socket *s);

#endif
