/* SPDX-License-Identifier: BSD-2-Clause */
/* Which PD runs, and how one waits, wakes others and ends; the counterpart of ../pd/process.c. As
 * on seL4 a notification that wakes a PD of higher priority runs it at once, and the notifier goes
 * on before its equals; who is woken otherwise runs after its equals. No clock takes a PD's turn
 * away: it runs until it waits or wakes a higher one.
 *
 * Device models and AF_XDP sockets raise interrupts from outside. They are looked at whenever a PD
 * waits, which costs a load or two each; only when none is left to run does the process sleep, in
 * ppoll(). */
#include "inprocess.h"
#include <errno.h>
#include <ucontext.h>
#include <unistd.h>
#if PD_SANITIZED
#include <sanitizer/common_interface_defs.h>
#endif

enum {
    LAST_STACK = 64 * 1024, /* a PD that faulted has none that could be trusted */
    IRQS_MAX = LINK_WINDOWS_MAX,
};

struct pd_own *pd_current;
struct inprocess_pd inprocess_pds[INPROCESS_PDS_MAX];
size_t inprocess_count;

static struct {
    struct inprocess_pd *first, *last;
} queues[INPROCESS_PDS_MAX]; /* by level, those that are ready and do not run */
static uint64_t queues_used; /* bit per level */
static size_t alive;

static struct {
    struct link_window *window;
    struct inprocess_pd *owner;
} irqs[IRQS_MAX];
static size_t irq_count;
static struct pollfd wake_files[INPROCESS_PDS_MAX];
static nfds_t wake_file_count;

static struct inprocess_pd *current(void)
{
    return (struct inprocess_pd *)(void *)pd_current;
}

static void append(struct inprocess_pd *of)
{
    of->next = NULL;
    if (queues[of->level].first == NULL) {
        queues[of->level].first = of;
    } else {
        queues[of->level].last->next = of;
    }
    queues[of->level].last = of;
    queues_used |= UINT64_C(1) << of->level;
}

static void prepend(struct inprocess_pd *of)
{
    of->next = queues[of->level].first;
    if (of->next == NULL) {
        queues[of->level].last = of;
    }
    queues[of->level].first = of;
    queues_used |= UINT64_C(1) << of->level;
}

static struct inprocess_pd *take_first(void)
{
    unsigned level = (unsigned)__builtin_ctzll(queues_used);
    struct inprocess_pd *first = queues[level].first;
    queues[level].first = first->next;
    if (first->next == NULL) {
        queues_used &= ~(UINT64_C(1) << level);
    }
    return first;
}

static void look_at_irqs(void)
{
    for (size_t i = 0; i < irq_count; i++) {
        struct inprocess_pd *owner = irqs[i].owner;
        if (owner->state == INPROCESS_WAITS && link_irq_stands(irqs[i].window)) {
            owner->state = INPROCESS_READY;
            append(owner);
        }
    }
}

/* Until a device model writes to the pipe of a PD that drives it. What it wrote means nothing. */
static void idle(void)
{
    static uint8_t drained[PD_WAKE_DRAIN];
    if (link_poll()) {
        return;
    }
    if (link_sleep() && link_wait(wake_files, wake_file_count) > 0) {
        for (nfds_t i = 0; i < wake_file_count; i++) {
            if (wake_files[i].revents != 0 &&
                read(wake_files[i].fd, drained, sizeof(drained)) == 0) {
                _exit(PD_EXIT_START); /* no write end is left: the runner is gone */
            }
        }
    }
    link_awake();
}

static struct inprocess_pd *next(void)
{
    look_at_irqs();
    while (queues_used == 0) {
        idle();
        look_at_irqs();
    }
    return take_first();
}

static void go_on(struct inprocess_pd *from, struct inprocess_pd *to)
{
    pd_current = &to->own;
#if PD_SANITIZED
    bool ended = from->state == INPROCESS_ENDED;
    __sanitizer_start_switch_fiber(ended ? NULL : &from->fake_stack, to->own.stack,
                                   to->own.stack_size);
#endif
    inprocess_switch(&from->stack_pointer, to->stack_pointer);
#if PD_SANITIZED
    __sanitizer_finish_switch_fiber(from->fake_stack, NULL, NULL);
#endif
}

