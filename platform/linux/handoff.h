/* SPDX-License-Identifier: BSD-2-Clause */
/* How a process of a system (a PD or a device model) is told what it is: PDs are started by fork
 * and exec and inherit nothing but one socket, HANDOFF_FD, over which the runner sends a list of
 * items, each with a kind, a name, four words and at most one file descriptor. */
#ifndef LINUX_HANDOFF_H
#define LINUX_HANDOFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HANDOFF_FD = 3, HANDOFF_ITEMS_MAX = 2048, HANDOFF_NAME_MAX = 64 };

struct handoff_item {
    uint32_t kind; /* enum handoff_kind of the receiver */
    int32_t fd;    /* -1 = none; valid in the receiver after handoff_receive() */
    char name[HANDOFF_NAME_MAX];
    uint64_t value[4];
};

/* Sends or receives the whole list; false with errno set when the peer is gone or the list is too
 * long. Descriptors arrive close-on-exec. */
bool handoff_send(int socket, const struct handoff_item *items, size_t count);
bool handoff_receive(int socket, struct handoff_item *items, size_t items_max, size_t *count);

#endif
