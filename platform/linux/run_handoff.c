/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes the lists of what a PD and a device model are given. This is where permissions are decided:
 * whoever may only read gets a descriptor that can only read. */
#include "device/handoff_kinds.h"
#include "device/link.h"
#include "pd/kinds.h"
#include "pd/program.h"
#include "run.h"
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { WIRE_PIECE = HANDOFF_NAME_MAX - 1 };

static void add(struct run_items *items, uint32_t kind, int fd, const char *name,
                const uint64_t value[4])
{
    if (items->count == HANDOFF_ITEMS_MAX) {
        items->failed = true;
        return;
    }
    struct handoff_item *item = &items->items[items->count++];
    *item = (struct handoff_item){.kind = kind, .fd = fd};
    (void)snprintf(item->name, sizeof(item->name), "%s", name);
    for (size_t i = 0; value != NULL && i < 4; i++) {
        item->value[i] = value[i];
    }
}

/* As add(), with a descriptor of its own that can do what `flags` say. */
static void add_reopened(struct run_items *items, uint32_t kind, int fd, int flags,
                         const char *name, const uint64_t value[4])
{
    int made = run_reopen(fd, flags);
    if (made < 0) {
        items->failed = true;
        return;
    }
    items->made[items->made_count++] = made;
    add(items, kind, made, name, value);
}

void run_items_free(struct run_items *items)
{
    for (size_t i = 0; i < items->made_count; i++) {
        close(items->made[i]);
    }
    items->made_count = 0;
    items->count = 0;
    items->failed = false;
}

/* Whose registers or, if it is a socket, rings the region holds; or NULL. */
static const struct run_device *device_of_region(const struct run *run, unsigned region)
{
    for (size_t i = 0; i < run->device_count; i++) {
        const struct run_device *device = &run->devices[i];
        if (device->region == region || (device->is_socket && device->rings == region)) {
            return device;
        }
    }
    return NULL;
}

static uint64_t permissions_of(const struct system_map *map)
{
    return (map->read ? PD_MAP_READ : 0U) | (map->write ? PD_MAP_WRITE : 0U) |
           (map->execute ? PD_MAP_EXECUTE : 0U);
}

/* As what the region is mapped: in a process of its own what the PD may; in one process what any PD
 * may that has it at this address, for the first of them, and nothing more for the others. */
static uint64_t mapped_as(const struct run *run, unsigned index, const struct system_map *map)
{
    uint64_t permissions = permissions_of(map);
    for (unsigned i = 0; run->options.in_process && i < run->system->pd_count; i++) {
        const struct system_pd *other = &run->system->pds[i];
        for (size_t m = 0; i != index && m < other->map_count; m++) {
            if (other->maps[m].region == map->region && other->maps[m].vaddr == map->vaddr) {
                permissions = i < index ? 0 : permissions | permissions_of(&other->maps[m]);
            }
        }
        if (permissions == 0) {
            break;
        }
    }
    return permissions;
}

static void add_device(const struct run_device *device, const char *name, uint64_t vaddr,
                       struct run_items *items)
{
    const uint64_t link[4] = {device->link, vaddr, LINK_REGISTERS_SIZE_MAX, 0};
    add_reopened(items, PD_LINK_REGISTERS, device->registers_fd, O_RDONLY, name, link);
    add_reopened(items, PD_LINK_WAKE, device->child.wake[1], O_WRONLY | O_NONBLOCK, "", link);
    if (!device->is_socket) {
        add(items, PD_LINK_DRIVER_HALF, device->driver_half_fd, "", link);
        add_reopened(items, PD_LINK_DEVICE_HALF, device->device_half_fd, O_RDONLY, "", link);
    }
}