void pd_wake(const struct pd_peer *peer)
{
    struct inprocess_pd *self = current();
    struct inprocess_pd *woken = &inprocess_pds[peer - self->own.peers];
    if (woken->state != INPROCESS_WAITS) {
        return;
    }
    woken->state = INPROCESS_READY;
    if (woken->level < self->level) {
        prepend(self);
        go_on(self, woken); /* who runs is of the highest level, so `woken` is now */
    } else {
        append(woken);
    }
}

/* Only a device model stores words meanwhile, and next() looks at those. */
bool pd_sleep_arm(void)
{
    return false;
}

void pd_sleep_disarm(void)
{
}

void pd_sleep(void)
{
    struct inprocess_pd *self = current();
    self->state = INPROCESS_WAITS;
    struct inprocess_pd *other = next();
    if (other != self) {
        go_on(self, other);
    }
}

static void end_current(void)
{
    struct inprocess_pd *self = current();
    self->state = INPROCESS_ENDED;
    ssize_t written = write(self->own.bell_fd, "", 1); /* a full pipe rings as well */
    (void)written;
    if (--alive == 0) {
        _exit(0);
    }
    go_on(self, next());
}

void pd_exit(int code)
{
    if (code == PD_EXIT_START) {
        _exit(code);
    }
    end_current();
}

/* The handler returns, to here: on another stack. */
void pd_fault_end(void *context)
{
    static uint8_t stack[LAST_STACK] __attribute__((aligned(16)));
    uint64_t top = (uint64_t)(uintptr_t)(stack + sizeof(stack));
    mcontext_t *machine = &((ucontext_t *)context)->uc_mcontext;
#if defined(__x86_64__)
    machine->gregs[REG_RIP] = (greg_t)(uintptr_t)end_current;
    machine->gregs[REG_RSP] = (greg_t)(top - 8); /* as behind a call */
    machine->gregs[REG_EFL] &= ~(greg_t)0x400;   /* direction: up */
#elif defined(__aarch64__)
    machine->pc = (uint64_t)(uintptr_t)end_current;
    machine->sp = top;
#endif
}

static void begin(void)
{
#if PD_SANITIZED
    __sanitizer_finish_switch_fiber(NULL, NULL, NULL);
#endif
    pd_run();
}

static void add_irqs(struct inprocess_pd *of)
{
    bool drives = false;
    for (size_t id = 0; id < PD_CHANNELS; id++) {
        if (of->own.irqs[id] != NULL && irq_count < IRQS_MAX) {
            irqs[irq_count].window = of->own.irqs[id];
            irqs[irq_count++].owner = of;
            drives = true;
        }
    }
    if (drives) {
        wake_files[wake_file_count++] = (struct pollfd){.fd = of->own.wake_fd, .events = POLLIN};
    }
}

static unsigned level_of(unsigned priority)
{
    bool higher[256] = {false};
    unsigned level = 0;
    for (size_t i = 0; i < inprocess_count; i++) {
        unsigned other = inprocess_pds[i].priority;
        if (other > priority && !higher[other]) {
            higher[other] = true;
            level++;
        }
    }
    return level;
}

void inprocess_run(void)
{
    static struct inprocess_pd process; /* where the process stood before; it never goes on */
    for (size_t i = 0; i < inprocess_count; i++) {
        struct inprocess_pd *of = &inprocess_pds[i];
        of->level = level_of(of->priority);
        of->stack_pointer = inprocess_new_stack(of->own.stack, of->own.stack_size, begin);
        add_irqs(of);
        append(of);
    }
    alive = inprocess_count;
    process.state = INPROCESS_ENDED;
    go_on(&process, take_first());
    _exit(PD_EXIT_START);
}
