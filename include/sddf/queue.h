/* SPDX-License-Identifier: BSD-2-Clause */
/* The queue of the framework: lock-free, bounded, single producer, single consumer, fixed-size
 * entries, capacity a power of two, free-running 32-bit indices.
 *
 * Two components that talk share a *connection*: two queues, one each way. (The network class hands
 * out full buffers on one and takes empty ones back on the other.) Memory is split by writer, not
 * by queue: each side has one page-aligned region that it alone can write and its peer maps
 * read-only.
 *
 *      region of A (A writes, B reads)           region of B (B writes, A reads)
 *      epoch, seen                               epoch, seen
 *      tail     of the queue A -> B              tail     of the queue B -> A
 *      head     of the queue B -> A              head     of the queue A -> B
 *      mark     of the queue B -> A              mark     of the queue A -> B
 *      entries  of the queue A -> B              entries  of the queue B -> A
 *
 * Each side keeps its truth (indices, capacities, what it last saw) in private memory, in a struct
 * connection. A word of the peer's is read once and believed only within bounds; anything else is a
 * *violation*: counted, and the connection reads as empty. An entry is copied out once; check and
 * use only the copy. Functions that touch shared words take what they need of the private state
 * first, since compilers read memory anew after an atomic access. Nothing that a peer writes can
 * make these functions loop, fault or reach outside `entries`.
 *
 * Batches are the unit: put any number, publish once, signal once; get what is there, release once.
 *
 *      producer                                    consumer
 *      queue_space, queue_put ...                  queue_available, queue_get ...
 *      queue_publish                               queue_release
 *      if (queue_signal) notify                    if (queue_arm) wait, else look again
 *
 * Signals. A consumer that wants to be woken *arms*: it sets its mark to the index of the entry
 * that shall wake it. The producer, after publishing, notifies only if the mark lies among what it
 * has published since its last check. Fence F1 in queue_signal pairs with fence F2 in queue_arm:
 * either the producer sees the mark, or the consumer sees the new tail (proofs/marks.pml; without
 * either fence, or without the second look, a wake is lost). The check compares with the tail at
 * the last *check*, not the last publish (proofs/two_publishes.pml).
 *
 * Whoever arms on a queue that its producer fills lazily also notifies that producer, which looks
 * with queue_peer_waits (proofs/lazy_reclaim.pml).
 *
 * Space. Queues of buffers are sized to hold all buffers; a stream of bytes can fill its queue. A
 * side that produces a stream and consumes nothing of the same connection has its mark to spare: it
 * arms it on the peer's head (queue_arm_space), and the peer looks after releasing
 * (queue_signal_space), fences F3 and F4 as F1 and F2 (proofs/marks.pml with head in the
 * place of tail; tests/weak runs this code).
 *
 * Restart. Opening and reopening are one procedure: the opener makes its epoch odd, resets its
 * words and makes the epoch even and new. Its peer sees the change (connection_poll), takes back
 * whatever buffers the opener held, and *adopts* the epoch: resets its own words and publishes the
 * epoch as `seen`. Nothing moves until each has adopted the other (proofs/epochs.pml). */
#ifndef SDDF_QUEUE_H
#define SDDF_QUEUE_H

#include <sddf/atomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    QUEUE_LINE = 64,                  /* bytes; one writer's word a line */
    QUEUE_CAPACITY_MAX = 1 << 16,     /* entries */
    QUEUE_RESETS_MAX = 16,            /* a peer that restarts more often than this ... */
    QUEUE_RESETS_PERIOD_ENTRIES = 64, /* ... without this many entries between is shut out */
};

/* One side's region. */
struct queue_side {
    _Alignas(QUEUE_LINE) shared_u32 epoch; /* even: open; odd: resetting; 0: never opened */
    shared_u32 seen;                       /* the peer's epoch that this side has adopted */
    _Alignas(QUEUE_LINE) shared_u32 tail;  /* entries produced, free-running */
    _Alignas(QUEUE_LINE) shared_u32 head;  /* entries consumed, free-running */
    _Alignas(QUEUE_LINE) shared_u32 mark;  /* index of the entry that shall wake this side */
    _Alignas(QUEUE_LINE) shared_u64 entries[];
};

_Static_assert(offsetof(struct queue_side, epoch) == 0, "epoch");
_Static_assert(offsetof(struct queue_side, seen) == 4, "seen");
_Static_assert(offsetof(struct queue_side, tail) == 1 * QUEUE_LINE, "tail");
_Static_assert(offsetof(struct queue_side, head) == 2 * QUEUE_LINE, "head");
_Static_assert(offsetof(struct queue_side, mark) == 3 * QUEUE_LINE, "mark");
_Static_assert(offsetof(struct queue_side, entries) == 4 * QUEUE_LINE, "entries");
_Static_assert(sizeof(struct queue_side) == 4 * QUEUE_LINE, "queue_side");

