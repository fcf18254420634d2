/* SPDX-License-Identifier: BSD-2-Clause */
/* What the runner grants becomes what the PD has: pages and regions are mapped, channels, links and
 * interrupts entered, the image loaded, the stack made. All before the sandbox; nothing of the
 * image runs. */
#include "../device/xsk_window.h"
#include "pd.h"
#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Maps a page (or more) shared with another process, wherever there is room. */
static void *map_shared(const struct handoff_item *item, size_t size, int protection)
{
    void *mapped = mmap(NULL, size, protection, MAP_SHARED, item->fd, 0);
    if (mapped == MAP_FAILED) {
        pd_start_failed("cannot map a shared page: %s", strerror(errno));
    }
    close(item->fd);
    return mapped;
}

static void note_map(const struct handoff_item *item)
{
    if (pd.map_count == PD_MAPS_MAX) {
        pd_start_failed("more than %d maps", PD_MAPS_MAX);
    }
    struct pd_map *map = &pd.maps[pd.map_count++];
    memcpy(map->name, item->name, sizeof(map->name));
    map->address = item->value[0];
    map->size = item->value[1];
    map->permissions = (uint32_t)item->value[2];
}

static void map_region(const struct handoff_item *item)
{
    uint64_t permissions = item->value[3];
    int protection = ((permissions & PD_MAP_READ) != 0 ? PROT_READ : 0) |
                     ((permissions & PD_MAP_WRITE) != 0 ? PROT_WRITE : 0) |
                     ((permissions & PD_MAP_EXECUTE) != 0 ? PROT_EXEC : 0);
    void *wanted = (void *)(uintptr_t)item->value[0];
    void *mapped = permissions == 0 ? wanted
                                    : mmap(wanted, item->value[1], protection,
                                           MAP_SHARED | MAP_FIXED_NOREPLACE, item->fd, 0);
    if (mapped != wanted) {
        pd_start_failed("region %s cannot be mapped at %#" PRIx64 " (%" PRIu64
                        " bytes): %s; use an address in 0x10000000 to 0x57ffffff or 0x60000000 to "
                        "0x7effffff",
                        item->name, item->value[0], item->value[1], strerror(errno));
    }
    if (permissions != 0) {
        close(item->fd);
    }
    note_map(item);
}

static struct pd_peer *peer_at(uint64_t index)
{
    if (index >= sizeof(pd.peers) / sizeof(pd.peers[0])) {
        pd_start_failed("peer %" PRIu64 " is out of range", index);
    }
    struct pd_peer *peer = &pd.peers[index];
    if (!peer->used) {
        peer->used = true;
        pd.peer_list[pd.peer_count++] = (uint8_t)index;
    }
    return peer;
}

static struct link_window *link_at(uint64_t index)
{
    if (index >= LINK_WINDOWS_MAX) {
        pd_start_failed("link %" PRIu64 " is out of range", index);
    }
    return &pd.links[index];
}

static void add_channel(const struct handoff_item *item)
{
    if (item->value[0] >= PD_CHANNELS || item->value[2] >= PD_CHANNELS) {
        pd_start_failed("channel %" PRIu64 " is out of range", item->value[0]);
    }
    (void)peer_at(item->value[1]);
    pd.channels[item->value[0]] = (struct pd_channel){.used = true,
                                                      .peer = (uint8_t)item->value[1],
                                                      .peer_id = (uint8_t)item->value[2],
                                                      .may = (uint8_t)item->value[3]};
}

static void listen_to_peers(void)
{
    for (uint32_t id = 0; id < PD_CHANNELS; id++) {
        const struct pd_channel *channel = &pd.channels[id];
        if (channel->used && (channel->may & PD_PEER_MAY_NOTIFY) != 0) {
            pd.listened[pd.listened_count++] =
                (struct pd_listened){.word = &pd.peers[channel->peer].in->notified[id], .id = id};
        }
    }
}

static void take_name(const struct handoff_item *item)
{
    memcpy(pd.name, item->name, sizeof(pd.name));
    pd.stack_size = item->value[0];
    pd.options = item->value[1];
}

static void take_peer(const struct handoff_item *item)
{
    struct pd_peer *peer = peer_at(item->value[0]);
    switch (item->kind) {
    case PD_PEER_OUT:
        peer->out = map_shared(item, PD_PAGE_SIZE, PROT_READ | PROT_WRITE);
        break;
    case PD_PEER_IN:
        peer->in = map_shared(item, PD_PAGE_SIZE, PROT_READ);
        break;
    case PD_PEER_STATE:
        peer->state = map_shared(item, PD_PAGE_SIZE, PROT_READ);
        break;
    default:
        peer->wake = item->fd;
        break;
    }
}

