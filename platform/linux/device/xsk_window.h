/* SPDX-License-Identifier: BSD-2-Clause */
/* The driver's side of an AF_XDP socket, in the process that hosts its PD: what lib/xsk/registers.h
 * promises, made of the socket itself. No other process takes part: a doorbell is sendto() or
 * recvfrom() on the socket, and the interrupt line is up while a ring of those asked for has
 * something, which the words of the ring say. */
#ifndef LINUX_DEVICE_XSK_WINDOW_H
#define LINUX_DEVICE_XSK_WINDOW_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

struct xsk_window;

/* Maps the rings over `region`, which is `size` bytes of free address space, and takes the socket
 * over. NULL with *what said and errno set if that fails. */
struct xsk_window *xsk_window_open(int socket, void *region, uint64_t size, const char **what);

void xsk_window_write(struct xsk_window *xsk, uint64_t offset, uint64_t value);
/* True while the line is up. */
bool xsk_window_stands(const struct xsk_window *xsk);

/* Where the socket polls busily, and the line may be raised by frames: fetches what the interface
 * has. Returns for how many microseconds to go on with that instead of sleeping; 0 = not at all. */
uint32_t xsk_window_poll(const struct xsk_window *xsk);

/* What to wait for until it may be up, unless `masked`. True if the kernel does not tell of all of
 * it, so that the rings are to be looked at in a while. */
bool xsk_window_wait(const struct xsk_window *xsk, bool masked, struct pollfd *file);

#endif
