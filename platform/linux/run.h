/* SPDX-License-Identifier: BSD-2-Clause */
/* `sddf run`: starts a system of a .system file as Linux processes and stays until it ends. Trusts
 * the files' author as far as the machine is concerned (what may be mapped, which device is bound),
 * and nothing that a running PD or device model writes. */
#ifndef LINUX_RUN_H
#define LINUX_RUN_H

#include "handoff.h"
#include "image.h"
#include "pd/pages.h"
#include "registers.h"
#include "run_schedule.h"
#include "system.h"
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

/* The program `sddf run ...`; argv[0] is "run". Returns the exit code. */
int linux_run(int argc, char **argv);

enum { RUN_SEARCH_MAX = 32, RUN_WIRES_MAX = 64, RUN_LOG_LINE_MAX = 512 };

struct run_wire {
    const char *device, *text;
};

struct run_options {
    const char *system, *board;
    const char *search[RUN_SEARCH_MAX];
    size_t search_count;
    struct run_wire wires[RUN_WIRES_MAX], macs[RUN_WIRES_MAX];
    size_t wire_count, mac_count;
    const char *stats, *status, *images;
    bool verbose, strict, no_seccomp, realtime, in_process;
    int cpu; /* -1 = as the system says */
};

/* A child process: a PD or a device model. */
struct run_child {
    const char *name;
    const char *what; /* "PD" or "device model" */
    pid_t pid;        /* 0 = not running */
    int wake[2];      /* both ends stay open here: the pipe outlives its users */
    int log;          /* read end */
    char line[RUN_LOG_LINE_MAX];
    size_t line_length;
};

/* How far a PD with a parent is; run_life.c. */
enum run_phase {
    RUN_ENTERS, /* its sandbox is not closed yet */
    RUN_RUNS,   /* or waits */
    RUN_TELLS,  /* its own process describes its fault, then stops for us */
    RUN_HELD,   /* stopped, until its parent orders otherwise */
};

struct run_life {
    enum run_phase phase;
    bool interrupting;  /* asked to stop, and has not stopped for that yet */
    bool group_stopped; /* by a SIGSTOP of somebody else's: goes on with SIGCONT only */
    bool faulted;       /* held for its fault, to which its parent may reply */
    uint32_t faults;    /* number of its newest fault */
    uint32_t described; /* how many of its descriptions were read */
    struct registers_fault fault;
    struct registers registers; /* at the fault */
    uint64_t said_instruction;  /* of the fault before */
    uint32_t said;              /* how many faults were */
};

struct run_pd {
    struct run_child child;
    struct run_schedule schedule;
    const struct system_pd *description;
    struct image image;
    struct image symbols; /* of path_for_symbols */
    int image_fd;         /* checked and patched */
    int state_fd, report_fd;
    struct pd_report *report;
    const Elf64_Sym *entry[4]; /* init, notified, protected, fault */
    const Elf64_Sym *start;    /* _start, which begins all of it; NULL: the host does */
    const struct pd_state *state;
    struct run_life life; /* of a PD with a parent */
    /* Of a PD with children: */
    int orders_fd, kernel_fd; /* -1 = none */
    const struct pd_order *orders;
    struct pd_kernel *kernel;
    uint32_t orders_done;
};

struct run_device {
    struct run_child child;
    const struct board_device *description;
    unsigned region; /* of the registers */
    unsigned driver; /* index of the PD that maps them */
    unsigned link;   /* index among that PD's links */
    int registers_fd, driver_half_fd, device_half_fd, stats_fd;
    int ready; /* read end; -1 = it has said all that it says */
    /* Of one that is an AF_XDP socket: */
    bool is_socket, said_registers;
    int socket;
    unsigned rings; /* region, which only its driver maps */
};

struct run {
    struct run_options options;
    struct system_description *system;
    struct board board;
    int *region_fds;
    struct run_pd pds[SYSTEM_PDS_MAX];
    struct run_device devices[BOARD_DEVICES_MAX];
    size_t device_count;
    int line_fds[SYSTEM_PDS_MAX][SYSTEM_PDS_MAX];          /* from, to; -1 = none */
    struct pd_line *lines[SYSTEM_PDS_MAX][SYSTEM_PDS_MAX]; /* the same, mapped, where one calls */
    int signals;                                           /* signalfd */
    int bell[2];                                           /* pipe that parents ring */
    struct image host;                                     /* sddf-pd or sddf-pds, for backtraces */
    struct run_child all_pds; /* with --in-process, the process of all PDs */
    struct run_scheduling scheduling;
};

