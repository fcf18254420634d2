/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads a device tree blob for board_dtb.h. Section numbers are those of the Devicetree
 * Specification 0.4. The blob is hostile: its structure is checked first (dtb_check.h), and every
 * loop here is bounded by it. Run by the host tool. */
#include "tools/sddf/board_dtb.h"

#include "tools/sddf/dtb_check.h"

#include <ctype.h>
#include <libfdt.h>
#include <stdio.h>
#include <string.h>

enum {
    DEPTH_MAX = 16,
    CONTROLLERS_MAX = 32,
    PATH_MAX_BYTES = 512,
    GIC_SPI = 32, /* first shared peripheral interrupt (GIC architecture, "INTID") */
    GIC_PPI = 16,
    PAGE_LARGE = 0x200000,
};

struct controller {
    uint32_t phandle;
    bool gic; /* else the number is the first cell: PLIC */
};

struct tree {
    const void *blob;
    const struct drivers *drivers;
    struct board *board;
    struct controller controllers[CONTROLLERS_MAX];
    size_t controller_count;
    int path[DEPTH_MAX]; /* offsets from the root to the node at hand */
    int depth;           /* of that node; the root has 0 */
    uint64_t memory_address, memory_size;
    bool reserved; /* the memory is one set apart for DMA */
};

/* `cells` big-endian words from `cell` on, of which there are `count`; false if that is too few. */
static bool read_cells(const fdt32_t *cells, int count, int at, int width, uint64_t *value)
{
    if (width < 0 || width > 2 || at > count - width)
        return false;
    *value = 0;
    for (int i = 0; i < width; i++)
        *value = *value << 32 | fdt32_to_cpu(cells[at + i]);
    return true;
}

static const fdt32_t *cells_of(const struct tree *tree, int node, const char *name, int *count)
{
    int length = 0;
    const fdt32_t *cells = fdt_getprop(tree->blob, node, name, &length);
    *count = cells == NULL ? 0 : length / (int)sizeof(*cells);
    return cells;
}

static bool has_text(const struct tree *tree, int node, const char *name, const char *wanted)
{
    int length = 0;
    const char *text = fdt_getprop(tree->blob, node, name, &length);
    return text != NULL && (size_t)length == strlen(wanted) + 1 && strcmp(text, wanted) == 0;
}

/* 2.3.4: absent means okay. */
static bool is_okay(const struct tree *tree, int node)
{
    return fdt_getprop(tree->blob, node, "status", NULL) == NULL ||
           has_text(tree, node, "status", "okay") || has_text(tree, node, "status", "ok");
}

/* 2.3.8: from a bus's addresses to those of the bus above, up to the root's. An empty "ranges" is
 * the identity; none at all means that the processor cannot reach it. */
static bool translate(const struct tree *tree, int depth, uint64_t *address)
{
    for (int level = depth; level > 0; level--) {
        int bus = tree->path[level];
        int width = fdt_address_cells(tree->blob, bus);
        int above = fdt_address_cells(tree->blob, tree->path[level - 1]);
        int size_width = fdt_size_cells(tree->blob, bus);
        int count = 0;
        const fdt32_t *ranges = cells_of(tree, bus, "ranges", &count);
        if (ranges == NULL || width < 1 || above < 1 || size_width < 0)
            return false;
        bool found = count == 0;
        for (int at = 0; at < count && !found; at += width + above + size_width) {
            uint64_t from = 0;
            uint64_t to = 0;
            uint64_t size = 0;
            if (!read_cells(ranges, count, at, width, &from) ||
                !read_cells(ranges, count, at + width, above, &to) ||
                !read_cells(ranges, count, at + width + above, size_width, &size))
                return false;
            found = *address - from < size;
            if (found)
                *address = to + (*address - from);
        }
        if (!found)
            return false;
    }
    return true;
}