static void add_maps(struct run *run, unsigned index, struct run_items *items)
{
    const struct system_pd *pd = &run->system->pds[index];
    for (size_t i = 0; i < pd->map_count; i++) {
        const struct system_map *map = &pd->maps[i];
        const struct system_region *region = &run->system->regions[map->region];
        const struct run_device *device = device_of_region(run, map->region);
        if (device != NULL && device->region == map->region) {
            add_device(device, region->name, map->vaddr, items);
            continue;
        }
        if (device != NULL) {
            const uint64_t rings[4] = {device->link, map->vaddr, region->size};
            add(items, PD_LINK_SOCKET, device->socket, region->name, rings);
            continue;
        }
        const uint64_t value[4] = {map->vaddr, region->size, permissions_of(map),
                                   mapped_as(run, index, map)};
        if (value[3] == 0) {
            add(items, PD_MAP, -1, region->name, value);
        } else {
            add_reopened(items, PD_MAP, run->region_fds[map->region],
                         (value[3] & PD_MAP_WRITE) != 0 ? O_RDWR : O_RDONLY, region->name, value);
        }
    }
}

static void add_channels(struct run *run, unsigned index, struct run_items *items)
{
    bool known[SYSTEM_PDS_MAX] = {false};
    for (size_t i = 0; i < run->system->channel_count; i++) {
        for (unsigned side = 0; side < 2; side++) {
            const struct system_end *own = &run->system->channels[i].end[side];
            const struct system_end *peer = &run->system->channels[i].end[1 - side];
            if (own->pd != index) {
                continue;
            }
            const uint64_t value[4] = {
                own->id, peer->pd, peer->id,
                (own->notify ? PD_MAY_NOTIFY : 0U) | (own->pp ? PD_MAY_CALL : 0U) |
                    (peer->notify ? PD_PEER_MAY_NOTIFY : 0U) | (peer->pp ? PD_PEER_MAY_CALL : 0U)};
            add(items, PD_CHANNEL, -1, "", value);
            if (known[peer->pd]) {
                continue;
            }
            known[peer->pd] = true;
            const uint64_t line[4] = {peer->pd};
            struct run_pd *to = &run->pds[peer->pd];
            add(items, PD_PEER_OUT, run->line_fds[index][peer->pd], to->child.name, line);
            add_reopened(items, PD_PEER_IN, run->line_fds[peer->pd][index], O_RDONLY, "", line);
            add_reopened(items, PD_PEER_STATE, to->state_fd, O_RDONLY, "", line);
            add_reopened(items, PD_PEER_WAKE, to->child.wake[1], O_WRONLY | O_NONBLOCK, "", line);
        }
    }
}

static void add_irqs(const struct run *run, unsigned index, struct run_items *items)
{
    const struct system_pd *pd = &run->system->pds[index];
    for (size_t i = 0; i < pd->irq_count; i++) {
        uint64_t value[4] = {pd->irqs[i].id, PD_NO_LINK};
        for (size_t d = 0; d < run->device_count; d++) {
            const struct run_device *device = &run->devices[d];
            if (device->driver == index && device->description->irq == pd->irqs[i].irq) {
                value[1] = device->link;
            }
        }
        if (value[1] == PD_NO_LINK) {
            run_say("%s:%u: PD %s: interrupt %llu never comes: no device of the board that this PD "
                    "drives raises it",
                    run->system->file, pd->irqs[i].line, pd->name,
                    (unsigned long long)pd->irqs[i].irq);
        }
        add(items, PD_IRQ, -1, "", value);
    }
}

static void add_children(struct run *run, unsigned index, struct run_items *items)
{
    const struct run_pd *pd = &run->pds[index];
    if (pd->orders == NULL) {
        return;
    }
    add(items, PD_ORDERS, pd->orders_fd, "", NULL);
    add_reopened(items, PD_KERNEL, pd->kernel_fd, O_RDONLY, "", NULL);
    add_reopened(items, PD_BELL, run->bell[1], O_WRONLY | O_NONBLOCK, "", NULL);
    for (size_t i = 0; i < run->system->pd_count; i++) {
        if (run->system->pds[i].parent == (int)index) {
            const uint64_t id[4] = {run->system->pds[i].id};
            add(items, PD_CHILD, -1, run->system->pds[i].name, id);
        }
    }
}

