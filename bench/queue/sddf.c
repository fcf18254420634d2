/* SPDX-License-Identifier: BSD-2-Clause */
/* Our queue, from the header that ships, in six ways: with its whole contract and as a plain
 * transfer, each with entries made where they lie (net_put_one) and taken in runs (queue_get); in
 * runs on both sides, out of and into an array; and entry by entry (net_put_one, net_get_one).
 *
 * The whole contract is what a component does in an activation: look at the peer's epoch, check
 * what the peer says, fence and look at its mark after each publish; a consumer that finds nothing
 * arms and looks again. What a wake costs is the platform's, not the queue's: a consumer that may
 * wait polls here, as those of the other queues do. A plain transfer has the checks of indices and
 * neither marks nor fences. */
#include "contenders.h"
#include "sides.h"

/* What one side keeps to itself, on lines of its own. */
struct side {
    _Alignas(4096) struct connection connection;
    struct net_desc batch[BURST_MAX];
    uint64_t signals; /* producer: times that the consumer was to be woken */
    uint64_t arms;    /* consumer: times that it armed */
    bool waiting;     /* consumer: it might wait, and need not arm again */
};

static struct side producer, consumer;
static struct queue_side *memory[2];

static bool sddf_open(uint32_t capacity)
{
    producer.signals = consumer.arms = 0;
    consumer.waiting = false;
    return sides_open(&producer.connection, &consumer.connection, memory, capacity);
}

/* A waiting consumer that polls may see what it waits for before it is signalled, and need not be
 * signalled then: so no wait tells that a wake was lost (tests/unit, tests/weak do). But nobody is
 * signalled who has not armed. */
static const char *sddf_audit(void)
{
    if (producer.connection.violations + consumer.connection.violations != 0) {
        return "violations were counted between two honest sides";
    }
    return producer.signals > consumer.arms ? "more signals than arms" : NULL;
}

static inline __attribute__((always_inline)) bool put_entries(uint32_t first, uint32_t burst,
                                                              bool slots)
{
    struct connection *c = &producer.connection;
    if (queue_space(c, burst) < burst) {
        return false;
    }
    if (slots) {
        for (uint32_t i = 0; i < burst; i++) {
            net_put_one(c, entry_make(first + i));
        }
    } else {
        batch_make(producer.batch, first, burst);
        net_put(c, producer.batch, burst);
    }
    queue_publish(c);
    return true;
}

static inline __attribute__((always_inline)) uint32_t get_entries(uint32_t first, uint32_t count,
                                                                  uint64_t *wrong, bool slots)
{
    struct connection *c = &consumer.connection;
    if (slots) {
        for (uint32_t i = 0; i < count; i++) {
            *wrong |= entry_wrong(net_get_one(c), first + i);
        }
    } else {
        count = net_get(c, consumer.batch, count);
    }
    queue_release(c);
    if (!slots) {
        *wrong |= batch_wrong(consumer.batch, first, count);
    }
    return count;
}

static inline __attribute__((always_inline)) bool put_whole(uint32_t first, uint32_t burst,
                                                            bool slots)
{
    if (connection_poll(&producer.connection) != CONNECTION_READY ||
        !put_entries(first, burst, slots)) {
        return false;
    }
    producer.signals += queue_signal(&producer.connection);
    return true;
}

/* What the last look at the peer's tail found is taken before the next look: the line of a tail
 * that nobody looks at stays with its producer. */
static inline __attribute__((always_inline)) uint32_t find(struct connection *c, uint32_t burst)
{
    return queue_left(c) >= burst ? queue_left(c) : queue_available(c);
}

static inline __attribute__((always_inline)) uint32_t get_whole(uint32_t first, uint32_t burst,
                                                                uint64_t *wrong, bool slots)
{
    struct connection *c = &consumer.connection;
    if (connection_poll(c) != CONNECTION_READY) {
        return 0;
    }
    uint32_t available = find(c, burst);
    if (available == 0) {
        if (!consumer.waiting) {
            consumer.arms++;
            consumer.waiting = queue_arm(c, 1);
        }
        return 0;
    }
    consumer.waiting = false;
    return get_entries(first, available < burst ? available : burst, wrong, slots);
}

static inline __attribute__((always_inline)) uint32_t get_plain(uint32_t first, uint32_t burst,
                                                                uint64_t *wrong, bool slots)
{
    uint32_t available = find(&consumer.connection, burst);
    available = available < burst ? available : burst;
    return available == 0 ? 0 : get_entries(first, available, wrong, slots);
}

#define SDDF_CONTENDER(prefix, title, put, get, put_slots, get_slots)             \
    static bool prefix##_put(uint32_t first, uint32_t burst)                      \
    {                                                                             \
        return put(first, burst, put_slots);                                      \
    }                                                                             \
    static uint32_t prefix##_get(uint32_t first, uint32_t burst, uint64_t *wrong) \
    {                                                                             \
        return get(first, burst, wrong, get_slots);                               \
    }                                                                             \
    CONTENDER_LOOPS(prefix, prefix##_put, prefix##_get)                           \
    const struct contender contender_##prefix = {                                 \
        .name = (title),                                                          \
        .open = sddf_open,                                                        \
        .produce = prefix##_produce,                                              \
        .consume = prefix##_consume,                                              \
        .alternate = prefix##_alternate,                                          \
        .audit = sddf_audit,                                                      \
    }

SDDF_CONTENDER(sddf, "sddf", put_whole, get_whole, true, false);
SDDF_CONTENDER(sddf_plain, "sddf-plain", put_entries, get_plain, true, false);
SDDF_CONTENDER(sddf_runs, "sddf-runs", put_whole, get_whole, false, false);
SDDF_CONTENDER(sddf_runs_plain, "sddf-runs-plain", put_entries, get_plain, false, false);
SDDF_CONTENDER(sddf_slots, "sddf-slots", put_whole, get_whole, true, true);
SDDF_CONTENDER(sddf_slots_plain, "sddf-slots-plain", put_entries, get_plain, true, true);
