/* SPDX-License-Identifier: BSD-2-Clause */
/* See process.h. */
#include "process.h"

#include "sandbox.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

void process_log(const char *text)
{
    char line[PROCESS_LINE_MAX];
    int size = snprintf(line, sizeof line, "%s %.*s\n", process.model, PROCESS_LINE_MAX - 32, text);
    if (size > 0) {
        ssize_t written = write(process.log_fd, line, (size_t)size);
        (void)written;
    }
}

void process_die(const char *format, ...)
{
    char text[PROCESS_LINE_MAX - 64], line[PROCESS_LINE_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    snprintf(line, sizeof line, "%.32s: %s", process.name, text);
    process_log(line);
    exit(EXIT_FAILURE);
}

void *process_map_at(void *at, const struct handoff_item *item, uint64_t size, int protection,
                     const char *what)
{
    struct stat found;
    if (item->fd < 0 || fstat(item->fd, &found) != 0) {
        process_die("%s: the runner handed over no file", what);
    }
    if (size == 0 || (uint64_t)found.st_size < size) {
        process_die("%s: file of %lld bytes, at least %llu were announced", what,
                    (long long)found.st_size, (unsigned long long)size);
    }
    int where = at != NULL ? MAP_FIXED : 0;
    void *memory = mmap(at, size, protection, MAP_SHARED | MAP_POPULATE | where, item->fd, 0);
    if (memory == MAP_FAILED) {
        process_die("%s: mapping %llu bytes: %s", what, (unsigned long long)size, strerror(errno));
    }
    close(item->fd);
    return memory;
}

void *process_map(const struct handoff_item *item, uint64_t size, int protection, const char *what)
{
    return process_map_at(NULL, item, size, protection, what);
}

static void take_registers(const struct handoff_item *item)
{
    if (item->value[0] < process.registers_size_min || item->value[0] > LINK_REGISTERS_SIZE_MAX) {
        process_die(
            "registers: %llu bytes, %u to %d are needed: give the board's reg.size as 0x1000",
            (unsigned long long)item->value[0], process.registers_size_min,
            LINK_REGISTERS_SIZE_MAX);
    }
    process.link.registers_size = (uint32_t)item->value[0];
    process.link.registers = process_map(item, item->value[0], PROT_READ | PROT_WRITE, "registers");
}

static void take_stats(const struct handoff_item *item)
{
    if (item->value[0] < STATS_PAGE_SIZE) {
        process_die("statistics: %llu bytes, %d are needed", (unsigned long long)item->value[0],
                    STATS_PAGE_SIZE);
    }
    process.stats = process_map(item, STATS_PAGE_SIZE, PROT_READ | PROT_WRITE, "statistics");
}

static void take_wire(const struct handoff_item *item)
{
    size_t used = strlen(process.wire);
    if (item->value[0] != process.wire_pieces || used + strlen(item->name) >= PROCESS_WIRE_MAX) {
        process_die("wire: its text is out of order or longer than %d bytes", PROCESS_WIRE_MAX - 1);
    }
    process.wire_pieces++;
    snprintf(process.wire + used, PROCESS_WIRE_MAX - used, "%s", item->name);
}

static void take_of_model(const struct handoff_item *item)
{
    if (item->kind < DEVICE_NAME || item->kind > DEVICE_SOCKET) {
        process_die("handoff: unknown kind %u; build runner and device model from one tree",
                    item->kind);
    }
    if ((process.take == NULL || !process.take(item)) && item->fd >= 0) {
        close(item->fd);
    }
}

static void take(struct handoff_item *item)
{
    struct device_link *link = &process.link;
    item->name[HANDOFF_NAME_MAX - 1] = '\0';
    switch ((enum device_handoff_kind)item->kind) {
    case DEVICE_NAME:
        memcpy(process.name, item->name, sizeof process.name);
        break;
    case DEVICE_REGISTERS:
        take_registers(item);
        break;
    case DEVICE_LINK_DRIVER_HALF:
        link->driver = process_map(item, sizeof *link->driver, PROT_READ, "driver's half");
        break;
    case DEVICE_LINK_DEVICE_HALF:
        link->device =
            process_map(item, sizeof *link->device, PROT_READ | PROT_WRITE, "device's half");
        break;
    case DEVICE_WAKE:
        link->device_wake = item->fd;
        break;
    case DEVICE_DRIVER_WAKE:
        link->driver_wake = item->fd;
        break;
    case DEVICE_LOG:
        process.log_fd = item->fd;
        break;
    case DEVICE_STATS:
        take_stats(item);
        break;
    case DEVICE_WIRE:
        take_wire(item);
        break;
    case DEVICE_READY:
        process.ready_fd = item->fd;
        break;
    case DEVICE_IRQ_EDGE:
        link->edge = true;
        break;
    default:
        take_of_model(item);
    }
}

static void receive_handoff(void)
{
    static struct handoff_item items[HANDOFF_ITEMS_MAX];
    const struct device_link *link = &process.link;
    size_t count = 0;
    if (!handoff_receive(HANDOFF_FD, items, HANDOFF_ITEMS_MAX, &count)) {
        process_die("handoff: %s; this program is started by sddf run", strerror(errno));
    }
    close(HANDOFF_FD);
    for (size_t i = 0; i < count; i++) {
        take(&items[i]);
    }
    bool linked = link->driver != NULL && link->device != NULL && link->driver_wake >= 0;
    if (link->registers == NULL || link->device_wake < 0 || (!linked && !process.without_link)) {
        process_die("handoff: registers, a half of the link or a wake pipe is missing");
    }
}

void process_start(void)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)signal(SIGPIPE, SIG_IGN);
    process.log_fd = STDERR_FILENO;
    process.ready_fd = -1;
    process.link.device_wake = process.link.driver_wake = -1;
    receive_handoff();
}

void process_open_stats(const char *const *names, uint32_t count)
{
    static struct stats_page private_stats;
    if (process.stats == NULL) {
        process.stats = &private_stats;
    }
    stats_open(process.stats, process.name, names, count);
}

void process_enter(void)
{
    if (!sandbox_enter()) {
        process_die("entering the sandbox: %s", strerror(errno));
    }
    if (process.ready_fd >= 0) {
        ssize_t written = write(process.ready_fd, "", 1);
        (void)written;
        close(process.ready_fd);
    }
}

void process_serve(const struct device_ops *ops, void *device)
{
    process_enter();
    device_loop_run(&process.link, ops, device, NULL);
    abort(); /* the loop has no end */
}
