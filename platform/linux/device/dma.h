/* SPDX-License-Identifier: BSD-2-Clause */
/* What a device model may reach of the system's memory: it plays the IOMMU. Every address that a
 * driver gives it goes through dma_translate(). */
#ifndef LINUX_DEVICE_DMA_H
#define LINUX_DEVICE_DMA_H

#include <stddef.h>
#include <stdint.h>

enum { DMA_REGIONS_MAX = 64 };

struct dma_region {
    uint64_t address; /* I/O address */
    uint64_t size;    /* bytes */
    uint8_t *memory;  /* where the region is mapped here */
};

struct dma_map {
    struct dma_region regions[DMA_REGIONS_MAX];
    size_t count;
};

/* The memory of [address, address + size), which must lie in one region; NULL when it does not. */
static inline uint8_t *dma_translate(const struct dma_map *map, uint64_t address, uint64_t size)
{
    for (size_t i = 0; i < map->count; i++) {
        const struct dma_region *region = &map->regions[i];
        uint64_t offset = address - region->address; /* may wrap: then it is too large */
        if (offset < region->size && size <= region->size - offset) {
            return region->memory + offset;
        }
    }
    return NULL;
}

#endif
