/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes an AF_XDP socket and what steers an interface's frames into it: Linux,
 * Documentation/networking/af_xdp.rst. Needs CAP_NET_RAW, CAP_NET_ADMIN and CAP_BPF; who then uses
 * the socket needs none of them, only sendto(), recvfrom() and poll() on it.
 *
 * The order is the kernel's: rings are mapped before the socket is bound, by whoever will use them.
 *
 *     xsk_socket_open      the socket, its UMEM, its rings, the registers that describe them
 *     xsk_socket_map       the rings, into the user's rings region
 *     xsk_socket_bind      to one queue of an interface, and the frames of that queue to it
 *     xsk_socket_kick      what the user's writes to XSK_KICK mean */
#ifndef LINUX_DEVICE_XSK_SOCKET_H
#define LINUX_DEVICE_XSK_SOCKET_H

#include <stdbool.h>
#include <stdint.h>
#include <xsk/registers.h>

enum {
    XSK_SOCKET_ENTRIES = 1024,          /* of each ring */
    XSK_SOCKET_RINGS_SIZE = 128 * 1024, /* bytes of the rings region */
    XSK_SOCKET_REGISTERS = XSK_KICK,    /* bytes of constant registers */
};

struct xsk_socket {
    int fd;
    int map_fd, program_fd, link_fd;       /* closing the link lets go of the interface */
    uint64_t ring_sizes[XSK_RING_COUNT];   /* bytes to map */
    uint64_t ring_offsets[XSK_RING_COUNT]; /* in the rings region */
    uint8_t registers[XSK_SOCKET_REGISTERS];
    char error[256];
};

/* `umem` is memory of `size` bytes, a multiple of 4096, that stays mapped while the socket lives;
 * I/O address `io_address` is its start. False with ->error written when it fails. */
bool xsk_socket_open(struct xsk_socket *s, void *umem, uint64_t size, uint64_t io_address);

/* Maps the rings over `rings`, XSK_SOCKET_RINGS_SIZE bytes on a page boundary. */
bool xsk_socket_map(struct xsk_socket *s, void *rings);

bool xsk_socket_bind(struct xsk_socket *s, const char *interface, uint32_t queue);

/* Lets the kernel look at the rings of these directions (enum xsk_direction). False if frames to
 * send stayed behind for want of memory or of room below: kick again later; poll() does, too. */
bool xsk_socket_kick(int fd, uint32_t directions);

void xsk_socket_close(struct xsk_socket *s);

#endif
