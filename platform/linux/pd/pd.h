/* SPDX-License-Identifier: BSD-2-Clause */
/* The process of one PD (`sddf-pd`): receives what the runner grants, maps it, loads the image,
 * closes its sandbox, and only then runs the image on a stack of the size the system gives. All of
 * its state is in `pd`, fixed in size; after the sandbox it allocates nothing. The image shares
 * this address space and may overwrite any of it: what protects others is the sandbox and the
 * pages' permissions, never this program.
 *
 * The same sources make the process of all PDs of a system (`sddf-pds`, ../inprocess): there `pd`
 * is that of the PD that runs, and what a process does, wait and end, a coroutine does (process.c
 * against ../inprocess/executor.c). */
#ifndef LINUX_PD_PD_H
#define LINUX_PD_PD_H

#include "../device/link.h"
#include "../handoff.h"
#include "kinds.h"
#include "pages.h"
#include "sanitized.h"
#include <microkit.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef PD_IN_PROCESS
#define PD_IN_PROCESS 0
#endif

enum {
    PD_MAPS_MAX = 512 + LINK_WINDOWS_MAX,
    PD_LOG_LINE_MAX = 256,
    PD_WAKE_DRAIN = 512, /* bytes taken from the wake pipe at once */
};

struct pd_map {
    char name[HANDOFF_NAME_MAX];
    uint64_t address, size;
    uint32_t permissions;
};

struct pd_peer {
    bool used;
    struct pd_line *out;
    const struct pd_line *in;
    const struct pd_state *state;
    int wake;
    uint32_t calls_made; /* own truth of out->call.count */
    uint32_t calls_seen; /* of in->call.count */
    uint32_t replies_made;
};

struct pd_channel {
    bool used;
    uint8_t peer;
    uint8_t peer_id;
    uint8_t may;            /* PD_MAY_* */
    uint32_t notifications; /* own truth of what the peer reads */
};

/* A channel whose peer may notify: what each wait looks at, close together. */
struct pd_listened {
    const _Atomic uint32_t *word;
    uint32_t seen;
    uint32_t id;
};

struct pd_own {
    char name[HANDOFF_NAME_MAX];
    uint64_t stack_size;
    uint64_t options;
    int image_fd, log_fd, wake_fd, bell_fd;
    uint64_t entry[4];
    struct pd_report *report;
    struct pd_state *state;
    uint64_t image_size; /* in memory */
    uintptr_t image_base;
    const void *image_dynamic; /* its dynamic section, as loaded */
    uintptr_t image_start; /* its lowest address; that of a program is not its base, which is 0 */
    uint8_t *stack;        /* lowest usable byte */
    uint64_t start;        /* offset of the image's own _start; 0 = it has none */
    uint64_t program_table, program_entry; /* addresses; 0 = the image is a shared object */
    void (*init)(void);
    void (*notified)(microkit_channel ch);
    microkit_msginfo (*protected_)(microkit_channel ch, microkit_msginfo info);
    seL4_Bool (*fault)(microkit_child child, microkit_msginfo info, microkit_msginfo *reply);

    struct pd_map maps[PD_MAPS_MAX];
    size_t map_count;
    struct pd_peer peers[PD_CHANNELS + 1];
    uint8_t peer_list[PD_CHANNELS + 1]; /* the used ones */
    size_t peer_count;
    size_t peer_next; /* whose call is looked at first */
    struct pd_channel channels[PD_CHANNELS];
    struct pd_listened listened[PD_CHANNELS];
    size_t listened_count;

    struct link_window links[LINK_WINDOWS_MAX];
    struct link_window *windows[LINK_WINDOWS_MAX]; /* as attached */
    size_t window_count;
    struct link_window *irqs[PD_CHANNELS];
    uint64_t irq_ids; /* bit per channel id that is an IRQ */

    struct pd_order *orders;
    const struct pd_kernel *kernel;
    uint64_t children;                 /* bit per child id */
    uint32_t faults_seen[PD_CHANNELS]; /* by child id */
    uint32_t orders_given;             /* own truth of orders->count */

    uint64_t message[PD_MESSAGE_WORDS]; /* the message registers */

    char line[PD_LOG_LINE_MAX]; /* of output, not ended yet */
    size_t line_length;
    /* The deferred call stands in variables that the image reads and writes, too. */
    struct {
        seL4_Bool *have;
        seL4_CPtr *cap;
        seL4_MessageInfo_t *msg;
    } deferred;
    bool fault_first; /* who is looked at first: a caller or a child's fault */
};

#if PD_IN_PROCESS
extern struct pd_own *pd_current;
#define pd (*pd_current)
#else
extern struct pd_own pd;
#endif

/* setup.c: fills `pd` from the items and maps everything; says what failed and exits. */
void pd_setup(const struct handoff_item *items, size_t count);
/* Loads the image, before the sandbox: none of its code runs. */
void pd_load(const struct handoff_item *items, size_t count);
void pd_start_failed(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* program.c: that of pd_load() for a program. */
void pd_program_load(void);

/* fault.c */
void pd_fault_install(void);

/* start.c: where a parent restarts this PD, and telling the runner that it may. */
void pd_make_start(void);
void pd_announce(void);
void pd_announced(void);

/* sandbox.c */
void pd_sandbox(void);

/* loop.c: init() and the event loop, on the PD's stack; does not return. */
void pd_run(void);
/* The same for an image that has a _start of its own, which calls it. */
void linux_run(void);
/* False: the call was withdrawn, because this PD was stopped meanwhile. Make it anew. */
bool pd_wait_reply(struct pd_peer *peer);

/* process.c, or ../inprocess/executor.c. After a word for the peer was stored: */
void pd_wake(const struct pd_peer *peer);
/* Before the PD looks a last time, and waits by pd_sleep(); disarmed when it goes on. False:
 * nothing can have come since it looked. */
bool pd_sleep_arm(void);
void pd_sleep_disarm(void);
/* Returns once somebody may have stored a word. */
void pd_sleep(void);
/* Ends the process. Not declared noreturn: before such a call a sanitizer asks for the bounds of
 * the stack, which takes system calls that the sandbox refuses. */
void pd_exit(int code);
/* The end of the handler of a fault that ends the PD; `context` is a ucontext_t. */
void pd_fault_end(void *context);

/* parent.c: a PD with children. */
struct pd_child_fault {
    microkit_child child;
    uint32_t number;
    microkit_msginfo info;
};
/* The next fault of a child; its message then stands in the message registers. */
bool pd_take_fault(struct pd_child_fault *fault);
/* Calls fault(); true when it wants to reply. */
bool pd_deliver_fault(const struct pd_child_fault *fault, microkit_msginfo *reply);
void pd_reply_to_fault(const struct pd_child_fault *fault, microkit_msginfo reply);

/* microkit.c */
void pd_log_flush(void);
/* Does the deferred call, if there is one. */
void pd_deferred_send(void);
/* Loses it, after init() of a passive PD, and says so. */
void pd_deferred_lose(void);
/* Where it is noted: the image's own variables, when it is a program. */
void pd_deferred_place(seL4_Bool *have, seL4_CPtr *cap, seL4_MessageInfo_t *msg);
/* A mistake in the use of the API: said, and with --strict the end of the PD. */
void pd_misuse(const char *function, uint64_t argument, const char *what);
void pd_stop(const char *text);

#endif
