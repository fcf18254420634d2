/* SPDX-License-Identifier: BSD-2-Clause */
/* A PD with children: their faults arrive in the kernel page, which the runner writes, and what is
 * to become of a child goes to the runner in the order page. An order is carried out before the
 * function returns, as a system call of seL4's is. */
#include "pd.h"
#include <string.h>
#include <unistd.h>

bool pd_take_fault(struct pd_child_fault *fault)
{
    for (uint64_t rest = pd.children; rest != 0; rest &= rest - 1) {
        unsigned id = (unsigned)__builtin_ctzll(rest);
        const struct pd_fault *found = &pd.kernel->faults[id];
        uint32_t now = atomic_load_explicit(&found->count, memory_order_acquire);
        if (now == pd.faults_seen[id]) {
            continue;
        }
        pd.faults_seen[id] = now;
        fault->child = id;
        fault->number = now;
        fault->info = (microkit_msginfo){{found->info}};
        memcpy(pd.message, found->words, sizeof(found->words));
        return true;
    }
    return false;
}

/* As libmicrokit: a fault at the address `error`. */
__attribute__((no_sanitize("address", "undefined"))) static void crash(uintptr_t error)
{
    volatile uintptr_t address = error; /* the compiler must not see it */
    *(volatile int *)address = 0; /* NOLINT(clang-analyzer-core.NullDereference): on purpose */
}

bool pd_deliver_fault(const struct pd_child_fault *fault, microkit_msginfo *reply)
{
    if (pd.fault == NULL) {
        microkit_dbg_puts(microkit_name);
        microkit_dbg_puts(" is missing the 'fault' entry point\n");
        crash(0);
        return false;
    }
    return pd.fault(fault->child, fault->info, reply) != seL4_False;
}

/* Gives the order that stands in the page, all but its number, and waits for the answer. */
static void order(enum pd_order_kind kind, microkit_child child)
{
    pd.orders->kind = kind;
    pd.orders->child = child;
    atomic_store_explicit(&pd.orders->count, ++pd.orders_given, memory_order_release);
    ssize_t written = write(pd.bell_fd, "", 1); /* a full pipe rings as well */
    (void)written;
    while (atomic_load_explicit(&pd.kernel->answered, memory_order_acquire) != pd.orders_given) {
        pd_sleep(); /* the runner always writes to the wake pipe */
    }
}

void pd_reply_to_fault(const struct pd_child_fault *fault, microkit_msginfo reply)
{
    pd.orders->fault = fault->number;
    pd.orders->info = reply.words[0];
    memcpy(pd.orders->words, pd.message, sizeof(pd.orders->words));
    order(PD_ORDER_REPLY, fault->child);
}

static void control(const char *function, enum pd_order_kind kind, microkit_child child,
                    seL4_Word entry)
{
    if (child >= PD_CHANNELS || (pd.children >> child & 1) == 0) {
        pd_misuse(function, child, "this PD has no child with that id");
        crash(2); /* seL4_InvalidCapability */
        return;
    }
    pd.orders->entry = entry;
    order(kind, child);
    pd.faults_seen[child] = pd.kernel->fault; /* a fault not taken yet is cancelled */
}

void microkit_pd_restart(microkit_child child, seL4_Word entry_point)
{
    control("microkit_pd_restart", PD_ORDER_RESTART, child, entry_point);
}

void microkit_pd_stop(microkit_child child)
{
    control("microkit_pd_stop", PD_ORDER_STOP, child, 0);
}

void microkit_pd_resume(microkit_child child)
{
    control("microkit_pd_resume", PD_ORDER_RESUME, child, 0);
}