/* What the driver knows as the region of its rings. */
static void map_rings(struct link_window *window, const struct handoff_item *item)
{
    struct handoff_item map = *item;
    const char *what = NULL;
    map.value[0] = item->value[1];
    map.value[1] = item->value[2];
    map.value[2] = PD_MAP_READ | PD_MAP_WRITE;
    window->socket = item->fd;
    window->xsk = xsk_window_open(item->fd, (void *)(uintptr_t)map.value[0], map.value[1], &what);
    if (window->xsk == NULL) {
        pd_start_failed("AF_XDP, region %s: %s: %s", item->name, what, strerror(errno));
    }
    note_map(&map);
}

static void take_link(const struct handoff_item *item)
{
    struct link_window *window = link_at(item->value[0]);
    switch (item->kind) {
    case PD_LINK_REGISTERS: {
        struct handoff_item map = *item;
        map.value[0] = item->value[1];
        map.value[1] = item->value[2];
        map.value[2] = PD_MAP_READ;
        map.value[3] = PD_MAP_READ;
        map_region(&map);
        window->address = item->value[1];
        window->size = item->value[2];
        break;
    }
    case PD_LINK_SOCKET:
        map_rings(window, item);
        break;
    case PD_LINK_DRIVER_HALF:
        window->driver = map_shared(item, sizeof(struct link_driver_half), PROT_READ | PROT_WRITE);
        break;
    case PD_LINK_DEVICE_HALF:
        window->device = map_shared(item, sizeof(struct link_device_half), PROT_READ);
        break;
    default:
        window->device_wake = item->fd;
        break;
    }
}

static void take_child(const struct handoff_item *item)
{
    switch (item->kind) {
    case PD_CHILD:
        if (item->value[0] >= PD_CHANNELS) {
            pd_start_failed("child %" PRIu64 " is out of range", item->value[0]);
        }
        pd.children |= UINT64_C(1) << item->value[0];
        break;
    case PD_ORDERS:
        pd.orders = map_shared(item, PD_PAGE_SIZE, PROT_READ | PROT_WRITE);
        break;
    case PD_KERNEL:
        pd.kernel = map_shared(item, PD_KERNEL_SIZE, PROT_READ);
        break;
    default:
        pd.bell_fd = item->fd;
        break;
    }
}

static void take(const struct handoff_item *item)
{
    switch (item->kind) {
    case PD_NAME:
        take_name(item);
        break;
    case PD_IMAGE:
        pd.image_fd = item->fd;
        pd.image_size = item->value[0];
        break;
    case PD_ENTRY:
        memcpy(pd.entry, item->value, sizeof(pd.entry));
        break;
    case PD_START:
        pd.start = item->value[0];
        break;
    case PD_PROGRAM:
        pd.program_table = item->value[0];
        break;
    case PD_LOG:
        pd.log_fd = item->fd;
        break;
    case PD_REPORT:
        pd.report = map_shared(item, PD_PAGE_SIZE, PROT_READ | PROT_WRITE);
        break;
    case PD_STATE:
        pd.state = map_shared(item, PD_PAGE_SIZE, PROT_READ | PROT_WRITE);
        break;
    case PD_WAKE:
        pd.wake_fd = item->fd;
        break;
    case PD_MAP:
        map_region(item);
        break;
    case PD_PEER_OUT:
    case PD_PEER_IN:
    case PD_PEER_STATE:
    case PD_PEER_WAKE:
        take_peer(item);
        break;
    case PD_CHANNEL:
        add_channel(item);
        break;
    case PD_LINK_REGISTERS:
    case PD_LINK_SOCKET:
    case PD_LINK_DRIVER_HALF:
    case PD_LINK_DEVICE_HALF:
    case PD_LINK_WAKE:
        take_link(item);
        break;
    case PD_CHILD:
    case PD_ORDERS:
    case PD_KERNEL:
    case PD_BELL:
        take_child(item);
        break;
    default: /* PD_IRQ after the links are attached, PD_PATCH after the image is loaded */
        break;
    }
}

/* The device waits for the rings to be mapped, then binds its socket. */
static void ring_device(struct link_window *window)
{
    ssize_t written = write(window->device_wake, "", 1);
    (void)written;
    close(window->device_wake);
    window->device_wake = -1;
}

