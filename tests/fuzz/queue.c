/* SPDX-License-Identifier: BSD-2-Clause */
/* The queue (sddf/queue.h): one side does what the input says, in any order that its contract
 * allows; the other is a peer, honest or hostile. Entries of 8, 16 or 24 bytes. With an honest peer
 * each entry arrives once, in order and whole, and nobody is accused; with a hostile one nothing
 * reaches outside the sides' regions, and what is found never exceeds the capacity. */
#include "peer.h"

#include <stdlib.h>
#include <string.h>

enum { CAPACITY = 8, ENTRY_MAX = 24, BATCH = 8 };

static struct queue_side *side[2];
static struct connection ends[2]; /* 0 is watched, 1 its peer */
static bool hostile;
static size_t entry_size;
static uint64_t put_next[2], got_next[2]; /* numbers of the entries that end i puts; gets */
static uint64_t accused[2];               /* of restarting too often, by end i */

static uint32_t put_entries(uint32_t end, uint32_t count)
{
    uint64_t entries[BATCH * ENTRY_MAX / 8];
    for (uint32_t i = 0; i < count * (entry_size / 8); i++) {
        entries[i] = put_next[end] + i / (entry_size / 8);
    }
    return entry_size == 8    ? queue_put(&ends[end], entries, count, 8)
           : entry_size == 16 ? queue_put(&ends[end], entries, count, 16)
                              : queue_put(&ends[end], entries, count, 24);
}

static uint32_t get_entries(uint32_t end, uint64_t *entries, uint32_t count)
{
    return entry_size == 8    ? queue_get(&ends[end], entries, count, 8)
           : entry_size == 16 ? queue_get(&ends[end], entries, count, 16)
                              : queue_get(&ends[end], entries, count, 24);
}

static void put(uint32_t end, uint32_t count, bool publish)
{
    bool some = queue_space(&ends[end], 1) != 0;
    uint32_t space = queue_space(&ends[end], count);
    must(space <= CAPACITY, "more space than the queue has");
    if (space == 0 &&
        !fuzz_record.disturbed) { /* a head that lies; who asks in turn must not hang */
        some = queue_space(&ends[end], 1) != 0;
        space = queue_space(&ends[end], count);
    }
    must(!some || space != 0 || fuzz_record.disturbed, "space for one is there and none for many");
    uint32_t done = put_entries(end, count < space ? count : space);
    must(done == (count < space ? count : space), "granted space was not there");
    put_next[end] += done;
    if (publish) {
        queue_publish(&ends[end]);
        (void)queue_signal(&ends[end]);
    }
}

static void get(uint32_t end, uint32_t count, bool release)
{
    uint64_t entries[BATCH * ENTRY_MAX / 8];
    uint32_t there = queue_available(&ends[end]);
    must(there <= CAPACITY, "more entries than the queue holds");
    uint32_t got = get_entries(end, entries, count);
    /* While the peer is down nothing is found; what was found before may still be got. */
    must(got == (count < there ? count : there) || !ends[end].ready,
         "entries that were found are gone");
    for (uint32_t i = 0; !hostile && i < got * (entry_size / 8); i++) {
        must(entries[i] == got_next[end] + i / (entry_size / 8),
             "an entry is lost, repeated or torn");
    }
    got_next[end] += got;
    if (release) {
        queue_release(&ends[end]);
    }
}

/* Entries and numbers begin anew with each life of either end. */
static void poll(uint32_t end)
{
    if (connection_poll(&ends[end]) != CONNECTION_RESTARTED) {
        return;
    }
    if (connection_adopt(&ends[end])) {
        put_next[end] = got_next[end] = 0;
        (void)connection_poll(&ends[end]);
    } else {
        accused[end]++; /* it restarts too often */
    }
}

static void open(uint32_t end)
{
    must(connection_open(&ends[end], side[end], side[1 - end], CAPACITY, CAPACITY),
         "a good capacity is refused");
    accused[end] = 0;
    put_next[end] = got_next[end] = 0;
}

static void lie(void)
{
    shared_u32 *words[] = {&side[1]->epoch, &side[1]->seen, &side[1]->tail, &side[1]->head,
                           &side[1]->mark};
    uint32_t near[] = {ends[0].peer_epoch, ends[0].epoch, ends[0].head, ends[0].tail, ends[0].tail};
    uint8_t choice = input8();
    uint32_t at = choice % 5;
    if (choice < 160) {
        words[at]->value = input_near(near[at]);
    } else if (choice < 240) {
        fuzz_race(words[at], 4, input_near(near[at]), input8());
    } else {
        ((uint8_t *)side[1]->entries)[input8() % (CAPACITY * 8)] = input8();
    }
}

static void step(void)
{
    uint8_t choice = input8();
    uint32_t end = hostile ? 0 : choice >> 3 & 1, count = 1 + (choice >> 4 & 7);
    switch (choice & 7) {
    case 0:
        put(end, count, true);
        break;
    case 1:
        put(end, count, false);
        break;
    case 2:
        get(end, count, true);
        break;
    case 3:
        get(end, count, false);
        break;
    case 4:
        (void)queue_arm(&ends[end], count);
        (void)queue_peer_waits(&ends[end]);
        break;
    case 5:
        poll(end);
        break;
    case 6:
        if (hostile) {
            lie();
        } else {
            poll(1 - end);
        }
        break;
    default:
        if (choice >= 0xe0) {
            open(end);
        }
        break;
    }
}

/* The watched end's steps are what a peer can disturb. */
void init(void)
{
    accused[0] = accused[1] = 0;
    open(0);
    open(1);
    poll(0);
    poll(1);
    poll(0);
    while (!input_ended()) {
        step();
        must(hostile || (ends[0].violations == accused[0] && ends[1].violations == accused[1]),
             "an honest peer is accused");
    }
}

void notified(microkit_channel channel)
{
    (void)channel;
}

const char *component_tables(void)
{
    return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (side[0] == NULL) {
        for (uint32_t i = 0; i < 2; i++) {
            size_t room = QUEUE_SIDE_SIZE(CAPACITY, ENTRY_MAX);
            side[i] = fuzz_memory(room, room);
        }
    }
    fuzz_begin(bytes, size);
    uint8_t flags = input8();
    hostile = (flags & 1) != 0;
    entry_size = 8U * (1U + (flags >> 1) % 3U);
    must(fuzz_init(ends, 0), "the queue stopped");
    return 0;
}