/* run.c: reads what `options` name and makes everything ready that can be wrong before anything is
 * started; false after saying what is. */
bool run_check(struct run *run);

/* run_memory.c */
int run_memfd(const char *name, uint64_t size);
/* A descriptor of the same memory or pipe that can do only what `flags` say. */
int run_reopen(int fd, int flags);
/* A new file there, whatever was there before: it may be in use, or lead somewhere else. */
int run_new_file(const char *path, unsigned mode);
bool run_make_regions(struct run *run);
bool run_bind_devices(struct run *run);
bool run_make_lines(struct run *run);
bool run_make_child(struct run_child *child, const char *name, const char *what, int *log_write);

/* run_socket.c: devices that are AF_XDP sockets. False after saying what is wrong. */
bool run_socket_plan(struct run *run, struct run_device *device);
bool run_socket_make(struct run_device *device);
/* Ends the devices that the PD drove: an interface whose frames nobody takes is of no use here. */
void run_socket_let_go(struct run *run, const struct run_pd *pd);

/* run_image.c: reads, checks and patches every PD's image. */
bool run_prepare_images(struct run *run);
/* The variable that a setvar names, or NULL. */
const Elf64_Sym *run_setvar_symbol(const struct run_pd *pd, const char *name);

/* run_handoff.c: what a child is given. Descriptors made for it are closed by run_items_free(). */
struct run_items {
    struct handoff_item items[HANDOFF_ITEMS_MAX];
    size_t count;
    int made[HANDOFF_ITEMS_MAX];
    size_t made_count;
    bool failed;
};
void run_items_free(struct run_items *items);
void run_pd_items(struct run *run, unsigned index, int log_write, struct run_items *items);
void run_device_items(struct run *run, struct run_device *device, int log_write, int ready,
                      struct run_items *items);

/* run_inprocess.c: all PDs in one process. False after saying what of the system needs several. */
bool run_inprocess_check(struct run *run);
bool run_inprocess_start(struct run *run);
/* Says of each PD that ended since how it did. */
void run_inprocess_look(struct run *run);
/* Takes the exit status of the process; false when it is gone. */
bool run_inprocess_reap(struct run *run);

/* run_start.c */
struct run_start {
    char path[SYSTEM_PATH_MAX]; /* of the program */
    int log;                    /* write end; becomes its standard error */
    struct run_schedule schedule;
};
/* Starts the program; the socket over which it is told what it is, or -1 after saying why not. */
int run_fork(struct run_child *child, const struct run_start *start);
int run_from_four(int fd);
void run_end(struct run_child *child);
bool run_find_program(const char *name, char path[SYSTEM_PATH_MAX]);
bool run_start_devices(struct run *run);
bool run_start_pds(struct run *run);
/* Waits for devices that are ready only after their drivers' PDs are. */
bool run_settle_devices(struct run *run);
void run_stop_all(struct run *run);

/* run_life.c: PDs with a parent, which may stop and restart them. */
bool run_life_trace(const struct run_pd *pd);
void run_life_on_stop(struct run *run, struct run_pd *pd, int status);
/* Makes the PD stop; when it has, the order of its parent is looked at again. */
void run_life_interrupt(struct run_pd *pd);
void run_life_go(struct run_pd *pd);
bool run_life_restart(struct run_pd *pd, uint64_t entry);
bool run_life_reply(struct run_pd *pd, const struct registers_message *reply);

/* run_order.c: what parents order. */
bool run_make_parents(struct run *run);
/* Carries out the order of a PD, if there is one and its child stands still; NULL, or that child.
 */
struct run_pd *run_order_look(struct run *run, struct run_pd *parent);
void run_order_look_all(struct run *run);
/* Tells the parent of its child's fault. */
void run_order_tell(struct run *run, struct run_pd *child, const struct registers_message *message);

/* run_log.c */
void run_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void run_log_read(struct run_child *child);
void run_log_finish(struct run_child *child);
void run_print_text(FILE *stream, const char *text, size_t length);

/* run_report.c: says how a child ended. */
void run_report_pd(struct run *run, struct run_pd *pd, int status);
void run_report_fault(const struct run *run, struct run_pd *pd);
/* Says whose calls of a PD that was restarted, or has ended (`all`), are never answered. */
void run_report_callers(const struct run *run, const struct run_pd *pd, bool all);
void run_report_device(struct run_device *device, int status);

/* run_status.c */
void run_write_status(const struct run *run);
void run_write_stats(const struct run *run);

#endif
