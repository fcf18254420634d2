/* SPDX-License-Identifier: BSD-2-Clause */
/* What PDs with children order: stop, resume, restart, reply to a fault. The order page was written
 * by the parent, which has power over its own children only: what else it says is not done. An
 * order is carried out when its child stands still, and then answered. */
#include "pd/kinds.h"
#include "run.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void *map_page(int fd, size_t size, int protection)
{
    void *mapped = mmap(NULL, size, protection, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED) {
        run_say("cannot map a page: %s", strerror(errno));
        return NULL;
    }
    return mapped;
}

static bool make_parent(struct run_pd *pd)
{
    pd->orders_fd = run_memfd("orders", PD_PAGE_SIZE);
    pd->kernel_fd = run_memfd("kernel", PD_KERNEL_SIZE);
    if (pd->orders_fd < 0 || pd->kernel_fd < 0) {
        return false;
    }
    pd->orders = map_page(pd->orders_fd, PD_PAGE_SIZE, PROT_READ);
    pd->kernel = map_page(pd->kernel_fd, PD_KERNEL_SIZE, PROT_READ | PROT_WRITE);
    return pd->orders != NULL && pd->kernel != NULL;
}

static bool map_lines(struct run *run)
{
    for (size_t i = 0; i < run->system->channel_count; i++) {
        const struct system_end *end = run->system->channels[i].end;
        for (unsigned side = 0; (end[0].pp || end[1].pp) && side < 2; side++) {
            unsigned from = end[side].pd;
            unsigned to = end[1 - side].pd;
            if (run->lines[from][to] == NULL) {
                run->lines[from][to] =
                    map_page(run->line_fds[from][to], PD_PAGE_SIZE, PROT_READ | PROT_WRITE);
            }
            if (run->lines[from][to] == NULL) {
                return false;
            }
        }
    }
    return true;
}

bool run_make_parents(struct run *run)
{
    if (pipe2(run->bell, O_CLOEXEC | O_NONBLOCK) != 0) {
        run_say("no pipe: %s", strerror(errno));
        return false;
    }
    for (size_t i = 0; i < run->system->pd_count; i++) {
        int parent = run->system->pds[i].parent;
        if (parent >= 0 && run->pds[parent].orders == NULL && !make_parent(&run->pds[parent])) {
            return false;
        }
    }
    return map_lines(run);
}

static void wake(const struct run_pd *pd)
{
    ssize_t written = write(pd->child.wake[1], "", 1); /* a full pipe wakes as well */
    (void)written;
}

void run_order_tell(struct run *run, struct run_pd *child, const struct registers_message *message)
{
    const struct run_pd *parent = &run->pds[child->description->parent];
    struct pd_fault *fault = &parent->kernel->faults[child->description->id];
    fault->info = message->label << 12 | message->count;
    memcpy(fault->words, message->words, sizeof(fault->words));
    atomic_store_explicit(&fault->count, child->life.faults, memory_order_release);
    wake(parent);
}

static struct run_pd *find_child(struct run *run, const struct run_pd *parent, uint32_t id)
{
    for (size_t i = 0; i < run->system->pd_count; i++) {
        const struct system_pd *pd = &run->system->pds[i];
        if (pd->parent >= 0 && &run->pds[pd->parent] == parent && pd->id == id) {
            return &run->pds[i];
        }
    }
    return NULL;
}

/* The PD was taken out of what it waited for: a call that is not answered yet was never made. When
 * the PD resumes, it calls anew. */
static void withdraw_calls(struct run *run, const struct run_pd *pd)
{
    size_t from = (size_t)(pd - run->pds);
    for (size_t to = 0; to < run->system->pd_count; to++) {
        struct pd_line *line = run->lines[from][to];
        const struct pd_line *back = run->lines[to][from];
        if (line == NULL || back == NULL) {
            continue;
        }
        uint32_t count = atomic_load_explicit(&line->call.count, memory_order_relaxed);
        if (atomic_load_explicit(&back->reply.count, memory_order_relaxed) != count) {
            atomic_store_explicit(&line->call.begun, count + 1, memory_order_relaxed);
        }
    }
}

static void carry_out(struct run *run, struct run_pd *child, const struct pd_order *order)
{
    struct run_life *life = &child->life;
    struct registers_message reply = {.label = order->info >> 12, .count = order->info & 0x7fU};
    switch (order->kind) {
    case PD_ORDER_STOP:
        withdraw_calls(run, child);
        life->faulted = false;
        return;
    case PD_ORDER_RESTART:
        withdraw_calls(run, child);
        run_report_callers(run, child, false);
        if (!run_life_restart(child, order->entry)) {
            return; /* killed meanwhile */
        }
        break;
    case PD_ORDER_RESUME:
        withdraw_calls(run, child);
        break;
    case PD_ORDER_REPLY:
        memcpy(reply.words, order->words, sizeof(reply.words));
        life->faulted = false;
        if (!run_life_reply(child, &reply)) {
            return;
        }
        break;
    default:
        return;
    }
    run_life_go(child);
    wake(child); /* what it waited for may not be there any more */
}

static void answer(struct run_pd *parent, uint32_t count, uint32_t fault)
{
    parent->orders_done = count;
    parent->kernel->fault = fault;
    atomic_store_explicit(&parent->kernel->answered, count, memory_order_release);
    wake(parent);
}

/* An order of which nothing follows: the child has ended, or is not held for the fault replied to,
 * because the parent itself has restarted it meanwhile. */
static bool is_void(const struct run_pd *child, const struct pd_order *order)
{
    const struct run_life *life = &child->life;
    bool goes_on = order->kind == PD_ORDER_RESTART || order->kind == PD_ORDER_RESUME;
    if (child->child.pid == 0 && goes_on) {
        run_say("%s: its process has ended: its parent cannot restart it", child->child.name);
    }
    if (order->kind == PD_ORDER_REPLY) {
        return life->phase != RUN_HELD || !life->faulted || life->faults != order->fault;
    }
    return child->child.pid == 0 || (order->kind != PD_ORDER_STOP && !goes_on);
}

struct run_pd *run_order_look(struct run *run, struct run_pd *parent)
{
    struct pd_order order;
    if (parent->orders == NULL) {
        return NULL;
    }
    uint32_t count = atomic_load_explicit(&parent->orders->count, memory_order_acquire);
    if (count == parent->orders_done) {
        return NULL;
    }
    memcpy(&order, parent->orders, sizeof(order)); /* looked at once: the parent may change it */
    struct run_pd *child = find_child(run, parent, order.child);
    if (child == NULL || is_void(child, &order)) {
        answer(parent, count, child != NULL ? child->life.faults : 0);
        return NULL;
    }
    switch (child->life.phase) {
    case RUN_ENTERS:
        return NULL; /* looked at again when it has entered */
    case RUN_RUNS:
    case RUN_TELLS:
        run_life_interrupt(child);
        return NULL;
    case RUN_HELD:
        break;
    }
    uint32_t fault = child->life.faults;
    carry_out(run, child, &order);
    answer(parent, count, fault);
    return child;
}

void run_order_look_all(struct run *run)
{
    char rung[256];
    ssize_t got = read(run->bell[0], rung, sizeof(rung));
    (void)got;
    for (size_t i = 0; i < run->system->pd_count; i++) {
        (void)run_order_look(run, &run->pds[i]);
    }
}
