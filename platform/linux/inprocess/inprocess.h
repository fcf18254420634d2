/* SPDX-License-Identifier: BSD-2-Clause */
/* The process of all PDs of a system (`sddf-pds`, started by `sddf run --in-process`): each PD is a
 * coroutine on a stack of its own, and the state that a PD's process has (../pd/pd.h) it has here.
 * `pd_current` is the PD that runs. Which one that is, seL4's rules say: of those that do not wait
 * the one of highest priority, in turn among equals. Nothing isolates them. One thread: what one
 * PD stores, another sees without fences; only device models are other processes. */
#ifndef LINUX_INPROCESS_H
#define LINUX_INPROCESS_H

#include "../pd/pd.h"

enum { INPROCESS_PDS_MAX = 63 };

/* What an image reads and writes of its host; in a process of its own the host's globals. */
struct inprocess_variables {
    char name[MICROKIT_PD_NAME_LENGTH];
    seL4_Bool have_signal;
    seL4_CPtr signal_cap;
    seL4_MessageInfo_t signal_msg;
    seL4_Word irqs, notifications, pps, ioports;
};

enum inprocess_state {
    INPROCESS_READY, /* or runs */
    INPROCESS_WAITS, /* until a word for it is stored */
    INPROCESS_ENDED,
};

struct inprocess_pd {
    struct pd_own own; /* first: pd_current points to it */
    void *stack_pointer;
    void *fake_stack; /* a sanitizer's */
    enum inprocess_state state;
    unsigned priority;
    unsigned level; /* 0 = the highest priority of the system */
    struct inprocess_pd *next;
    struct inprocess_variables variables;
};

extern struct inprocess_pd inprocess_pds[INPROCESS_PDS_MAX];
extern size_t inprocess_count;

/* variables.c: after the image of pd_current was loaded; it finds the host's variables by name, and
 * is led to those of its PD. */
void inprocess_place_variables(struct inprocess_pd *of);

/* executor.c: runs all PDs; does not return. */
__attribute__((noreturn)) void inprocess_run(void);

/* switch.c: leaves the running stack, whose pointer it stores in *from, for the one that `to` was
 * stored for. */
void inprocess_switch(void **from, void *to);
/* The pointer of a stack that enters `entry`, which does not return, when it is switched to. */
void *inprocess_new_stack(uint8_t *stack, uint64_t size, void (*entry)(void));

#endif
