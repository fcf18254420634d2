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

/* Address 0 if it does not fit. Nothing overflows: `end` and `size` are far below 2^64. */
static uint64_t take(struct window *window, const struct model_region *region, uint64_t guard)
{
    uint64_t address = round_up(window->next, region->page_size);
    if (address > window->end || region->size + guard > window->end - address)
        return 0;
    window->next = address + region->size + guard;
    return address;
}

/* Small pages first: large ones leave gaps before them. */
static void layout_virtual(struct model *model)
{
    struct window windows[] = {{0x10000000, 0x58000000}, {0x60000000, 0x7f000000}};
    static const uint64_t PAGES[] = {PAGE_4K, PAGE_2M};
    for (size_t p = 0; p < 2; p++) {
        for (size_t i = 0; i < model->region_count; i++) {
            struct model_region *region = &model->regions[i];
            if (region->page_size != PAGES[p])
                continue;
            for (size_t w = 0; w < 2 && region->vaddr == 0; w++)
                region->vaddr = take(&windows[w], region, PAGE_4K);
            if (region->vaddr == 0) {
                yaml_error(region->node,
                           "found no room for region %s of %llu KiB in the 1,648 MiB of virtual "
                           "addresses that all regions of a system share; use fewer or smaller "
                           "buffers",
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
            region->phys_addr = take(&window, region, 0);
            if (region->phys_addr == 0) {
                yaml_error(region->node,
                           "found no room for region %s of %llu KiB in the %llu KiB that board %s "
                           "has for DMA (\"dma\" in %s); use fewer or smaller buffers",
                           region->name, (unsigned long long)region->size / 1024,
                           (unsigned long long)board->dma_size / 1024, board->name, board->file);
                return;
            }
        }
    }
}

void layout_system(struct model *model)
{
    layout_virtual(model);
    layout_dma(model);
}