/* The first "reg" of the node at hand (2.3.6), as the processor sees it. */
static bool read_reg(const struct tree *tree, uint64_t *address, uint64_t *size)
{
    int count = 0;
    int parent = tree->path[tree->depth - 1];
    int width = fdt_address_cells(tree->blob, parent);
    const fdt32_t *reg = cells_of(tree, tree->path[tree->depth], "reg", &count);
    return reg != NULL && width > 0 && read_cells(reg, count, 0, width, address) &&
           read_cells(reg, count, width, fdt_size_cells(tree->blob, parent), size) && *size != 0 &&
           translate(tree, tree->depth - 1, address) && *address < UINT64_C(1) << 48 &&
           *size < UINT64_C(1) << 48;
}

static const struct controller *find_controller(const struct tree *tree, uint32_t phandle)
{
    for (size_t i = 0; i < tree->controller_count; i++) {
        if (tree->controllers[i].phandle == phandle)
            return &tree->controllers[i];
    }
    return NULL;
}

/* 2.4.1: the node's own, or the nearest above. */
static const struct controller *interrupt_parent(const struct tree *tree)
{
    for (int level = tree->depth; level >= 0; level--) {
        int count = 0;
        const fdt32_t *parent = cells_of(tree, tree->path[level], "interrupt-parent", &count);
        if (count > 0)
            return find_controller(tree, fdt32_to_cpu(parent[0]));
    }
    return NULL;
}

/* Which of a node's interrupts is meant. Linux, Documentation/devicetree/bindings/timer/
 * arm,arch_timer.yaml: secure, non-secure (ours), virtual, hypervisor. */
static int interrupt_index(const struct board_device *device)
{
    return strcmp(device->compatible, "arm,armv8-timer") == 0 ? 1 : 0;
}

/* An interrupt, in the numbers that Microkit uses. */
static bool read_interrupt(const struct tree *tree, struct board_device *device)
{
    int count = 0;
    int node = tree->path[tree->depth];
    const struct controller *controller = NULL;
    const fdt32_t *cells = cells_of(tree, node, "interrupts-extended", &count);
    int names_controller = count > 1; /* each of the interrupts does, in a cell before it */
    if (names_controller != 0) {
        controller = find_controller(tree, fdt32_to_cpu(cells[0]));
    } else {
        cells = cells_of(tree, node, "interrupts", &count);
        controller = interrupt_parent(tree);
    }
    if (controller == NULL)
        return false;
    int width = controller->gic ? 3 : 1;
    int at = interrupt_index(device) * (width + names_controller) + names_controller;
    if (count < at + width)
        return false;
    cells += at;
    device->irq = fdt32_to_cpu(cells[0]);
    if (!controller->gic)
        return true;
    /* Linux, Documentation/devicetree/bindings/interrupt-controller/arm,gic.yaml: kind, number,
     * flags, of which 1 and 2 are edges. */
    device->irq =
        (fdt32_to_cpu(cells[0]) == 0 ? GIC_SPI : GIC_PPI) + (uint64_t)fdt32_to_cpu(cells[1]);
    device->irq_edge = (fdt32_to_cpu(cells[2]) & 3) != 0;
    return fdt32_to_cpu(cells[0]) <= 1 && device->irq <= UINT32_MAX;
}

/* Linux, Documentation/devicetree/bindings/clock/fixed-clock.yaml: the frequency of the node's
 * first clock, if it has one and that is fixed; else 0. */
static uint32_t read_clock(const struct tree *tree)
{
    int count = 0;
    const fdt32_t *clocks = cells_of(tree, tree->path[tree->depth], "clocks", &count);
    if (count == 0)
        return 0;
    int clock = fdt_node_offset_by_phandle(tree->blob, fdt32_to_cpu(clocks[0]));
    const fdt32_t *hz = clock < 0 ? NULL : cells_of(tree, clock, "clock-frequency", &count);
    return hz == NULL || count != 1 ? 0 : fdt32_to_cpu(hz[0]);
}

/* ---- Names ---- */