/* Bytes of a side's region, before rounding to pages. */
#define QUEUE_SIDE_SIZE(capacity, entry_size) \
    (sizeof(struct queue_side) + (capacity) * (entry_size))

/* One side's private state. Readable by its owner for statistics; changed by the functions below.
 */
struct connection {
    struct queue_side *mine;
    const struct queue_side *theirs;

    shared_u64 *put_entries;
    uint32_t put_capacity; /* the queue that this side produces */
    uint32_t put_mask;     /* its capacity less one */
    uint32_t tail;         /* entries put; published up to mine->tail */
    uint32_t tail_checked; /* tail when the peer's mark was last looked at */
    uint32_t peer_head;    /* last believed */

    const shared_u64 *get_entries;
    uint32_t get_capacity; /* the queue that this side consumes */
    uint32_t get_mask;
    uint32_t head; /* entries taken; released up to mine->head */
    uint32_t
        head_checked;   /* head when the mark of a peer that waits for space was last looked at */
    uint32_t peer_tail; /* last believed */

    uint32_t epoch;
    uint32_t peer_epoch; /* adopted; 0 = none */
    bool ready;          /* each has adopted the other */
    uint32_t resets;     /* of the peer, lately */
    uint64_t violations;
};

enum connection_state {
    CONNECTION_DOWN,      /* the peer has not (re)opened yet, or has not adopted this side yet */
    CONNECTION_RESTARTED, /* the peer reopened: reclaim what it held, then connection_adopt() */
    CONNECTION_READY,
};

static inline bool queue_capacity_valid(uint32_t capacity)
{
    return capacity != 0 && capacity <= QUEUE_CAPACITY_MAX && (capacity & (capacity - 1)) == 0;
}

/* Until the peer is there (again) the queue to it counts as full, so that queue_space() need not
 * ask whether it is. */
static inline void queue_close(struct connection *c)
{
    c->ready = false;
    c->peer_head = c->tail - c->put_capacity;
}

/* The reset of this side's words that opening and adopting share. The mark stands behind the head:
 * disarmed. */
static inline void connection_reset(struct connection *c)
{
    c->tail = c->tail_checked = 0;
    c->head = c->head_checked = c->peer_tail = 0;
    queue_close(c);
    atomic_store_release(&c->mine->tail, 0);
    atomic_store_release(&c->mine->head, 0);
    atomic_store_release(&c->mine->mark, UINT32_MAX);
}

/* Opens this side, for the first time or after a restart. Capacities are in entries, from this
 * side's configuration. Returns false if one is not a power of two up to QUEUE_CAPACITY_MAX. Then
 * notify the peer. */
static inline bool connection_open(struct connection *c, struct queue_side *mine,
                                   const struct queue_side *theirs, uint32_t put_capacity,
                                   uint32_t get_capacity)
{
    if (!queue_capacity_valid(put_capacity) || !queue_capacity_valid(get_capacity)) {
        return false;
    }
    *c = (struct connection){
        .mine = mine,
        .theirs = theirs,
        .put_entries = mine->entries,
        .put_capacity = put_capacity,
        .put_mask = put_capacity - 1,
        .get_entries = theirs->entries,
        .get_capacity = get_capacity,
        .get_mask = get_capacity - 1,
    };
    uint32_t odd = atomic_load_relaxed(&mine->epoch) | 1U;
    atomic_store_relaxed(&mine->epoch, odd);
    atomic_store_release(&mine->seen,
                         0); /* release: whoever sees a reset word sees the odd epoch */
    connection_reset(c);
    c->epoch = odd + 1 != 0 ? odd + 1 : 2; /* 0 means never opened */
    atomic_store_release(&mine->epoch, c->epoch);
    return true;
}

/* Looks whether the peer is there, once per activation before anything else is done with the
 * connection. Acquire: with the new epoch come the peer's reset words; with its `seen`, too. */
static inline enum connection_state connection_poll(struct connection *c)
{
    uint32_t epoch = atomic_load_acquire(&c->theirs->epoch);
    if (__builtin_expect(epoch == c->peer_epoch && c->ready, 1)) {
        return CONNECTION_READY;
    }
    if (epoch != c->peer_epoch || epoch == 0) {
        queue_close(c);
        return (epoch & 1U) != 0 || epoch == 0 ? CONNECTION_DOWN : CONNECTION_RESTARTED;
    }
    c->ready = atomic_load_acquire(&c->theirs->seen) == c->epoch;
    return c->ready ? CONNECTION_READY : CONNECTION_DOWN;
}

