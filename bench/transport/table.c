/* SPDX-License-Identifier: BSD-2-Clause */
/* An older way: a table of descriptors with a ring of those offered and a ring of those used, in
 * the form of virtio's split queue (virtio 1.2, 2.7) with flags, not event indices, to hold signals
 * back. An entry is published by itself, with a barrier, and the receiver's flag is read after
 * each. */
#include "circulate.h"
#include "contenders.h"

enum { TABLE_NO_SIGNAL = 1 };

struct table_desc {
    _Alignas(16) struct net_desc entry;
};

struct table_used {
    uint32_t id, length;
};

static struct {
    _Alignas(4096) struct table_desc descriptors[CAPACITY_MAX];
    _Alignas(4096) uint32_t avail_flags, avail_index;
    uint16_t avail_ring[CAPACITY_MAX];
    _Alignas(4096) uint32_t used_flags, used_index;
    struct table_used used_ring[CAPACITY_MAX];
} table;

static struct {
    _Alignas(128) uint32_t size, avail_index, used_index, free_count;
    uint16_t free[CAPACITY_MAX];
} mine;

static struct {
    _Alignas(128) uint32_t size, avail_index, used_index;
    bool waiting;
} theirs;

static bool split_open(uint32_t capacity)
{
    table.avail_flags = table.avail_index = 0;
    table.used_flags = table.used_index = 0;
    mine.avail_index = mine.used_index = 0;
    theirs.avail_index = theirs.used_index = 0;
    theirs.waiting = false;
    mine.size = theirs.size = mine.free_count = capacity;
    for (uint32_t i = 0; i < capacity; i++) {
        mine.free[i] = (uint16_t)(capacity - 1 - i);
    }
    return true;
}

static inline uint32_t split_collect(struct sender *sender)
{
    uint32_t count = __atomic_load_n(&table.used_index, __ATOMIC_ACQUIRE) - mine.used_index;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t id = table.used_ring[mine.used_index++ % mine.size].id;
        if (id >= mine.size || mine.free_count == mine.size) {
            sender->wrong = 1;
            break;
        }
        sender->wrong |= entry_wrong(table.descriptors[id].entry, sender->returned + i);
        mine.free[mine.free_count++] = (uint16_t)id;
    }
    return count;
}

static inline bool split_send(struct sender *sender, uint32_t first, uint32_t burst)
{
    for (uint32_t i = 0; i < burst; i++) {
        uint16_t id = mine.free[--mine.free_count];
        table.descriptors[id].entry = entry_make(first + i);
        table.avail_ring[mine.avail_index % mine.size] = id;
        __atomic_store_n(&table.avail_index, ++mine.avail_index, __ATOMIC_RELEASE);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
        if (__atomic_load_n(&table.used_flags, __ATOMIC_RELAXED) != TABLE_NO_SIGNAL) {
            sender_signal(sender);
        }
    }
    return true;
}

/* Signals are held back while it works; when it might wait it lets them through and looks again. */
static bool table_look(void)
{
    bool found = __atomic_load_n(&table.avail_index, __ATOMIC_ACQUIRE) != theirs.avail_index;
    if (found == theirs.waiting) {
        theirs.waiting = !found;
        __atomic_store_n(&table.used_flags, found ? TABLE_NO_SIGNAL : 0, __ATOMIC_RELAXED);
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
    }
    return found;
}

static uint32_t split_receive(uint32_t first, uint32_t burst, uint64_t *wrong)
{
    uint32_t count = 0;
    if (!table_look()) {
        return 0;
    }
    while (count < burst &&
           __atomic_load_n(&table.avail_index, __ATOMIC_ACQUIRE) != theirs.avail_index) {
        uint32_t id = table.avail_ring[theirs.avail_index++ % theirs.size];
        if (id >= theirs.size) {
            *wrong = 1;
            break;
        }
        struct net_desc entry = table.descriptors[id].entry;
        *wrong |= entry_wrong(entry, first + count++);
        table.used_ring[theirs.used_index % theirs.size] =
            (struct table_used){.id = id, .length = entry.length};
        __atomic_store_n(&table.used_index, ++theirs.used_index, __ATOMIC_RELEASE);
    }
    return count;
}

static const char *split_audit(void)
{
    return NULL;
}

CIRCULATION(table, "table", split_open, split_collect, split_send, split_receive, split_audit);