static void node_path(const struct tree *tree, char path[PATH_MAX_BYTES])
{
    size_t used = 0;
    path[0] = '\0';
    for (int level = 1; level <= tree->depth && used < PATH_MAX_BYTES; level++) {
        const char *name = fdt_get_name(tree->blob, tree->path[level], NULL);
        used +=
            (size_t)snprintf(path + used, PATH_MAX_BYTES - used, "/%s", name == NULL ? "" : name);
    }
}

/* 3.3: the alias that stands for the node, or NULL. */
static const char *find_alias(const struct tree *tree)
{
    char path[PATH_MAX_BYTES];
    int aliases = fdt_path_offset(tree->blob, "/aliases");
    int property = 0;
    node_path(tree, path);
    fdt_for_each_property_offset(property, tree->blob, aliases)
    {
        const char *name = NULL;
        int length = 0;
        const char *target = fdt_getprop_by_offset(tree->blob, property, &name, &length);
        if (target != NULL && name != NULL && name[0] != '\0' &&
            (size_t)length == strlen(path) + 1 && memcmp(target, path, (size_t)length) == 0)
            return name;
    }
    return NULL;
}

static void name_device(const struct tree *tree, struct board_device *device)
{
    const char *name = find_alias(tree);
    if (name == NULL)
        name = fdt_get_name(tree->blob, tree->path[tree->depth], NULL);
    snprintf(device->name, sizeof(device->name), "%s", name == NULL ? "" : name);
    for (char *c = device->name; *c != '\0'; c++) {
        if (!isalnum((unsigned char)*c) && *c != '-')
            *c = '_';
    }
}

/* ---- Nodes ---- */

static const struct driver *driver_of(const struct drivers *drivers, const char *compatible)
{
    for (size_t d = 0; d < drivers->count; d++) {
        if (driver_find(drivers, drivers->list[d].class_name, compatible) != NULL)
            return &drivers->list[d];
    }
    return NULL;
}

/* The strings of "compatible" (2.3.1), of which a driver's is taken, else the first. */
static const struct driver *read_compatible(const struct tree *tree, struct board_device *device)
{
    int length = 0;
    const char *list = fdt_getprop(tree->blob, tree->path[tree->depth], "compatible", &length);
    device->compatible[0] = '\0';
    if (list == NULL || length == 0 || list[length - 1] != '\0')
        return NULL;
    snprintf(device->compatible, sizeof(device->compatible), "%s", list);
    for (const char *one = list; one < list + length; one += strlen(one) + 1) {
        const struct driver *driver = driver_of(tree->drivers, one);
        if (driver != NULL) {
            snprintf(device->compatible, sizeof(device->compatible), "%s", one);
            return driver;
        }
    }
    return NULL;
}

static void take_device(struct tree *tree, bool served)
{
    struct board *board = tree->board;
    struct board_device device = {0};
    if (board->device_count == BOARD_DEVICES_MAX || !is_okay(tree, tree->path[tree->depth]))
        return;
    const struct driver *driver = read_compatible(tree, &device);
    if (device.compatible[0] == '\0' || (driver != NULL) != served ||
        !read_interrupt(tree, &device))
        return;
    bool in_processor = driver != NULL && strcmp(driver->class_name, "timer") == 0 &&
                        fdt_getprop(tree->blob, tree->path[tree->depth], "reg", NULL) == NULL;
    if (!in_processor && !read_reg(tree, &device.reg_address, &device.reg_size))
        return;
    name_device(tree, &device);
    if (device.name[0] == '\0')
        return;
    device.clock_hz = read_clock(tree);
    device.coherent =
        fdt_getprop(tree->blob, tree->path[tree->depth], "dma-coherent", NULL) != NULL;
    snprintf(device.class_name, sizeof(device.class_name), "%s",
             driver == NULL ? "foreign" : driver->class_name);
    board->devices[board->device_count++] = device;
}

static void take_served(struct tree *tree)
{
    take_device(tree, true);
}

static void take_unserved(struct tree *tree)
{
    take_device(tree, false);
}

