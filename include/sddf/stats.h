/* SPDX-License-Identifier: BSD-2-Clause */
/* A component's statistics page: named counters that it alone writes and a monitor reads. The page
 * carries its names, so a reader needs to know nothing of the component. A reader trusts nothing in
 * it: count within STATS_COUNTERS_MAX, names of printable characters.
 *
 *     0        16           64                                            4096
 *     | header | instance   | {name[24], value} x 126                      |
 */
#ifndef SDDF_STATS_H
#define SDDF_STATS_H

#include <sddf/atomic.h>
#include <stddef.h>
#include <stdint.h>

enum {
    STATS_MAGIC = 0x53544154, /* "STAT" */
    STATS_VERSION = 1,
    STATS_PAGE_SIZE = 4096,
    STATS_INSTANCE_MAX = 48, /* bytes, with the terminating zero */
    STATS_NAME_MAX = 24,     /* bytes, with the terminating zero */
    STATS_COUNTERS_MAX = 126,
};

struct stats_counter {
    char name[STATS_NAME_MAX];
    shared_u64 value;
};

struct stats_page {
    shared_u32 magic; /* written last */
    uint32_t version;
    uint32_t count;
    uint32_t reserved;
    char instance[STATS_INSTANCE_MAX];
    struct stats_counter counters[STATS_COUNTERS_MAX];
};

_Static_assert(sizeof(struct stats_counter) == 32, "a counter is 32 bytes");
_Static_assert(offsetof(struct stats_page, counters) == 64, "counters start at the second line");
_Static_assert(sizeof(struct stats_page) == STATS_PAGE_SIZE, "the statistics are one page");

/* Starts the page at zero. `names`: `count` strings, at most STATS_COUNTERS_MAX; a name or instance
 * that is too long is cut. */
static inline void stats_open(struct stats_page *page, const char *instance,
                              const char *const *names, uint32_t count)
{
    count = count < STATS_COUNTERS_MAX ? count : STATS_COUNTERS_MAX;
    atomic_store_relaxed(&page->magic, 0);
    page->version = STATS_VERSION;
    page->count = count;
    for (uint32_t i = 0; i < STATS_INSTANCE_MAX - 1 && instance[i] != '\0'; i++) {
        page->instance[i] = instance[i];
    }
    for (uint32_t c = 0; c < count; c++) {
        for (uint32_t i = 0; i < STATS_NAME_MAX - 1 && names[c][i] != '\0'; i++) {
            page->counters[c].name[i] = names[c][i];
        }
        atomic_store64_relaxed(&page->counters[c].value, 0);
    }
    atomic_store_release(&page->magic, STATS_MAGIC);
}

/* Adds to a counter. Its page has one writer, so no read-modify-write is needed; and no order, so
 * it is as an entry is. */
static inline void stats_add(struct stats_page *page, uint32_t counter, uint64_t amount)
{
    shared_u64 *value = &page->counters[counter].value;
    shared_write(value, shared_read(value) + amount);
}

static inline void stats_set(struct stats_page *page, uint32_t counter, uint64_t amount)
{
    shared_write(&page->counters[counter].value, amount);
}

#endif
