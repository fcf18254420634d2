/* SPDX-License-Identifier: BSD-2-Clause */
/* What a bench of queues asks of each that it compares. All carry the same 16-byte entry from one
 * producer to one consumer; each contender has a source file of its own, which builds its loops
 * from the templates below, so that nothing is called through a pointer while time is taken. */
#ifndef BENCH_CONTENDER_H
#define BENCH_CONTENDER_H

#include <sddf/net.h>
#include <stdbool.h>
#include <stdint.h>

enum { BURST_MAX = 256, CAPACITY_MAX = 4096 };

struct contender {
    const char *name;
    /* Makes the queue anew, empty, for at least `capacity` - 1 entries; runs on the producer's
     * core. False if it cannot. */
    bool (*open)(uint32_t capacity);
    /* Moves `count` entries, a multiple of `burst`. produce() and consume() run at the same time on
     * two cores; alternate() does both in turn on one. The last two return 0 if every
     * entry was what was sent. */
    void (*produce)(uint32_t count, uint32_t burst);
    uint64_t (*consume)(uint32_t count, uint32_t burst);
    uint64_t (*alternate)(uint32_t count, uint32_t burst);
    /* After a run: how often the consumer was to be woken. May be NULL. */
    uint64_t (*signals)(void);
    /* After a run: what is wrong with the queue's own books, or NULL. May be NULL itself. */
    const char *(*audit)(void);
};

/* Those of a program, in the order in which they first take turns. */
extern const struct contender *const contenders[];
extern const uint32_t contender_count;

static inline void relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Entry `sequence` carries its number in both halves. Made and looked at as cheaply as can be: what
 * is measured is the queue. */
static inline __attribute__((always_inline)) struct net_desc entry_make(uint32_t sequence)
{
    return (struct net_desc){.address = sequence, .meta = sequence};
}

/* 0 if it is the right one. */
static inline __attribute__((always_inline)) uint64_t entry_wrong(struct net_desc entry,
                                                                  uint32_t sequence)
{
    uint64_t half;
    __builtin_memcpy(&half, (const char *)&entry + 8, sizeof(half));
    return (entry.address ^ sequence) | (half ^ (uint64_t)sequence << 32);
}

/* Puts all `burst` entries from number `first` on, or none. */
typedef bool put_burst(uint32_t first, uint32_t burst);
/* Takes up to `burst` entries, which should be number `first` and on; else sets bits in
 * `*wrong`. Returns how many it took. */
typedef uint32_t get_burst(uint32_t first, uint32_t burst, uint64_t *wrong);

static inline __attribute__((always_inline)) void loop_produce(put_burst *put, uint32_t count,
                                                               uint32_t burst)
{
    for (uint32_t sequence = 0; sequence < count; sequence += burst) {
        while (!put(sequence, burst)) {
            relax();
        }
    }
}

static inline __attribute__((always_inline)) uint64_t loop_consume(get_burst *get, uint32_t count,
                                                                   uint32_t burst)
{
    uint64_t wrong = 0;
    for (uint32_t sequence = 0; sequence < count;) {
        uint32_t got = get(sequence, burst, &wrong);
        sequence += got;
        if (got == 0) {
            relax();
        }
    }
    return wrong;
}

/* A consumer on the same core finds a whole burst, takes it, and finds that there is no more. */
static inline __attribute__((always_inline)) uint64_t loop_alternate(put_burst *put, get_burst *get,
                                                                     uint32_t count, uint32_t burst)
{
    uint64_t wrong = 0;
    for (uint32_t sequence = 0; sequence < count; sequence += burst) {
        wrong |= !put(sequence, burst);
        uint32_t taken = 0, got;
        while ((got = get(sequence + taken, burst, &wrong)) != 0) {
            taken += got;
        }
        wrong |= taken != burst;
    }
    return wrong;
}

/* The three loops of one contender. */
#define CONTENDER_LOOPS(prefix, put, get)                              \
    static void prefix##_produce(uint32_t count, uint32_t burst)       \
    {                                                                  \
        loop_produce(put, count, burst);                               \
    }                                                                  \
    static uint64_t prefix##_consume(uint32_t count, uint32_t burst)   \
    {                                                                  \
        return loop_consume(get, count, burst);                        \
    }                                                                  \
    static uint64_t prefix##_alternate(uint32_t count, uint32_t burst) \
    {                                                                  \
        return loop_alternate(put, get, count, burst);                 \
    }

/* Bursts that the contenders without single-entry access put from and get into. */
static inline __attribute__((always_inline)) void batch_make(struct net_desc *batch, uint32_t first,
                                                             uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        batch[i] = entry_make(first + i);
    }
}

static inline __attribute__((always_inline)) uint64_t batch_wrong(const struct net_desc *batch,
                                                                  uint32_t first, uint32_t count)
{
    uint64_t wrong = 0;
    for (uint32_t i = 0; i < count; i++) {
        wrong |= entry_wrong(batch[i], first + i);
    }
    return wrong;
}

#endif
