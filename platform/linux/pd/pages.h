/* SPDX-License-Identifier: BSD-2-Clause */
/* The pages through which PDs reach one another and the runner. Each has exactly one writer; every
 * other process has it from a read-only reopen, so nobody can forge or erase another's words.
 *
 *   line page A to B   A writes: notifications to B, calls to B, replies to B
 *   state page         its PD writes "sleeping"; whoever may wake the PD reads
 *   report page        its PD writes why it died; the runner reads, and believes nothing else in it
 *   order page         a parent writes what is to become of a child; the runner reads
 *   kernel page        the runner writes its answers, and the faults of the children; the parent
 * reads
 *
 * The runner also writes one word of a stopped PD's line, pd_message.begun: it withdraws a call. */
#ifndef LINUX_PD_PAGES_H
#define LINUX_PD_PAGES_H

#include <assert.h>
#include <stdatomic.h>
#include <stdint.h>

enum {
    PD_CHANNELS = 62, /* ids 0 to 61 */
    PD_MESSAGE_WORDS = 120,
    PD_PAGE_SIZE = 4096,
    PD_FRAMES_MAX = 24,
    PD_TEXT_MAX = 192,
    PD_FAULT_WORDS = 24, /* the longest fault message, an unknown system call's, has 19 */
    PD_KERNEL_SIZE = 4 * PD_PAGE_SIZE,
};

/* A protected procedure call or its reply. `begun` is written first and `count` last, with release
 * order: when they differ, a newer message is being written, or the call was withdrawn because its
 * caller was stopped. (Only calls need `begun`: nobody replies twice.) */
struct pd_message {
    _Atomic uint32_t begun;
    _Atomic uint32_t count; /* free-running; new value = new message */
    uint32_t channel;       /* of a call: the callee's channel id */
    uint64_t info;          /* microkit_msginfo */
    uint64_t words[PD_MESSAGE_WORDS];
};

struct pd_line {
    /* Per channel id of the receiver; a notification changes the word. The receiver keeps what it
     * last saw to itself, so delivery is idempotent, as badges are. */
    _Atomic uint32_t notified[64];
    struct pd_message call;
    struct pd_message reply;
};
static_assert(sizeof(struct pd_line) <= PD_PAGE_SIZE, "a line is one page");

struct pd_state {
    /* The PD is about to wait: whoever changes a word of its line now writes to its wake pipe.
     * Sender: word, fence, read sleeping. Receiver: sleeping, fence, read words. */
    _Atomic uint32_t sleeping;
    /* Whose call protected() is running, an index of a PD plus 1. For the runner's words only. */
    _Atomic uint32_t serving;
};

enum pd_report_kind { PD_REPORT_NONE, PD_REPORT_FAULT, PD_REPORT_STOPPED };
enum pd_report_place { PD_PLACE_NONE, PD_PLACE_REGION, PD_PLACE_GUARD, PD_PLACE_IMAGE };
enum pd_report_access { PD_ACCESS_UNKNOWN, PD_ACCESS_READ, PD_ACCESS_WRITE, PD_ACCESS_EXECUTE };

struct pd_report {
    _Atomic uint32_t kind; /* enum pd_report_kind, written last */
    uint32_t signal;
    uint32_t access;
    uint32_t place;       /* what `address` is in */
    uint32_t permissions; /* PD_MAP_* of the region */
    uint32_t system_call; /* of SIGSYS */
    uint64_t trap;        /* number of the exception, where the machine has such (x86-64) */
    uint64_t error;       /* what the machine said about it: error code (x86-64), ESR (aarch64) */
    uint64_t address;
    uint64_t place_address; /* start of that place */
    char place_name[64];
    uint64_t image_base, host_base;
    uint64_t frame_count;
    uint64_t frames[PD_FRAMES_MAX]; /* the instruction first, then return addresses */
    char text[PD_TEXT_MAX];         /* why it was stopped */
    _Atomic uint64_t output_lost;   /* bytes of output that the log pipe had no room for */
    uint64_t stack_size;
    _Atomic uint32_t faults; /* how many were described, of a PD with a parent; written last */
};
static_assert(sizeof(struct pd_report) <= PD_PAGE_SIZE, "a report is one page");

/* What a parent asks of the runner. `count` is written last, with release order; the parent waits
 * until pd_kernel.answered equals it before it asks anew. */
enum pd_order_kind { PD_ORDER_STOP = 1, PD_ORDER_RESUME, PD_ORDER_RESTART, PD_ORDER_REPLY };
struct pd_order {
    _Atomic uint32_t count;
    uint32_t kind;
    uint32_t child;
    uint32_t fault; /* of PD_ORDER_REPLY: the number of the fault that it answers */
    uint64_t entry; /* of PD_ORDER_RESTART */
    uint64_t info;  /* of PD_ORDER_REPLY, as are the words */
    uint64_t words[PD_FAULT_WORDS];
};
static_assert(sizeof(struct pd_order) <= PD_PAGE_SIZE, "an order is one page");

/* A child's newest fault, as the message that seL4 sends. The child stands still until its parent
 * gave an order, so no fault overwrites one that was not taken. */
struct pd_fault {
    _Atomic uint32_t count; /* number of the fault; written last */
    uint64_t info;
    uint64_t words[PD_FAULT_WORDS];
};

struct pd_kernel {
    _Atomic uint32_t answered; /* number of the order, written last */
    uint32_t fault;            /* the child's faults to this number are no longer delivered */
    struct pd_fault faults[PD_CHANNELS]; /* by child id */
};
static_assert(sizeof(struct pd_kernel) <= PD_KERNEL_SIZE, "the kernel page has room for all");

enum pd_map_permission { PD_MAP_READ = 1, PD_MAP_WRITE = 2, PD_MAP_EXECUTE = 4 };

/* Exit codes of the PD host; anything else is a failure before init(), said in the log. */
enum { PD_EXIT_FAULT = 70, PD_EXIT_STOPPED = 71, PD_EXIT_START = 72 };

#endif
