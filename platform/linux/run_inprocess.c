/* SPDX-License-Identifier: BSD-2-Clause */
/* `sddf run --in-process`: all PDs of the system in one process, `sddf-pds` (inprocess/). Device
 * models stay processes. Refuses what one address space cannot hold; what a PD is given is the same
 * list as otherwise, one list per PD in the order of the description. */
#include "device/link.h"
#include "run.h"
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static bool fail(const struct run *run, const struct system_pd *pd, unsigned line, const char *what)
{
    run_say("%s:%u: PD %s: %s", run->system->file, line, pd->name, what);
    return false;
}

static bool check_pd(const struct run *run, const struct run_pd *pd)
{
    const struct system_pd *description = pd->description;
    if (pd->image.program) {
        return fail(run, description, description->line,
                    "its image is a program, which lies at a fixed address, as every other would: "
                    "only shared objects (`sddf cc`) can be several in one process; run it without "
                    "--in-process");
    }
    if (description->parent >= 0) {
        return fail(run, description, description->line,
                    "it has a parent, which would be told of its faults and may stop and restart "
                    "it: in one process nobody does that; run it without --in-process");
    }
    return true;
}

/* One address holds one region in one process. */
static bool check_pair(const struct run *run, const struct system_pd *pd,
                       const struct system_map *map, const struct system_pd *other,
                       const struct system_map *theirs)
{
    const struct system_region *own = &run->system->regions[map->region];
    const struct system_region *region = &run->system->regions[theirs->region];
    bool same = map->region == theirs->region && map->vaddr == theirs->vaddr;
    if (same || map->vaddr >= theirs->vaddr + region->size ||
        theirs->vaddr >= map->vaddr + own->size) {
        return true;
    }
    char what[512];
    (void)snprintf(what, sizeof(what),
                   "region %s at %#" PRIx64 " (%" PRIu64 " bytes) is where PD %s has region %s, at "
                   "%#" PRIx64 ": in one process an address holds one region; give them addresses "
                   "of their own, or run it without --in-process",
                   own->name, map->vaddr, own->size, other->name, region->name, theirs->vaddr);
    return fail(run, pd, map->line, what);
}

static bool check_maps(const struct run *run, unsigned index)
{
    const struct system_pd *pd = &run->system->pds[index];
    bool good = true;
    for (size_t m = 0; m < pd->map_count; m++) {
        for (unsigned i = 0; good && i < index; i++) {
            const struct system_pd *other = &run->system->pds[i];
            for (size_t k = 0; good && k < other->map_count; k++) {
                good = check_pair(run, pd, &pd->maps[m], other, &other->maps[k]);
            }
        }
    }
    return good;
}

/* One process has one core, one nice value and no budgets. */
static void say_without_effect(struct run *run)
{
    bool cores = false;
    bool budgets = false;
    for (size_t i = 0; i < run->system->pd_count; i++) {
        struct run_schedule *schedule = &run->pds[i].schedule;
        cores = cores || schedule->core != run->pds[0].schedule.core;
        budgets = budgets || schedule->limited;
        schedule->limited = false;
    }
    run_say("all PDs run in one process: nothing keeps them apart");
    if (cores) {
        run_say("in one process all PDs run on one core, that of the first");
    }
    if (budgets) {
        run_say("in one process no budget is kept");
    }
}

bool run_inprocess_check(struct run *run)
{
    bool good = true;
    for (unsigned i = 0; i < run->system->pd_count; i++) {
        good = check_pd(run, &run->pds[i]) && good;
        good = check_maps(run, i) && good;
    }
    if (run->device_count > LINK_WINDOWS_MAX) {
        run_say("%zu devices are driven; in one process at most %d can be", run->device_count,
                LINK_WINDOWS_MAX);
        good = false;
    }
    if (good) {
        say_without_effect(run);
    }
    return good;
}

static struct run_items items; /* too large for a stack */

static bool hand_over(struct run *run, unsigned index, int socket)
{
    struct run_pd *pd = &run->pds[index];
    int log = -1;
    if (!run_make_child(&pd->child, pd->description->name, "PD", &log)) {
        return false;
    }
    run_pd_items(run, index, log, &items);
    bool sent = !items.failed && handoff_send(socket, items.items, items.count);
    if (items.failed) {
        run_say("%s: too many maps and channels, or no descriptors left", pd->child.name);
    } else if (!sent) {
        run_say("%s: the PD cannot be started: %s", pd->child.name, strerror(errno));
        run_log_read(&run->all_pds);
    }
    run_items_free(&items);
    close(log);
    pd->child.pid = run->all_pds.pid;
    return sent;
}

bool run_inprocess_start(struct run *run)
{
    struct run_start start = {.schedule = run->pds[0].schedule};
    for (size_t i = 0; i < run->system->pd_count; i++) {
        int nice = run->pds[i].schedule.nice;
        start.schedule.nice = nice < start.schedule.nice ? nice : start.schedule.nice;
        run->pds[i].child.name = run->system->pds[i].name;
    }
    if (!run_find_program("sddf-pds", start.path) ||
        !run_make_child(&run->all_pds, "sddf-pds", "process of all PDs", &start.log)) {
        return false;
    }
    (void)image_open(&run->host, start.path); /* for names in backtraces only */
    run->host.path = "sddf-pds";
    start.log = run_from_four(start.log);
    int socket = run_fork(&run->all_pds, &start);
    close(start.log);
    bool started = socket >= 0;
    for (unsigned i = 0; started && i < run->system->pd_count; i++) {
        started = hand_over(run, i, socket);
    }
    if (socket >= 0) {
        close(socket);
    }
    if (started && run->options.verbose) {
        run_say("all PDs: process %d, core %d", run->all_pds.pid, start.schedule.core);
    }
    return started;
}

void run_inprocess_look(struct run *run)
{
    for (size_t i = 0; run->options.in_process && i < run->system->pd_count; i++) {
        struct run_pd *pd = &run->pds[i];
        uint32_t kind = atomic_load_explicit(&pd->report->kind, memory_order_acquire);
        if (pd->child.pid == 0 || kind == PD_REPORT_NONE) {
            continue;
        }
        int code = kind == PD_REPORT_FAULT ? PD_EXIT_FAULT : PD_EXIT_STOPPED;
        pd->child.pid = 0;
        run_log_read(&pd->child);
        run_report_pd(run, pd, W_EXITCODE(code, 0));
        run_report_callers(run, pd, true);
        run_socket_let_go(run, pd);
    }
}

bool run_inprocess_reap(struct run *run)
{
    int status;
    if (run->all_pds.pid == 0 || waitpid(run->all_pds.pid, &status, WNOHANG) != run->all_pds.pid) {
        return run->all_pds.pid > 0;
    }
    run->all_pds.pid = 0;
    run_log_finish(&run->all_pds);
    run_inprocess_look(run);
    if (WIFSIGNALED(status)) {
        run_say("the process of all PDs was killed by signal %d", WTERMSIG(status));
    } else if (WEXITSTATUS(status) != 0) {
        run_say("the process of all PDs ended with code %d", WEXITSTATUS(status));
    }
    for (size_t i = 0; i < run->system->pd_count; i++) {
        run->pds[i].child.pid = 0;
        run_log_finish(&run->pds[i].child);
    }
    return false;
}
