/* SPDX-License-Identifier: BSD-2-Clause */
/* What the runner hands to a device model (`sddf-BACKEND`) over HANDOFF_FD: the kinds of its
 * handoff items. The runner is trusted; the driver's PD at the other end of the link is not. */
#ifndef LINUX_DEVICE_HANDOFF_KINDS_H
#define LINUX_DEVICE_HANDOFF_KINDS_H

enum device_handoff_kind {
    DEVICE_NAME = 1,         /* name: the device on the board, "eth0" */
    DEVICE_REGISTERS,        /* fd: registers page, rw; value[0]: size in bytes */
    DEVICE_LINK_DRIVER_HALF, /* fd: struct link_driver_half, read-only reopen */
    DEVICE_LINK_DEVICE_HALF, /* fd: struct link_device_half, rw */
    DEVICE_WAKE,             /* fd: read end of the device model's own wake pipe, non-blocking */
    DEVICE_DRIVER_WAKE,      /* fd: write end of the driver PD's wake pipe, non-blocking, an open
                              * file description of its own */
    DEVICE_DMA_REGION,       /* fd: the region's memfd, rw; name: of the region; value[0]: I/O
                              * address, value[1]: size in bytes; repeated */
    DEVICE_WIRE,             /* name: up to 63 bytes of the wire's text "KIND:ARG"; value[0]: index
                              * of this piece, in order from 0; concatenate; absent = no wire */
    DEVICE_LOG,              /* fd: write end of the log pipe, non-blocking; whole lines */
    DEVICE_STATS,            /* fd: page of statistics, rw; value[0]: size in bytes */
    DEVICE_MAC,              /* name: MAC address as text; absent = the model chooses */
    DEVICE_READY,            /* fd: write end of a pipe; one byte is written when the model serves
                              * its registers; PDs are started after that; by one with a socket
                              * another, once the driver's PD has rung its wake pipe and it is bound
                              */
    DEVICE_IRQ_EDGE,         /* the interrupt is edge triggered; absent = level */
    DEVICE_SOCKET,           /* fd: AF_XDP socket, which the driver's PD has too; then there are no
                              * halves of a link and no DEVICE_DRIVER_WAKE */
};

#endif
