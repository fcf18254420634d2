/* SPDX-License-Identifier: BSD-2-Clause */
/* The memory of a run: a memfd for each region, for the pages between PDs and for the links to
 * device models; all of sealed size, so that nobody can shrink what others have mapped. */
#include "device/link.h"
#include "run.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int run_memfd(const char *name, uint64_t size)
{
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0 || ftruncate(fd, (off_t)size) != 0 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
        run_say("no memory for %s (%" PRIu64 " bytes): %s", name, size, strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    return fd;
}

int run_reopen(int fd, int flags)
{
    char path[32];
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return open(path, flags | O_CLOEXEC);
}

int run_new_file(const char *path, unsigned mode)
{
    (void)unlink(path);
    return open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
}

static bool prefill(const struct system_region *region, int fd)
{
    char buffer[16384];
    uint64_t done = 0;
    int file = open(region->prefill_path, O_RDONLY | O_CLOEXEC);
    while (file >= 0 && done < region->prefill_size) {
        uint64_t rest = region->prefill_size - done;
        ssize_t got = read(file, buffer, rest < sizeof(buffer) ? rest : sizeof(buffer));
        if (got <= 0 || pwrite(fd, buffer, (size_t)got, (off_t)done) != got) {
            break;
        }
        done += (uint64_t)got;
    }
    if (file >= 0) {
        close(file);
    }
    if (done != region->prefill_size) {
        run_say("region %s: %s cannot be copied into it whole", region->name, region->prefill_path);
        return false;
    }
    return true;
}

static const struct board_device *device_of(const struct board *board,
                                            const struct system_region *region)
{
    for (size_t i = 0; region->has_phys_addr && i < board->device_count; i++) {
        const struct board_device *device = &board->devices[i];
        if (region->phys_addr < device->reg_address + device->reg_size &&
            device->reg_address < region->phys_addr + region->size) {
            return device;
        }
    }
    return NULL;
}

/* PDs may fill what they map, and the runner holds it whoever of them is ended for that: a system
 * larger than its machine would take the machine along. */
static bool fits_machine(const struct run *run)
{
    uint64_t memory = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    uint64_t sum = 0;
    for (size_t i = 0; i < run->system->region_count; i++) {
        sum += run->system->regions[i].size; /* of at most 2^40 bytes, fewer than 2^12 */
    }
    if (sum > memory) {
        run_say("%s: the regions take %" PRIu64 " bytes, and this machine has %" PRIu64
                ": make them smaller",
                run->system->file, sum, memory);
    }
    return sum <= memory;
}

bool run_make_regions(struct run *run)
{
    if (!fits_machine(run)) {
        return false;
    }
    run->region_fds = malloc((run->system->region_count + 1) * sizeof(int));
    if (run->region_fds == NULL) {
        return false;
    }
    for (size_t i = 0; i < run->system->region_count; i++) {
        const struct system_region *region = &run->system->regions[i];
        run->region_fds[i] = -1;
        if (device_of(&run->board, region) != NULL) {
            continue; /* a link instead, see bind_device() */
        }
        run->region_fds[i] = run_memfd(region->name, region->size);
        if (run->region_fds[i] < 0 ||
            (region->prefill_path[0] != '\0' && !prefill(region, run->region_fds[i]))) {
            return false;
        }
    }
    return true;
}

static bool fail_binding(const struct run *run, unsigned region, const char *what)
{
    const struct system_region *found = &run->system->regions[region];
    run_say("%s:%u: region %s: %s", run->system->file, found->line, found->name, what);
    return false;
}

static bool make_pages(struct run_device *device)
{
    device->registers_fd = run_memfd("registers", LINK_REGISTERS_SIZE_MAX);
    device->stats_fd = run_memfd("stats", PD_PAGE_SIZE);
    device->driver_half_fd = device->device_half_fd = -1;
    if (device->is_socket) {
        return device->registers_fd >= 0 && device->stats_fd >= 0;
    }
    device->driver_half_fd = run_memfd("link", sizeof(struct link_driver_half));
    device->device_half_fd = run_memfd("link", sizeof(struct link_device_half));
    return device->registers_fd >= 0 && device->driver_half_fd >= 0 &&
           device->device_half_fd >= 0 && device->stats_fd >= 0;
}

static bool bind_device(struct run *run, unsigned region, const struct board_device *board_device)
{
    const struct system_region *found = &run->system->regions[region];
    struct run_device *device = &run->devices[run->device_count];
    size_t users = 0;
    for (unsigned p = 0; p < run->system->pd_count; p++) {
        for (size_t m = 0; m < run->system->pds[p].map_count; m++) {
            if (run->system->pds[p].maps[m].region == region) {
                device->driver = p;
                users++;
            }
        }
    }
    if (users == 0) {
        return true; /* nobody drives it: nothing is started */
    }
    if (board_device->backend[0] == '\0') {
        return fail_binding(run, region,
                            "the board gives this device no backend, so nothing "
                            "answers there on Linux");
    }
    if (users > 1) {
        return fail_binding(run, region,
                            "registers of a device are mapped more than once; on "
                            "Linux one PD may map them, once");
    }
    if (found->phys_addr != board_device->reg_address || found->size > LINK_REGISTERS_SIZE_MAX) {
        return fail_binding(run, region,
                            "must start where the board says that the device's "
                            "registers start, and be one page of 4 KiB");
    }
    device->description = board_device;
    device->region = region;
    device->link = 0;
    for (size_t i = 0; i < run->device_count; i++) {
        if (run->devices[i].description == board_device) {
            return fail_binding(run, region, "another region covers the same device");
        }
        device->link += run->devices[i].driver == device->driver;
    }
    if (device->link >= LINK_WINDOWS_MAX) {
        return fail_binding(run, region, "its PD maps more than 16 devices");
    }
    run->device_count++;
    device->is_socket = strcmp(board_device->backend, "xsk") == 0;
    return make_pages(device) && (!device->is_socket || run_socket_plan(run, device));
}

/* Whoever maps a physical address that is neither memory nor a device here believes in a device. */
static bool check_memory(const struct run *run, unsigned region)
{
    const struct system_region *found = &run->system->regions[region];
    const struct board *board = &run->board;
    bool mapped = false;
    for (unsigned p = 0; p < run->system->pd_count; p++) {
        for (size_t m = 0; m < run->system->pds[p].map_count; m++) {
            mapped = mapped || run->system->pds[p].maps[m].region == region;
        }
    }
    if (!mapped || !found->has_phys_addr || found->chosen_phys_addr ||
        (found->phys_addr >= board->dma_address && found->size <= board->dma_size &&
         found->phys_addr - board->dma_address <= board->dma_size - found->size)) {
        return true;
    }
    char what[256];
    (void)snprintf(what, sizeof(what),
                   "phys_addr %#" PRIx64 " is neither a device of board %s nor its memory for DMA "
                   "(%#" PRIx64 " to %#" PRIx64 "), so nothing answers there on Linux; name "
                   "another board (--board), or a device that it has",
                   found->phys_addr, board->name, board->dma_address,
                   board->dma_address + board->dma_size - 1);
    return fail_binding(run, region, what);
}

bool run_bind_devices(struct run *run)
{
    for (unsigned i = 0; i < run->system->region_count; i++) {
        const struct board_device *device = device_of(&run->board, &run->system->regions[i]);
        if (device != NULL ? !bind_device(run, i, device) : !check_memory(run, i)) {
            return false;
        }
    }
    for (size_t i = 0; i < run->options.wire_count; i++) {
        bool used = false;
        for (size_t d = 0; d < run->device_count; d++) {
            used = used ||
                   strcmp(run->devices[d].description->name, run->options.wires[i].device) == 0;
        }
        if (!used) {
            run_say("--wire %s=...: no PD of this system drives a device of that name",
                    run->options.wires[i].device);
            return false;
        }
    }
    return true;
}

static bool make_line(struct run *run, unsigned from, unsigned to)
{
    if (run->line_fds[from][to] < 0) {
        run->line_fds[from][to] = run_memfd("line", PD_PAGE_SIZE);
    }
    return run->line_fds[from][to] >= 0;
}

bool run_make_lines(struct run *run)
{
    for (size_t i = 0; i < run->system->channel_count; i++) {
        const struct system_end *end = run->system->channels[i].end;
        if (!make_line(run, end[0].pd, end[1].pd) || !make_line(run, end[1].pd, end[0].pd)) {
            return false;
        }
    }
    for (size_t i = 0; i < run->system->pd_count; i++) {
        struct run_pd *pd = &run->pds[i];
        pd->state_fd = run_memfd("state", PD_PAGE_SIZE);
        pd->report_fd = run_memfd("report", PD_PAGE_SIZE);
        if (pd->state_fd < 0 || pd->report_fd < 0) {
            return false;
        }
        pd->report = mmap(NULL, PD_PAGE_SIZE, PROT_READ, MAP_SHARED, pd->report_fd, 0);
        pd->state = mmap(NULL, PD_PAGE_SIZE, PROT_READ, MAP_SHARED, pd->state_fd, 0);
        if (pd->report == MAP_FAILED || pd->state == MAP_FAILED) {
            run_say("cannot map a PD's pages: %s", strerror(errno));
            return false;
        }
        if (pipe2(pd->child.wake, O_CLOEXEC | O_NONBLOCK) != 0) {
            run_say("no pipe: %s", strerror(errno));
            return false;
        }
    }
    return run_make_parents(run);
}

bool run_make_child(struct run_child *child, const char *name, const char *what, int *log_write)
{
    int log[2];
    child->name = name;
    child->what = what;
    if (pipe2(log, O_CLOEXEC | O_NONBLOCK) != 0) {
        run_say("%s: no pipe: %s", name, strerror(errno));
        return false;
    }
    child->log = log[0];
    *log_write = log[1];
    return true;
}
