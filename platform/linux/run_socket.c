/* SPDX-License-Identifier: BSD-2-Clause */
/* Devices that are AF_XDP sockets: the runner makes the socket, which needs CAP_NET_RAW, and both
 * the device's process (device/xsk_main.c) and the driver's PD get it. Which memory is the rings':
 * the one region for DMA that the driver maps. */
#include "run.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static bool is_for_dma(const struct run *run, unsigned region)
{
    return run->system->regions[region].has_phys_addr && run->region_fds[region] >= 0;
}

static bool is_mapped_elsewhere(const struct run *run, unsigned region, unsigned driver)
{
    for (unsigned p = 0; p < run->system->pd_count; p++) {
        const struct system_pd *pd = &run->system->pds[p];
        for (size_t m = 0; p != driver && m < pd->map_count; m++) {
            if (pd->maps[m].region == region) {
                return true;
            }
        }
    }
    return false;
}

bool run_socket_plan(struct run *run, struct run_device *device)
{
    const struct system_pd *pd = &run->system->pds[device->driver];
    size_t found = 0;
    for (size_t m = 0; m < pd->map_count; m++) {
        unsigned region = pd->maps[m].region;
        if (is_for_dma(run, region) && !is_mapped_elsewhere(run, region, device->driver)) {
            device->rings = region;
            found++;
        }
    }
    if (found != 1) {
        run_say("%s:%u: PD %s drives %s, an AF_XDP socket, and maps %zu regions with a phys_addr "
                "that nobody else maps; exactly one must be there, for the rings",
                run->system->file, pd->line, pd->name, device->description->name, found);
    }
    return found == 1;
}

bool run_socket_make(struct run_device *device)
{
    device->socket = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (device->socket < 0) {
        run_say("%s: AF_XDP: no socket: %s (Linux 5.4 or newer, as root or with CAP_NET_RAW)",
                device->description->name, strerror(errno));
    }
    return device->socket >= 0;
}

void run_socket_let_go(struct run *run, const struct run_pd *pd)
{
    for (size_t i = 0; i < run->device_count; i++) {
        struct run_device *device = &run->devices[i];
        if (!device->is_socket || device->socket < 0 || &run->pds[device->driver] != pd) {
            continue;
        }
        run_end(&device->child);
        close(device->socket);
        device->socket = -1;
        run_say("%s: its interface is let go, because %s ended", device->description->name,
                pd->child.name);
    }
}
