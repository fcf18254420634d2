/* SPDX-License-Identifier: BSD-2-Clause */
/* Says how a child ended. The report page was written by the PD, which may have been taken over:
 * everything in it is bounded and printed as text, and it speaks of that PD only. */
#include "device/link.h"
#include "run.h"
#include <inttypes.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { FAULTS_SAID = 16, PLACES_SAID = 32 };

static const char *access_name(const struct pd_report *report)
{
    switch (report->access) {
    case PD_ACCESS_READ:
        return "read from";
    case PD_ACCESS_WRITE:
        return "write to";
    case PD_ACCESS_EXECUTE:
        return "execution at";
    default:
        return "access to";
    }
}

static void print_what(const struct pd_report *report)
{
    switch (report->signal) {
    case SIGSEGV:
    case SIGBUS:
        (void)fprintf(stderr, "%s %#" PRIx64, access_name(report), report->address);
        break;
    case SIGILL:
        (void)fprintf(stderr, "illegal instruction at %#" PRIx64, report->address);
        break;
    case SIGFPE:
        (void)fprintf(stderr, "arithmetic error (division by zero or overflow)");
        break;
    case SIGTRAP:
        (void)fprintf(stderr, "breakpoint");
        break;
    case SIGSYS: {
        char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, (int)report->system_call);
        (void)fprintf(stderr, "system call %u (%s), which no PD may make", report->system_call,
                      name != NULL ? name : "unknown");
        free(name);
        break;
    }
    default:
        (void)fprintf(stderr, "signal %u", report->signal);
        break;
    }
}

static void print_place(const struct pd_report *report)
{
    if (report->signal != SIGSEGV && report->signal != SIGBUS) {
        return;
    }
    switch (report->place) {
    case PD_PLACE_REGION:
        (void)fputs(", region ", stderr);
        run_print_text(stderr, report->place_name, sizeof(report->place_name));
        (void)fprintf(stderr, " + %#" PRIx64 " (this PD has %s%s%s)",
                      report->address - report->place_address,
                      (report->permissions & PD_MAP_READ) != 0 ? "r" : "",
                      (report->permissions & PD_MAP_WRITE) != 0 ? "w" : "",
                      (report->permissions & PD_MAP_EXECUTE) != 0 ? "x" : "");
        break;
    case PD_PLACE_GUARD:
        (void)fprintf(stderr, ", the guard page below the stack: its %" PRIu64 " bytes are full",
                      report->stack_size);
        break;
    default:
        (void)fputs(", no region", stderr);
        break;
    }
}

static void print_frame(const struct run *run, const struct run_pd *pd,
                        const struct pd_report *report, uint64_t number)
{
    uint64_t address = report->frames[number];
    /* A return address is behind its call, which may be the last instruction of a function. */
    uint64_t call = number > 0 ? address - 1 : address;
    uint64_t offset = 0;
    const char *name = NULL;
    const char *file = "";
    if (call - report->image_base < pd->image.memory_size) {
        const struct image *symbols = pd->symbols.bytes != NULL ? &pd->symbols : &pd->image;
        name = image_symbolise(symbols, call - report->image_base, &offset);
        const char *path = system_file_shown(run->system, pd->description->image);
        file = strrchr(path, '/');
        file = file != NULL ? file + 1 : path;
        address -= report->image_base;
    } else if (run->host.bytes != NULL && call - report->host_base < run->host.memory_size) {
        name = image_symbolise(&run->host, call - report->host_base, &offset);
        file = run->host.path;
        address -= report->host_base;
    } else if (number > 0) {
        return; /* where the PD's stack begins */
    }
    (void)fprintf(stderr, "%s:   #%" PRIu64 " ", pd->child.name, number);
    if (name != NULL) { /* of the image's choice */
        run_print_text(stderr, name, strlen(name));
        (void)fprintf(stderr, "+%#" PRIx64 " ", offset + (number > 0));
    }
    (void)fprintf(stderr, "%s%s%#" PRIx64 "\n", file, *file != '\0' ? "+" : "", address);
}

static void print_report(const struct run *run, const struct run_pd *pd, const char *more)
{
    struct pd_report report;
    memcpy(&report, pd->report, sizeof(report));
    (void)fprintf(stderr, "%s: fault: ", pd->child.name);
    print_what(&report);
    print_place(&report);
    (void)fprintf(stderr, "%s\n", more);
    uint64_t count = report.frame_count < PD_FRAMES_MAX ? report.frame_count : PD_FRAMES_MAX;
    for (uint64_t i = 0; i < count; i++) {
        print_frame(run, pd, &report, i);
    }
}