/* Adopts a peer that connection_poll() reported as restarted, after its buffers were taken back.
 * Then notify it and poll once more, since the peer may have adopted this side already and spent
 * its notification. Returns false, and the connection stays down, if the peer restarts too often;
 * taking back is repeated then with the next poll, and must bear that. */
static inline bool connection_adopt(struct connection *c)
{
    uint32_t epoch = atomic_load_acquire(&c->theirs->epoch);
    if ((epoch & 1U) != 0 || epoch == 0) {
        return false;
    }
    if (c->head >= QUEUE_RESETS_PERIOD_ENTRIES) { /* taken since the last reset */
        c->resets = 0;
    }
    if (c->resets >= QUEUE_RESETS_MAX) {
        c->violations++;
        return false;
    }
    c->resets++;
    c->peer_epoch = epoch;
    connection_reset(c);
    atomic_store_release(&c->mine->seen, epoch); /* after the reset */
    return true;
}

/* ---- Producing ---- */

/* queue_space() where what this side last saw of the peer's head does not suffice. A head that is
 * not believed, back or beyond what was put, or another incarnation's, makes the queue full: space
 * that is denied now must not be there for who asks for less of it. */
static __attribute__((noinline, unused)) uint32_t queue_space_look(struct connection *c)
{
    if (!c->ready) {
        return 0;
    }
    uint32_t head = atomic_load_acquire(&c->theirs->head); /* pairs with queue_release */
    bool same_epoch = atomic_load_acquire(&c->theirs->epoch) == c->peer_epoch;
    if (!same_epoch || head - c->peer_head > c->tail - c->peer_head) {
        c->violations += same_epoch;
        c->peer_head = c->tail - c->put_capacity;
        return 0;
    }
    c->peer_head = head;
    return c->put_capacity - (c->tail - head);
}

/* Free entries, at least `wanted` (not 0) if there are so many; the peer's line is touched only
 * when what this side last saw does not suffice. A connection that is not ready is full
 * (queue_close). */
static inline uint32_t queue_space(struct connection *c, uint32_t wanted)
{
    uint32_t space = c->put_capacity - (c->tail - c->peer_head);
    return __builtin_expect(space >= wanted, 1) ? space : queue_space_look(c);
}

/* Puts `count` entries of `entry_size` bytes (a multiple of 8) that queue_space() has granted; the
 * peer sees them after queue_publish(). Returns how many were put, fewer only without space. */
static inline uint32_t queue_put(struct connection *c, const void *entries, uint32_t count,
                                 size_t entry_size)
{
    uint32_t capacity = c->put_capacity;
    uint32_t space = capacity - (c->tail - c->peer_head);
    count = count < space ? count : space;

    uint32_t at = c->tail & c->put_mask; /* two straight runs: to the end, then from the start */
    uint32_t first = count < capacity - at ? count : capacity - at;
    shared_u64 *base = c->put_entries;
    shared_copy_in(base + at * (entry_size / 8), entries, first, entry_size);
    if (__builtin_expect(first != count, 0)) {
        shared_copy_in(base, (const char *)entries + first * entry_size, count - first, entry_size);
    }
    c->tail += count;
    return count;
}

/* The slot of one more entry of `entry_size` bytes, for which queue_space() has granted room; write
 * it with shared_write(). */
static inline shared_u64 *queue_put_slot(struct connection *c, size_t entry_size)
{
    uint32_t at = c->tail++ & c->put_mask;
    return c->put_entries + at * (entry_size / 8);
}

/* Release: the entries, and the buffers they speak of, are written before the tail that offers
 * them; pairs with the acquire in queue_available. */
static inline void queue_publish(struct connection *c)
{
    atomic_store_release(&c->mine->tail, c->tail);
}

/* True if the peer asked to be woken by one of the entries published since the last call. */
static inline bool queue_signal(struct connection *c)
{
    const struct queue_side *theirs = c->theirs;
    uint32_t tail = c->tail;
    uint32_t fresh = tail - c->tail_checked;
    if (fresh == 0) {
        return false;
    }
    c->tail_checked = tail;
    atomic_fence_seq_cst(); /* F1, pairs with F2 in queue_arm */
    uint32_t mark = atomic_load_relaxed(&theirs->mark);
    return tail - mark - 1 < fresh;
}

/* True if the peer waits for entries that are not yet published: what a producer that returns
 * buffers lazily asks itself when it is notified. */
static inline bool queue_peer_waits(const struct connection *c)
{
    return c->ready && atomic_load_relaxed(&c->theirs->mark) - c->tail < c->put_capacity;
}

/* ---- Consuming ---- */

