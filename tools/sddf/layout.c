/* SPDX-License-Identifier: BSD-2-Clause */
/* Fourth pass: where regions lie. Each has one virtual address in the whole system, the same in
 * each protection domain that maps it, in windows that are free on seL4 and on Linux (ASLR, ASan,
 * TSan and valgrind alike), and an unmapped page after it. Regions for DMA get I/O addresses from
 * the board's window. Run by the host tool. */
#include "tools/sddf/model.h"

struct window {
    uint64_t next, end; /* free from next up to, not including, end */
};

static uint64_t round_up(uint64_t address, uint64_t to)
{
    return (address + to - 1) / to * to;
}

/* Where a region of the file's own, at an address that the file gives, ends that overlaps
 * [address, address + size); 0 if none does. */
static uint64_t fixed_after(const struct model *model, uint64_t address, uint64_t size)
{
    for (size_t i = 0; i < model->region_count; i++) {
        const struct model_region *region = &model->regions[i];
        if (region->fixed && address < region->vaddr + region->size + PAGE_4K &&
            region->vaddr < address + size)
            return region->vaddr + region->size + PAGE_4K;
    }
    return 0;
}

/* Address 0 if it does not fit. Nothing overflows: `end` and `size` are far below 2^64. */
static uint64_t take(struct window *window, const struct model_region *region, uint64_t guard)
{
    uint64_t address = round_up(window->next, region->page_size);
    if (address > window->end || region->size + guard > window->end - address)
        return 0;
    window->next = address + region->size + guard;
    return address;
}

static const struct window WINDOWS[] = {{0x10000000, 0x58000000}, {0x60000000, 0x7f000000}};

enum { WINDOW_COUNT = sizeof(WINDOWS) / sizeof(WINDOWS[0]) };

/* Each step leaves a region that lies in the way behind. */
static uint64_t take_virtual(const struct model *model, struct window *window,
                             const struct model_region *region)
{
    for (size_t steps = 0; steps <= model->region_count; steps++) {
        struct window before = *window;
        uint64_t address = take(window, region, PAGE_4K);
        uint64_t after = address == 0 ? 0 : fixed_after(model, address, region->size + PAGE_4K);
        if (after == 0)
            return address;
        *window = (struct window){after > before.next ? after : before.next, before.end};
    }
    return 0;
}

/* Addresses that the file gives. */
static void check_fixed(const struct model *model)
{
    for (size_t i = 0; i < model->region_count; i++) {
        const struct model_region *region = &model->regions[i];
        bool inside = false;
        if (!region->fixed)
            continue;
        const struct yaml_node *node = yaml_get(region->node, "address");
        for (size_t w = 0; w < WINDOW_COUNT; w++)
            inside = inside || (region->vaddr >= WINDOWS[w].next &&
                                region->vaddr + region->size + PAGE_4K <= WINDOWS[w].end);
        if (!inside)
            yaml_error(node, RULE_OUTSIDE_WINDOW,
                       "found %s, for %llu KiB" ALLOWED
                       "a place in 0x10000000 to 0x58000000 or 0x60000000 to 0x7f000000" REMEDY
                       "move it, or remove the key",
                       node->text, (unsigned long long)region->size / 1024);
        for (size_t j = 0; j < i; j++) {
            const struct model_region *other = &model->regions[j];
            if (other->fixed && region->vaddr < other->vaddr + other->size &&
                other->vaddr < region->vaddr + region->size)
                yaml_error(node, RULE_OVERLAP,
                           "found region %s at an address inside region %s (line %u)" ALLOWED
                           "an address of its own for each region" REMEDY
                           "move one, or remove the key",
                           region->name, other->name, other->node->key_line);
        }
    }
}

/* Small pages first: large ones leave gaps before them. */
static void layout_virtual(struct model *model)
{
    struct window windows[WINDOW_COUNT] = {WINDOWS[0], WINDOWS[1]};
    static const uint64_t PAGES[] = {PAGE_4K, PAGE_2M};
    for (size_t p = 0; p < 2; p++) {
        for (size_t i = 0; i < model->region_count; i++) {
            struct model_region *region = &model->regions[i];
            if (region->page_size != PAGES[p] || region->fixed)
                continue;
            for (size_t w = 0; w < WINDOW_COUNT && region->vaddr == 0; w++)
                region->vaddr = take_virtual(model, &windows[w], region);
            if (region->vaddr == 0) {
                yaml_error(region->node, RULE_NO_ROOM,
                           "found no room for region %s of %llu KiB in the 1,648 MiB of virtual "
                           "addresses that all regions of a system share" REMEDY
                           "use fewer or smaller buffers and regions",
                           region->name, (unsigned long long)region->size / 1024);
                return;
            }
        }
    }
}

static void layout_dma(struct model *model)
{
    const struct board *board = model->board;
    struct window window = {board->dma_address, board->dma_address + board->dma_size};
    if (window.next == 0) /* in a blob, 0 says that a region is not for DMA */
        window.next = PAGE_4K;
    static const uint64_t PAGES[] = {PAGE_2M, PAGE_4K};
    for (size_t p = 0; p < 2; p++) {
        for (size_t i = 0; i < model->region_count; i++) {
            struct model_region *region = &model->regions[i];
            if (region->use != USE_DMA || region->page_size != PAGES[p])
                continue;
            if (board->dma_size == 0) {
                yaml_error(region->node, RULE_DMA_WITHOUT_IO_ADDRESS,
                           "region %s is for DMA, but board %s (%s) has no window of I/O "
                           "addresses" REMEDY "add \"dma\" to the board, or use another",
                           region->name, board->name, board->file);
                return;
            }
            region->has_phys_addr = true;
            region->phys_addr = take(&window, region, 0);
            if (region->phys_addr == 0) {
                yaml_error(region->node, RULE_NO_ROOM,
                           "found no room for region %s of %llu KiB in the %llu KiB that board %s "
                           "has for DMA (\"dma\" in %s)" REMEDY
                           "use fewer or smaller buffers and regions",
                           region->name, (unsigned long long)region->size / 1024,
                           (unsigned long long)board->dma_size / 1024, board->name, board->file);
                return;
            }
        }
    }
}

void layout_system(struct model *model)
{
    check_fixed(model);
    layout_virtual(model);
    layout_dma(model);
}
