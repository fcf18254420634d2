/* SPDX-License-Identifier: BSD-2-Clause */
/* What the runner hands to a PD host over HANDOFF_FD: the kinds of its handoff items. */
#ifndef LINUX_PD_KINDS_H
#define LINUX_PD_KINDS_H

enum pd_handoff_kind {
    PD_NAME = 1,   /* name; value: stack size in bytes, PD_OPTION_*, number of PDs, priority */
    PD_IMAGE,      /* fd: checked and patched image; value[0]: its size in memory */
    PD_ENTRY,      /* value: offsets of init, notified, protected, fault in the image; 0 = none */
    PD_PATCH,      /* value: offset of an 8-byte word of the image's, what it becomes, whether it is
                    * writable */
    PD_LOG,        /* fd: write end of the log pipe, non-blocking */
    PD_REPORT,     /* fd: struct pd_report, rw */
    PD_STATE,      /* fd: struct pd_state, rw */
    PD_WAKE,       /* fd: read end of the wake pipe; reading it waits */
    PD_MAP,        /* fd: region; name: of the region; value: address, size, PD_MAP_* of this PD,
                    * and of the mapping; 0 = mapped already, for another PD of the process */
    PD_CHILD,      /* value[0]: id of a child, whose fault() this PD gets */
    PD_ORDERS,     /* fd: struct pd_order, rw; only to a PD with children, as the next two */
    PD_KERNEL,     /* fd: struct pd_kernel, read-only */
    PD_BELL,       /* fd: write end of the pipe that makes the runner look at the orders */
    PD_PEER_OUT,   /* fd: line to the peer, rw; name: of the peer; value[0]: peer's index */
    PD_PEER_IN,    /* fd: line from the peer, read-only; value[0]: peer's index */
    PD_PEER_STATE, /* fd: the peer's state, read-only; value[0]: peer's index */
    PD_PEER_WAKE,  /* fd: write end of the peer's wake pipe; value[0]: peer's index */
    PD_CHANNEL,    /* value: own id, peer's index, peer's id, PD_MAY_* */
    PD_LINK_REGISTERS,   /* fd, read-only; name: of the region; value: link, address, size */
    PD_LINK_DRIVER_HALF, /* fd, rw; value[0]: link */
    PD_LINK_DEVICE_HALF, /* fd, read-only; value[0]: link */
    PD_LINK_WAKE,        /* fd: write end of the device model's wake pipe; value[0]: link */
    PD_LINK_SOCKET,      /* fd: an AF_XDP socket; then the link has no halves, and its wake pipe is
                          * rung once; name: of the region of its rings; value: link, address, size */
    PD_IRQ,              /* value: channel id, link */
    PD_START,            /* value[0]: offset of the image's own _start, where it has one */
    PD_PROGRAM,          /* the image is a program; value[0]: address of its table */
};

enum pd_option {
    PD_OPTION_STRICT = 1,
    PD_OPTION_NO_SECCOMP = 2,
    PD_OPTION_CHILD = 4, /* has a parent: the runner stops it when it faults (run_life.c) */
    PD_OPTION_PASSIVE = 8,
};

enum pd_may {
    PD_MAY_NOTIFY = 1,
    PD_MAY_CALL = 2,
    PD_PEER_MAY_NOTIFY = 4,
    PD_PEER_MAY_CALL = 8,
};

enum { PD_NO_LINK = 0xffff };

#endif
