/* SPDX-License-Identifier: BSD-2-Clause */
/* Our transport, from the header that ships, with its whole contract on both ways; and, compiled
 * again with an edited header (ablate.py) or one of these, the ablations of it:
 *
 *     EACH_PUBLISHED   an entry at a time: publish after each put, release after each get
 *     EACH_SIGNALLED   EACH_PUBLISHED, and a look at the mark, with its fence, after each publish
 *     ALWAYS_ARMED     the receiver arms after each take, though it will look again anyway
 *     ALWAYS_SIGNALLED a signal for each burst, whatever the mark says
 *     NOT_POLLED       the peer's epoch is not looked at
 *
 * PREFIX and TITLE name the contender. Two honest sides circulate: an ablation that takes out what
 * guards against others, or what keeps a waiting peer from sleeping on, still comes to its end. */
#include "circulate.h"
#include "contenders.h"
#include "sides.h"

#define JOINED_(a, b)           a##b
#define JOINED(a, b)            JOINED_(a, b)
#define OUR_CIRCULATION(prefix) OUR_CIRCULATION_(prefix)
#define OUR_CIRCULATION_(prefix) \
    CIRCULATION(prefix, TITLE, open_sides, collect, send, receive, audit)

#if defined(EACH_SIGNALLED)
#define EACH_PUBLISHED
#endif

struct side {
    _Alignas(4096) struct connection connection;
    struct net_desc batch[BURST_MAX];
    bool waiting; /* it might wait, and need not arm again */
};

static struct side sending, receiving;
static struct queue_side *memory[2];

static bool open_sides(uint32_t capacity)
{
    receiving.waiting = false;
    return sides_open(&sending.connection, &receiving.connection, memory, capacity);
}

static const char *audit(void)
{
    return sending.connection.violations + receiving.connection.violations != 0
               ? "violations were counted between two honest sides"
               : NULL;
}

static inline bool ready(struct connection *c)
{
#if defined(NOT_POLLED)
    return c->ready;
#else
    return connection_poll(c) == CONNECTION_READY;
#endif
}

/* Returns the signals that are due. */
static inline uint32_t publish(struct connection *c)
{
    queue_publish(c);
#if defined(ALWAYS_SIGNALLED)
    return 1;
#else
    return queue_signal(c);
#endif
}

/* Puts a batch, publishes it, and returns how many signals were due. */
static inline uint32_t offer(struct side *side, uint32_t count)
{
    struct connection *c = &side->connection;
    uint32_t signals = 0;
#if defined(EACH_PUBLISHED)
    for (uint32_t i = 0; i < count; i++) {
        net_put_one(c, side->batch[i]);
#if defined(EACH_SIGNALLED)
        signals += publish(c);
#else
        queue_publish(c);
#endif
    }
#else
    net_put(c, side->batch, count);
#endif
#if !defined(EACH_SIGNALLED)
    signals = publish(c);
#endif
    return signals;
}

/* Takes a batch and gives its slots back. */
static inline uint32_t take(struct side *side, uint32_t count)
{
    struct connection *c = &side->connection;
#if defined(EACH_PUBLISHED)
    for (uint32_t i = 0; i < count; i++) {
        side->batch[i] = net_get_one(c);
        queue_release(c);
    }
#else
    count = net_get(c, side->batch, count);
    queue_release(c);
#endif
    return count;
}

static inline uint32_t collect(struct sender *sender)
{
    struct connection *c = &sending.connection;
    uint32_t count = 0, available = ready(c) ? queue_available(c) : 0;
    while (available != 0) {
        uint32_t some = take(&sending, available < BURST_MAX ? available : BURST_MAX);
        sender->wrong |= batch_wrong(sending.batch, sender->returned + count, some);
        count += some;
        available -= some;
    }
    return count;
}

static inline bool send(struct sender *sender, uint32_t first, uint32_t burst)
{
    struct connection *c = &sending.connection;
    if (!ready(c) || queue_space(c, burst) < burst) {
        return false;
    }
    batch_make(sending.batch, first, burst);
    for (uint32_t signals = offer(&sending, burst); signals != 0; signals--) {
        sender_signal(sender);
    }
    return true;
}

static inline void arm(void)
{
    if (!receiving.waiting) {
        receiving.waiting = queue_arm(&receiving.connection, 1);
    }
}

static uint32_t receive(uint32_t first, uint32_t burst, uint64_t *wrong)
{
    struct connection *c = &receiving.connection;
    uint32_t available = ready(c) ? queue_available(c) : 0;
    if (available == 0) {
        arm();
        return 0;
    }
    receiving.waiting = false;
    available = available < burst ? available : burst;
    if (queue_space(c, available) < available) {
        return 0;
    }
    uint32_t count = take(&receiving, available);
    *wrong |= batch_wrong(receiving.batch, first, count);
    (void)offer(&receiving, count); /* the sender never waits here */
#if defined(ALWAYS_ARMED)
    arm();
#endif
    return count;
}

OUR_CIRCULATION(PREFIX);
