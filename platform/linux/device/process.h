/* SPDX-License-Identifier: BSD-2-Clause */
/* What the process of every device model shares: it is started by the runner, which it trusts,
 * takes what is handed over (handoff_kinds.h), gives up its privileges, and serves the driver's PD,
 * which it does not trust, until it is killed. */
#ifndef LINUX_DEVICE_PROCESS_H
#define LINUX_DEVICE_PROCESS_H

#include "../handoff.h"
#include "device_loop.h"
#include "handoff_kinds.h"

#include <sddf/stats.h>

enum { PROCESS_LINE_MAX = 512, PROCESS_WIRE_MAX = 1024 };

struct device_process {
    const char *model;           /* "virtio-net", in each line of the log */
    uint32_t registers_size_min; /* bytes */
    bool without_link;           /* of the link it has its own wake pipe only */
    /* Takes an item of a kind that is not every model's; NULL or false: it is ignored. */
    bool (*take)(const struct handoff_item *item);

    char name[HANDOFF_NAME_MAX]; /* of the device on the board */
    char wire[PROCESS_WIRE_MAX]; /* what it is connected to; "": not said */
    uint32_t wire_pieces;
    int log_fd, ready_fd;
    struct device_link link;
    struct stats_page *stats; /* after process_open_stats() */
};

/* The one of this program, which sets its first members. */
extern struct device_process process;

/* One write per line: the log pipe is shared. */
void process_log(const char *text);
__attribute__((format(printf, 1, 2))) _Noreturn void process_die(const char *format, ...);

/* Maps an item's file of `size` bytes at least and closes it, or dies. */
void *process_map(const struct handoff_item *item, uint64_t size, int protection, const char *what);
/* The same over whatever is mapped at `at`. */
void *process_map_at(void *at, const struct handoff_item *item, uint64_t size, int protection,
                     const char *what);

/* First thing in main(). Dies if something is missing. */
void process_start(void);
/* Starts the statistics at zero; a page of our own if none was handed over. */
void process_open_stats(const char *const *names, uint32_t count);
/* Enters the sandbox and tells the runner that the device is ready. */
void process_enter(void);
/* The same, and serves the registers. */
_Noreturn void process_serve(const struct device_ops *ops, void *device);

#endif