static void attach_links(const struct handoff_item *items, size_t count)
{
    for (size_t i = 0; i < LINK_WINDOWS_MAX; i++) {
        if (pd.links[i].address != 0) {
            pd.links[i].driver_wake = pd.wake_fd;
            link_attach(&pd.links[i]);
        }
        if (pd.links[i].xsk != NULL) {
            ring_device(&pd.links[i]);
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (items[i].kind == PD_IRQ && items[i].value[0] < PD_CHANNELS) {
            uint64_t id = items[i].value[0];
            pd.irq_ids |= UINT64_C(1) << id;
            pd.irqs[id] = items[i].value[1] < LINK_WINDOWS_MAX
                              ? link_find(pd.links[items[i].value[1]].address)
                              : NULL;
        }
    }
}

/* The stack, with an unmapped page on either side. */
static void make_stack(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    pd.stack_size = (pd.stack_size + page - 1) / page * page * (PD_SANITIZED ? 4 : 1);
    uint8_t *area = mmap(NULL, pd.stack_size + 2 * page, PROT_NONE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (area == MAP_FAILED || mprotect(area + page, pd.stack_size, PROT_READ | PROT_WRITE) != 0) {
        pd_start_failed("no memory for a stack of %" PRIu64 " bytes", pd.stack_size);
    }
    pd.stack = area + page;
    pd.report->stack_size = pd.stack_size;
}

/* For the image to read; a program has these variables of its own, patched by the runner. */
static void set_masks(void)
{
    microkit_irqs = pd.irq_ids;
    for (unsigned id = 0; id < PD_CHANNELS; id++) {
        if (pd.channels[id].used) {
            microkit_notifications |= (uint64_t)((pd.channels[id].may & PD_MAY_NOTIFY) != 0) << id;
            microkit_pps |= (uint64_t)((pd.channels[id].may & PD_MAY_CALL) != 0) << id;
        }
    }
}

void pd_setup(const struct handoff_item *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        take(&items[i]);
    }
    if (pd.report == NULL || pd.state == NULL || pd.image_fd < 0 || pd.wake_fd < 0 ||
        pd.log_fd < 0 ||
        (pd.children != 0 && (pd.orders == NULL || pd.kernel == NULL || pd.bell_fd < 0))) {
        pd_start_failed("the runner handed over too little: sddf and sddf-pd are of two versions");
    }
    attach_links(items, count);
    listen_to_peers();
    set_masks();
    make_stack();
}

/* The image's file, if it is in a folder; else its descriptor, not by /proc/self: a debugger opens
 * the name, too. */
static void name_image(char path[PATH_MAX])
{
    char fd[32];
    (void)snprintf(fd, sizeof(fd), "/proc/%d/fd/%d", getpid(), pd.image_fd);
    ssize_t length = readlink(fd, path, PATH_MAX - 1);
    path[length > 0 ? length : 0] = '\0';
    if (access(path, R_OK) != 0) { /* a memfd has a name, but no file has it */
        memcpy(path, fd, sizeof(fd));
    }
}

static void load_shared_object(void)
{
    static char path[PATH_MAX];
    name_image(path);
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    struct link_map *map = NULL;
    if (handle == NULL || dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0) {
        pd_start_failed("the image cannot be loaded: %s", dlerror());
    }
    pd.image_base = map->l_addr;
    pd.image_dynamic = map->l_ld;
    pd.image_start = pd.image_base;
}

static void protect(uintptr_t first, uintptr_t end, int protection)
{
    if (mprotect((void *)first, end - first, protection) != 0) {
        pd_start_failed("the image's memory cannot be protected: %s", strerror(errno));
    }
}

/* Sets a variable of the image's, which may be a constant to itself. */
static void patch(const struct handoff_item *item)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t word = pd.image_base + item->value[0];
    uintptr_t first = word / page * page;
    uintptr_t end = (word + sizeof(uint64_t) + page - 1) / page * page;
    protect(first, end, PROT_READ | PROT_WRITE);
    memcpy((void *)word, &item->value[1], sizeof(uint64_t));
    if (item->value[2] == 0) {
        protect(first, end, PROT_READ);
    }
}

void pd_load(const struct handoff_item *items, size_t count)
{
    if (pd.program_table != 0) {
        pd_program_load();
    } else {
        load_shared_object();
    }
    pd.report->image_base = pd.image_base;
    for (size_t i = 0; i < count; i++) {
        if (items[i].kind == PD_PATCH) {
            patch(&items[i]);
        }
    }
    pd.init = (void (*)(void))(pd.image_base + pd.entry[0]);
    pd.notified = (void (*)(microkit_channel))(pd.image_base + pd.entry[1]);
    if (pd.entry[2] != 0) {
        pd.protected_ =
            (microkit_msginfo(*)(microkit_channel, microkit_msginfo))(pd.image_base + pd.entry[2]);
    }
    if (pd.entry[3] != 0) {
        pd.fault = (seL4_Bool(*)(microkit_child, microkit_msginfo, microkit_msginfo *))(
            pd.image_base + pd.entry[3]);
    }
}
