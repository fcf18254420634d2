/* SPDX-License-Identifier: BSD-2-Clause */
/* A queue in the form of the talk's listing: both indices in one line that either side writes, a
 * barrier for each entry, a signal for each packet; nothing of the peer's is checked. Two of them
 * make a connection. Included with LISTING_BARRIER defined. */
#include "circulate.h"
#include "contenders.h"

struct listing {
    _Alignas(4096) uint32_t write_index;
    uint32_t read_index;
    uint32_t size;
    struct net_desc entries[CAPACITY_MAX];
};

/* Volatile, since nothing else tells the compiler that the peer writes too. */
static uint32_t listing_read(const uint32_t *word)
{
    return *(const volatile uint32_t *)word;
}

static void listing_write(uint32_t *word, uint32_t value)
{
    *(volatile uint32_t *)word = value;
}

static inline bool listing_enqueue(struct listing *queue, struct net_desc entry)
{
    uint32_t at = listing_read(&queue->write_index);
    if (at - listing_read(&queue->read_index) == queue->size) {
        return false;
    }
    queue->entries[at % queue->size] = entry;
    LISTING_BARRIER();
    listing_write(&queue->write_index, at + 1);
    return true;
}

static inline bool listing_dequeue(struct listing *queue, struct net_desc *entry)
{
    uint32_t at = listing_read(&queue->read_index);
    if (listing_read(&queue->write_index) == at) {
        return false;
    }
    LISTING_BARRIER();
    *entry = queue->entries[at % queue->size];
    LISTING_BARRIER();
    listing_write(&queue->read_index, at + 1);
    return true;
}

static struct listing listing_active, listing_free;

static bool rings_open(uint32_t capacity)
{
    listing_active.write_index = listing_active.read_index = 0;
    listing_free.write_index = listing_free.read_index = 0;
    listing_active.size = listing_free.size = capacity;
    return true;
}

static inline uint32_t rings_collect(struct sender *sender)
{
    struct net_desc entry;
    uint32_t count = 0;
    while (listing_dequeue(&listing_free, &entry)) {
        sender->wrong |= entry_wrong(entry, sender->returned + count++);
    }
    return count;
}

static inline bool rings_send(struct sender *sender, uint32_t first, uint32_t burst)
{
    for (uint32_t i = 0; i < burst; i++) {
        sender->wrong |= !listing_enqueue(&listing_active, entry_make(first + i));
        sender_signal(sender);
    }
    return true;
}

static uint32_t rings_receive(uint32_t first, uint32_t burst, uint64_t *wrong)
{
    struct net_desc entry;
    uint32_t count = 0;
    while (count < burst && listing_dequeue(&listing_active, &entry)) {
        *wrong |= entry_wrong(entry, first + count++);
        *wrong |= !listing_enqueue(&listing_free, entry);
    }
    return count;
}

static const char *rings_audit(void)
{
    return NULL;
}