/* A tail that is not believed: out of bounds, a violation; or another incarnation's. */
static __attribute__((cold, noinline, unused)) uint32_t queue_doubt(struct connection *c,
                                                                    bool same_epoch)
{
    c->violations += same_epoch;
    c->peer_tail = c->head;
    return 0;
}

/* Entries that can be taken now. The tail is loaded before the epoch: a tail of another incarnation
 * of the peer is never believed (proofs/epochs.pml). */
static inline uint32_t queue_available(struct connection *c)
{
    const struct queue_side *theirs = c->theirs;
    uint32_t head = c->head, capacity = c->get_capacity, peer_epoch = c->peer_epoch;
    if (!c->ready) {
        return 0;
    }
    uint32_t tail = atomic_load_acquire(&theirs->tail); /* pairs with queue_publish */
    if (tail == head) {
        c->peer_tail = tail;
        return 0;
    }
    bool same_epoch = atomic_load_acquire(&theirs->epoch) == peer_epoch;
    if (__builtin_expect(!same_epoch || tail - head > capacity, 0)) {
        return queue_doubt(c, same_epoch);
    }
    c->peer_tail = tail;
    return tail - head;
}

/* Copies up to `count` entries of `entry_size` bytes (a multiple of 8) out, of those that the last
 * queue_available() found. Returns how many. Their slots are the producer's again only after
 * queue_release(). */
static inline uint32_t queue_get(struct connection *c, void *entries, uint32_t count,
                                 size_t entry_size)
{
    uint32_t capacity = c->get_capacity;
    uint32_t available = c->peer_tail - c->head;
    count = count < available ? count : available;

    uint32_t at = c->head & c->get_mask;
    uint32_t first = count < capacity - at ? count : capacity - at;
    const shared_u64 *base = c->get_entries;
    shared_copy_out(entries, base + at * (entry_size / 8), first, entry_size);
    if (__builtin_expect(first != count, 0)) {
        shared_copy_out((char *)entries + first * entry_size, base, count - first, entry_size);
    }
    c->head += count;
    return count;
}

/* The next entry of those that the last queue_available() found; read each word of it once, with
 * shared_read(). */
static inline const shared_u64 *queue_get_slot(struct connection *c, size_t entry_size)
{
    uint32_t at = c->head++ & c->get_mask;
    return c->get_entries + at * (entry_size / 8);
}

/* Entries that the last queue_available() found and that were not taken yet. */
static inline uint32_t queue_left(const struct connection *c)
{
    return c->peer_tail - c->head;
}

/* Release: the copies are made before the slots are given back; pairs with the acquire in
 * queue_space. */
static inline void queue_release(struct connection *c)
{
    atomic_store_release(&c->mine->head, c->head);
}

/* Asks to be woken when `k` entries are available, 1 <= k <= what the peer owes without condition.
 * Returns true if the caller may wait, false if they are there already: look again. A peer that
 * lies, is down or restarts gives no reason to look again; it notifies when it is back. */
static inline bool queue_arm(struct connection *c, uint32_t k)
{
    const struct queue_side *theirs = c->theirs;
    uint32_t head = c->head;
    atomic_store_relaxed(&c->mine->mark, head + k - 1);
    atomic_fence_seq_cst(); /* F2, pairs with F1 in queue_signal */
    uint32_t available = atomic_load_acquire(&theirs->tail) - head;
    if (available < k) {
        return true;
    }
    bool same_epoch = atomic_load_acquire(&theirs->epoch) == c->peer_epoch;
    return !c->ready || !same_epoch || available > c->get_capacity;
}

/* ---- Waiting for space: streams ---- */

/* The producer of a stream asks to be woken when `k` entries are free, 1 <= k <= its capacity.
 * Returns true if it may wait, false if they are free already: look again. A peer that lies, is
 * down or restarts gives no reason to look again; it notifies when it is back. */
static inline bool queue_arm_space(struct connection *c, uint32_t k)
{
    /* The entry whose release leaves k free; -1, the mark of a side that is disarmed, at most. */
    atomic_store_relaxed(&c->mine->mark, c->tail + k - c->put_capacity - 1);
    atomic_fence_seq_cst(); /* F4, pairs with F3 in queue_signal_space */
    return queue_space_look(c) < k;
}

/* After queue_release(): true if the producer of this stream asked to be woken by one of the
 * entries released since the last call. */
static inline bool queue_signal_space(struct connection *c)
{
    const struct queue_side *theirs = c->theirs;
    uint32_t head = c->head;
    uint32_t fresh = head - c->head_checked;
    if (fresh == 0) {
        return false;
    }
    c->head_checked = head;
    atomic_fence_seq_cst(); /* F3, pairs with F4 in queue_arm_space */
    uint32_t mark = atomic_load_relaxed(&theirs->mark);
    return head - mark - 1 < fresh;
}

#endif