static void take_controller(struct tree *tree)
{
    int node = tree->path[tree->depth];
    uint32_t phandle = fdt_get_phandle(tree->blob, node);
    int cells = 0;
    if (fdt_getprop(tree->blob, node, "interrupt-controller", NULL) == NULL || phandle == 0 ||
        tree->controller_count == CONTROLLERS_MAX)
        return;
    const fdt32_t *width = cells_of(tree, node, "#interrupt-cells", &cells);
    tree->controllers[tree->controller_count++] = (struct controller){
        .phandle = phandle,
        .gic = cells > 0 && fdt32_to_cpu(width[0]) >= 3,
    };
}

/* 3.4 and 3.5: a pool that is set apart for DMA, else the largest memory. */
static void take_memory(struct tree *tree)
{
    uint64_t address = 0;
    uint64_t size = 0;
    int node = tree->path[tree->depth];
    bool pool = has_text(tree, node, "compatible", "shared-dma-pool");
    bool memory = has_text(tree, node, "device_type", "memory");
    if ((!pool && !memory) || !is_okay(tree, node) || !read_reg(tree, &address, &size) ||
        (tree->reserved && !pool) || (tree->reserved == pool && size <= tree->memory_size))
        return;
    tree->reserved = pool;
    tree->memory_address = address;
    tree->memory_size = size;
}

/* Calls `take` for each node but the root. */
static void walk(struct tree *tree, void (*take)(struct tree *tree))
{
    int depth = 0;
    tree->path[0] = 0;
    for (int node = fdt_next_node(tree->blob, 0, &depth); node >= 0 && depth > 0;
         node = fdt_next_node(tree->blob, node, &depth)) {
        if (depth >= DEPTH_MAX)
            continue;
        tree->path[depth] = node;
        tree->depth = depth;
        take(tree);
    }
}

static void take_cpu(struct tree *tree)
{
    if (has_text(tree, tree->path[tree->depth], "device_type", "cpu") &&
        fdt_getprop(tree->blob, tree->path[tree->depth], "riscv,isa", NULL) != NULL)
        snprintf(tree->board->arch, sizeof(tree->board->arch), "riscv64");
}

static void set_window(struct tree *tree)
{
    struct board *board = tree->board;
    uint64_t start = tree->memory_address;
    uint64_t end = start + tree->memory_size;
    if (!tree->reserved)
        start += tree->memory_size / 2;
    board->dma_address = (start + PAGE_LARGE - 1) / PAGE_LARGE * PAGE_LARGE;
    board->dma_size = end > board->dma_address ? end - board->dma_address : 0;
}

bool board_parse_dtb(const char *name, const void *blob, size_t size, const struct drivers *drivers,
                     struct board *board, struct findings *findings)
{
    struct tree tree = {.blob = blob, .drivers = drivers, .board = board};
    memset(board, 0, sizeof(*board));
    snprintf(board->file, sizeof(board->file), "%s", name);
    if (size > BOARD_DTB_MAX) {
        findings_add_file(findings, RULE_FILE_LIMIT, name,
                          "larger than %d bytes, the most that is read" REMEDY
                          "give a device tree blob",
                          BOARD_DTB_MAX);
        return false;
    }
    int error = dtb_check(blob, size);
    if (error != 0) {
        findings_add_file(findings, RULE_SYNTAX, name,
                          "not a device tree blob: %s" REMEDY "make one with dtc -O dtb",
                          fdt_strerror(error));
        return false;
    }
    int length = 0;
    const char *model = fdt_getprop(blob, 0, "compatible", &length);
    bool good = model != NULL && length > 1 && model[0] != '\0' && model[length - 1] == '\0';
    snprintf(board->name, sizeof(board->name), "%s", good ? model : "unnamed");
    snprintf(board->arch, sizeof(board->arch), "aarch64");
    walk(&tree, take_cpu);
    walk(&tree, take_controller);
    walk(&tree, take_memory);
    walk(&tree, take_served);
    walk(&tree, take_unserved);
    set_window(&tree);
    return true;
}