void run_report_fault(const struct run *run, struct run_pd *pd)
{
    struct run_life *life = &pd->life;
    uint64_t instruction = registers_instruction(&life->registers);
    bool elsewhere = instruction != life->said_instruction && life->said < PLACES_SAID;
    life->said_instruction = instruction;
    const struct run_pd *parent = &run->pds[pd->description->parent];
    char more[2 * SYSTEM_NAME_MAX];
    /* Who is restarted again and again does not fill the screen. */
    if (!elsewhere && life->faults > FAULTS_SAID && (life->faults & (life->faults - 1)) != 0) {
        return;
    }
    life->said++;
    (void)fflush(stdout);
    (void)snprintf(more, sizeof(more), "; told to its parent %s%s", parent->child.name,
                   parent->child.pid > 0 ? "" : ", which has ended");
    if (life->faults > FAULTS_SAID) {
        run_say("%s: fault %" PRIu32 " (not each is said any more)", pd->child.name, life->faults);
    }
    if (life->fault.described) {
        print_report(run, pd, more);
    } else {
        run_say("%s: fault: signal %d at %#" PRIx64 "%s", pd->child.name, life->fault.signal,
                instruction, more);
    }
}

static void report_fault(const struct run *run, const struct run_pd *pd)
{
    print_report(run, pd, "");
}

void run_report_callers(const struct run *run, const struct run_pd *pd, bool all)
{
    size_t callee = (size_t)(pd - run->pds);
    uint32_t serving = atomic_load_explicit(&pd->state->serving, memory_order_relaxed);
    for (size_t caller = 0; caller < run->system->pd_count; caller++) {
        const struct pd_line *call = run->lines[caller][callee];
        const struct pd_line *back = run->lines[callee][caller];
        if (call == NULL || back == NULL || run->pds[caller].child.pid == 0 ||
            (!all && serving != caller + 1)) {
            continue;
        }
        uint32_t count = atomic_load_explicit(&call->call.count, memory_order_relaxed);
        if (count == atomic_load_explicit(&call->call.begun, memory_order_relaxed) &&
            count != atomic_load_explicit(&back->reply.count, memory_order_relaxed)) {
            run_say("%s: waits for ever for the answer to its call, because %s %s%s",
                    run->pds[caller].child.name, pd->child.name, all ? "ended" : "was restarted",
                    serving == caller + 1 ? " within protected()" : "");
        }
    }
}

void run_report_pd(struct run *run, struct run_pd *pd, int status)
{
    const char *name = pd->child.name;
    (void)fflush(stdout);
    uint32_t kind = atomic_load_explicit(&pd->report->kind, memory_order_acquire);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU) {
        run_say("%s: ended by Linux: it ran in real time longer than RLIMIT_RTTIME allows without "
                "waiting once",
                name);
    } else if (WIFSIGNALED(status)) {
        run_say("%s: killed by signal %d", name, WTERMSIG(status));
    } else if (WEXITSTATUS(status) == PD_EXIT_FAULT && kind == PD_REPORT_FAULT) {
        report_fault(run, pd);
    } else if (WEXITSTATUS(status) == PD_EXIT_STOPPED && kind == PD_REPORT_STOPPED) {
        char text[PD_TEXT_MAX];
        memcpy(text, pd->report->text, sizeof(text));
        (void)fprintf(stderr, "%s: stopped: ", name);
        run_print_text(stderr, text, sizeof(text));
        (void)fputc('\n', stderr);
    } else if (WEXITSTATUS(status) == PD_EXIT_START) {
        run_say("%s: could not be started (see what it printed)", name);
    } else {
        run_say("%s: ended with code %d", name, WEXITSTATUS(status));
    }
    uint64_t lost = atomic_load_explicit(&pd->report->output_lost, memory_order_relaxed);
    if (lost > 0) {
        run_say("%s: %" PRIu64 " bytes of its output were lost", name, lost);
    }
    (void)fflush(stderr);
}

void run_report_device(struct run_device *device, int status)
{
    if (WIFSIGNALED(status)) {
        run_say("%s: device model killed by signal %d", device->child.name, WTERMSIG(status));
    } else {
        run_say("%s: device model ended with code %d", device->child.name, WEXITSTATUS(status));
    }
}