/* A program's own words about what it may do (<microkit.h>), which Microkit's tool patches, too. */
static void add_masks(const struct run *run, unsigned index, struct run_items *items)
{
    const struct run_pd *pd = &run->pds[index];
    static const char *const names[] = {"microkit_irqs", "microkit_notifications", "microkit_pps"};
    uint64_t masks[3] = {0};
    for (size_t i = 0; i < pd->description->irq_count; i++) {
        masks[0] |= UINT64_C(1) << pd->description->irqs[i].id;
    }
    for (size_t i = 0; i < 2 * run->system->channel_count; i++) {
        const struct system_end *end = &run->system->channels[i / 2].end[i % 2];
        masks[1] |= (uint64_t)(end->pd == index && end->notify) << end->id;
        masks[2] |= (uint64_t)(end->pd == index && end->pp) << end->id;
    }
    for (size_t i = 0; pd->image.program && i < 3; i++) {
        const Elf64_Sym *symbol = image_symbol(&pd->image, names[i]);
        if (symbol != NULL && symbol->st_size == 8 &&
            image_in_memory(&pd->image, symbol->st_value, 8, PF_W)) {
            const uint64_t patch[4] = {symbol->st_value, masks[i], true};
            add(items, PD_PATCH, -1, names[i], patch);
        }
    }
}

void run_pd_items(struct run *run, unsigned index, int log_write, struct run_items *items)
{
    struct run_pd *pd = &run->pds[index];
    const struct system_pd *description = pd->description;
    const uint64_t name[4] = {description->stack_size,
                              (run->options.strict ? PD_OPTION_STRICT : 0U) |
                                  (run->options.no_seccomp ? PD_OPTION_NO_SECCOMP : 0U) |
                                  (description->parent >= 0 ? PD_OPTION_CHILD : 0U) |
                                  (description->passive ? PD_OPTION_PASSIVE : 0U),
                              run->system->pd_count, description->priority};
    uint64_t entry[4] = {0};
    for (size_t i = 0; i < 4; i++) {
        entry[i] = pd->entry[i] != NULL ? pd->entry[i]->st_value : 0;
    }
    add(items, PD_NAME, -1, description->name, name);
    add(items, PD_LOG, log_write, "", NULL);
    const uint64_t image[4] = {pd->image.memory_size};
    add_reopened(items, PD_IMAGE, pd->image_fd, O_RDONLY, "", image);
    add(items, PD_ENTRY, -1, "", entry);
    if (pd->start != NULL && !pd->image.program) {
        const uint64_t start[4] = {pd->start->st_value};
        add(items, PD_START, -1, "", start);
    }
    if (pd->image.program) {
        const uint64_t table[4] = {image_symbol(&pd->image, PROGRAM_TABLE)->st_value};
        add(items, PD_PROGRAM, -1, "", table);
    }
    for (size_t i = 0; i < description->setvar_count; i++) {
        const struct system_setvar *setvar = &description->setvars[i];
        uint64_t address = run_setvar_symbol(pd, setvar->symbol)->st_value;
        const uint64_t patch[4] = {address, setvar->value,
                                   image_in_memory(&pd->image, address, 8, PF_W)};
        add(items, PD_PATCH, -1, setvar->symbol, patch);
    }
    add(items, PD_REPORT, pd->report_fd, "", NULL);
    add(items, PD_STATE, pd->state_fd, "", NULL);
    add_reopened(items, PD_WAKE, pd->child.wake[0], O_RDONLY, "", NULL);
    add_maps(run, index, items);
    add_channels(run, index, items);
    add_irqs(run, index, items);
    add_children(run, index, items);
    if (run->options.in_process) { /* says that it has ended, for no process ends */
        add_reopened(items, PD_BELL, run->bell[1], O_WRONLY | O_NONBLOCK, "", NULL);
    }
    add_masks(run, index, items);
}

static bool has_channel(const struct run *run, unsigned one, unsigned other)
{
    for (size_t i = 0; i < run->system->channel_count; i++) {
        const struct system_end *end = run->system->channels[i].end;
        if ((end[0].pd == one && end[1].pd == other) || (end[0].pd == other && end[1].pd == one)) {
            return true;
        }
    }
    return false;
}

/* Whether the driver maps the region, or somebody who gives the driver work. */
static bool is_near(const struct run *run, unsigned driver, unsigned region)
{
    for (unsigned i = 0; i < run->system->pd_count; i++) {
        const struct system_pd *pd = &run->system->pds[i];
        for (size_t m = 0; m < pd->map_count; m++) {
            if (pd->maps[m].region == region && (i == driver || has_channel(run, i, driver))) {
                return true;
            }
        }
    }
    return false;
}

/* The rings of a socket are the kernel's: it does not reach them as memory. */
static bool is_rings(const struct run *run, unsigned region)
{
    const struct run_device *of = device_of_region(run, region);
    return of != NULL && of->region != region;
}

/* Which regions at an I/O address the device may reach by DMA: those the board names, or those near
 * its driver. What lies near another one is another device's. */
static void add_dma(const struct run *run, const struct run_device *device, struct run_items *items)
{
    for (unsigned i = 0; i < run->system->region_count; i++) {
        const struct system_region *region = &run->system->regions[i];
        bool reachable = device->description->dma_count == 0 &&
                         strcmp(device->description->class_name, "timer") != 0 &&
                         strcmp(device->description->class_name, "serial") != 0 &&
                         is_near(run, device->driver, i);
        for (size_t k = 0; k < device->description->dma_count; k++) {
            reachable = reachable || strcmp(device->description->dma[k], region->name) == 0;
        }
        if (region->has_phys_addr && reachable && run->region_fds[i] >= 0 && !is_rings(run, i)) {
            const uint64_t value[4] = {region->phys_addr, region->size};
            add(items, DEVICE_DMA_REGION, run->region_fds[i], region->name, value);
        }
    }
}

static void add_wire(const char *text, struct run_items *items)
{
    size_t length = strlen(text);
    for (uint64_t piece = 0; piece * WIRE_PIECE < length; piece++) {
        char part[WIRE_PIECE + 1];
        const uint64_t value[4] = {piece};
        (void)snprintf(part, sizeof(part), "%s", text + piece * WIRE_PIECE);
        add(items, DEVICE_WIRE, -1, part, value);
    }
}

void run_device_items(struct run *run, struct run_device *device, int log_write, int ready,
                      struct run_items *items)
{
    const char *name = device->description->name;
    const uint64_t size[4] = {LINK_REGISTERS_SIZE_MAX};
    const uint64_t stats_size[4] = {PD_PAGE_SIZE};
    add(items, DEVICE_NAME, -1, name, NULL);
    add(items, DEVICE_LOG, log_write, "", NULL);
    add(items, DEVICE_REGISTERS, device->registers_fd, "", size);
    add(items, DEVICE_WAKE, device->child.wake[0], "", NULL);
    if (device->is_socket) {
        add(items, DEVICE_SOCKET, device->socket, "", NULL);
    } else {
        add_reopened(items, DEVICE_LINK_DRIVER_HALF, device->driver_half_fd, O_RDONLY, "", NULL);
        add(items, DEVICE_LINK_DEVICE_HALF, device->device_half_fd, "", NULL);
        add_reopened(items, DEVICE_DRIVER_WAKE, run->pds[device->driver].child.wake[1],
                     O_WRONLY | O_NONBLOCK, "", NULL);
    }
    add(items, DEVICE_STATS, device->stats_fd, "", stats_size);
    add(items, DEVICE_READY, ready, "", NULL);
    if (device->description->irq_edge) {
        add(items, DEVICE_IRQ_EDGE, -1, "", NULL);
    }
    for (size_t i = 0; i < run->options.wire_count; i++) {
        if (strcmp(run->options.wires[i].device, name) == 0) {
            add_wire(run->options.wires[i].text, items);
        }
    }
    for (size_t i = 0; i < run->options.mac_count; i++) {
        if (strcmp(run->options.macs[i].device, name) == 0) {
            add(items, DEVICE_MAC, -1, run->options.macs[i].text, NULL);
        }
    }
    add_dma(run, device, items);
}
