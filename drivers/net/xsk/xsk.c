/* SPDX-License-Identifier: BSD-2-Clause */
/* An AF_XDP socket as a network card: lib/xsk/registers.h says what it looks like. The shell
 * (drivers/net) calls this file; it owns the registers and our words of the four rings, and never
 * sees data. What the kernel's words say is checked against a table of what it was given: an
 * honest kernel never errs, but this one's word is not taken for it.
 *
 *      empty buffers  ==>  fill    ...  rx          ==>  received frames
 *      frames to send ==>  tx      ...  completion  ==>  sent buffers */
#include "device.h"

#include <sddf/mmio.h>
#include <xsk/registers.h>

enum {
    UNIT_SHIFT = 11, /* no buffer is smaller, and each begins at a multiple: NET_BUFFER_SIZE */
    UNITS = 1 << 16, /* the UMEM has at most so many: 128 MiB */
    HELD_TO_SEND = 1 << 15, /* in the table, beside a length */
    ENTRIES_MIN = 64,
    ENTRIES_MAX = 1 << 15,
};

_Static_assert(1 << UNIT_SHIFT == NET_BUFFER_SIZE, "a unit is the smallest buffer");
_Static_assert((int)NET_BUFFER_SIZE_MAX < (int)HELD_TO_SEND, "a length leaves the bit free");

/* One ring, with our index in private memory: entries that we put, or took. */
struct ring {
    shared_u32 *producer, *consumer, *flags;
    shared_u64 *entries;
    uint32_t mask;
    uint32_t index;
    uint32_t published;
};

struct direction {
    struct ring give, take;
    uint32_t held; /* buffers that the kernel has */
    uint32_t most; /* that it can have: neither ring ever overflows */
    bool broken;   /* it claimed more than it was given; nothing of it is believed any more */
};

static struct direction rx, tx;
static uint16_t table[UNITS]; /* by unit: what the kernel holds there, 0 = nothing */
static uintptr_t registers;
static uint64_t umem_io, umem_size;
static uint32_t headroom, chunk_size;
static uint32_t interrupts; /* enabled */
static uint64_t errors;

/* ---- Start ---- */

/* The word or the run of `bytes` at the offset that a register gives; NULL if it does not lie in
 * the rings region. */
static void *ring_part(const struct config_region *rings, uintptr_t at, uint64_t bytes,
                       uint32_t alignment)
{
    uint32_t offset = mmio_read32(at);
    if (offset % alignment != 0 || offset > rings->size || bytes > rings->size - offset) {
        return NULL;
    }
    return (void *)(uintptr_t)(rings->address + offset);
}

/* `given`: we produce. Goes on where the words stand. */
static bool ring_open(struct ring *ring, const struct config_region *rings, enum xsk_ring which,
                      uint32_t entry_size, bool given)
{
    uintptr_t at = registers + XSK_RINGS + (uintptr_t)which * XSK_RING_REGISTERS;
    uint32_t size = mmio_read32(at + XSK_RING_SIZE);
    if (size < ENTRIES_MIN || size > ENTRIES_MAX || (size & (size - 1)) != 0) {
        return false;
    }
    ring->producer = ring_part(rings, at + XSK_RING_PRODUCER, sizeof(shared_u32), 4);
    ring->consumer = ring_part(rings, at + XSK_RING_CONSUMER, sizeof(shared_u32), 4);
    ring->flags = ring_part(rings, at + XSK_RING_FLAGS, sizeof(shared_u32), 4);
    ring->entries = ring_part(rings, at + XSK_RING_ENTRIES, (uint64_t)size * entry_size, 8);
    if (ring->producer == NULL || ring->consumer == NULL || ring->flags == NULL ||
        ring->entries == NULL) {
        return false;
    }
    ring->mask = size - 1;
    ring->index = atomic_load_relaxed(given ? ring->producer : ring->consumer);
    ring->published = ring->index;
    return true;
}

static bool direction_open(struct direction *d, const struct config_region *rings,
                           enum xsk_ring give, uint32_t give_size, enum xsk_ring take,
                           uint32_t take_size)
{
    if (!ring_open(&d->give, rings, give, give_size, true) ||
        !ring_open(&d->take, rings, take, take_size, false)) {
        return false;
    }
    uint32_t mask = d->give.mask < d->take.mask ? d->give.mask : d->take.mask;
    d->most = mask + 1;
    return true;
}

const char *net_device_start(const struct net_driver_config *config)
{
    registers = (uintptr_t)config->registers.address;
    if (mmio_read32(registers + XSK_MAGIC_VALUE) != XSK_MAGIC) {
        return "no AF_XDP socket at the configured address";
    }
    umem_io = mmio_read64(registers + XSK_UMEM_IO);
    umem_size = mmio_read64(registers + XSK_UMEM_SIZE);
    headroom = mmio_read32(registers + XSK_HEADROOM);
    chunk_size = mmio_read32(registers + XSK_CHUNK_SIZE);
    if (umem_io % NET_BUFFER_SIZE != 0 || umem_size >> UNIT_SHIFT > UNITS) {
        return "the UMEM begins within a buffer, or is larger than 128 MiB";
    }
    if (chunk_size < NET_BUFFER_SIZE || chunk_size > umem_size || headroom >= NET_BUFFER_SIZE) {
        return "the socket's chunks are smaller than 2048 bytes, or its headroom is larger";
    }
    if (!direction_open(&rx, &config->rings, XSK_RING_FILL, sizeof(uint64_t), XSK_RING_RX,
                        XSK_DESC_SIZE) ||
        !direction_open(&tx, &config->rings, XSK_RING_TX, XSK_DESC_SIZE, XSK_RING_COMPLETION,
                        sizeof(uint64_t))) {
        return "a ring of the socket lies outside of the rings region, or has a bad size";
    }
    mmio_write32(registers + XSK_INTERRUPT_ENABLE, interrupts);
    return NULL;
}

/* The line is up while a ring has something: taking that is what clears it. */
void net_device_irq_clear(void)
{
}

/* ---- Both directions ---- */

/* Notes that the kernel is given the buffer at `offset`. What is not a buffer of the UMEM, or is
 * given twice, stays here: a virtualiser that is right never sends it. */
static bool table_give(uint64_t offset, uint16_t what)
{
    uint64_t unit = offset >> UNIT_SHIFT;
    if (offset % NET_BUFFER_SIZE != 0 || unit >= umem_size >> UNIT_SHIFT || table[unit] != 0) {
        errors++;
        return false;
    }
    table[unit] = what;
    return true;
}

/* Takes the buffer at `offset` back: its length in *length. False if it was not given in this
 * direction: an error of the kernel's. */
static bool table_take(uint64_t offset, uint32_t direction, uint16_t *length)
{
    uint64_t unit = offset >> UNIT_SHIFT;
    if (offset % NET_BUFFER_SIZE != 0 || unit >= umem_size >> UNIT_SHIFT || table[unit] == 0 ||
        (table[unit] & HELD_TO_SEND) != direction) {
        errors++;
        return false;
    }
    *length = (uint16_t)(table[unit] & ~(uint32_t)HELD_TO_SEND);
    table[unit] = 0;
    return true;
}

static uint32_t direction_done(struct direction *d)
{
    uint32_t done = atomic_load_acquire(d->take.producer) - d->take.index;
    if (__builtin_expect(d->broken || done > d->held, 0)) {
        errors += !d->broken;
        d->broken = true;
        return 0;
    }
    return done;
}

/* Shows the kernel what was given and what was taken; kicks it if it wants to be told of the
 * former.
 */
static void direction_commit(struct direction *d, uint32_t kick)
{
    if (d->take.index != d->take.published) {
        d->take.published = d->take.index;
        atomic_store_release(d->take.consumer, d->take.index);
    }
    if (d->give.index == d->give.published) {
        return;
    }
    d->give.published = d->give.index;
    atomic_store_release(d->give.producer, d->give.index);
    atomic_fence_seq_cst(); /* the index before the kernel's wish, which it writes before it looks
                             */
    if ((atomic_load_relaxed(d->give.flags) & XSK_NEED_WAKEUP) != 0) {
        mmio_doorbell32(registers + XSK_KICK, kick);
    }
}

void net_device_rx_commit(void)
{
    direction_commit(&rx, XSK_RECEIVE);
}

void net_device_tx_commit(void)
{
    direction_commit(&tx, XSK_SEND);
}

static bool direction_wait(struct direction *d, uint32_t interrupt, bool wanted)
{
    uint32_t all = (interrupts & ~interrupt) | (wanted && !d->broken ? interrupt : 0);
    if (all != interrupts) {
        interrupts = all;
        mmio_write32(registers + XSK_INTERRUPT_ENABLE, all);
    }
    return (all & interrupt) == 0 || direction_done(d) == 0;
}

bool net_device_rx_wait(bool wanted)
{
    return direction_wait(&rx, XSK_RECEIVE, wanted);
}

bool net_device_tx_wait(bool wanted)
{
    return direction_wait(&tx, XSK_SEND, wanted);
}

/* ---- Receiving ---- */

uint32_t net_device_rx_room(void)
{
    return rx.most - rx.held;
}

uint32_t net_device_rx_held(void)
{
    return rx.held;
}

/* The kernel is not told how long a buffer is: it fills what a chunk has behind the headroom. The
 * first buffer of the UMEM has no room before it; its beginning wraps and is too high. */
static void provide_empty(struct net_desc buffer)
{
    uint64_t offset = buffer.address - umem_io;
    uint64_t begin = offset - headroom;
    if (begin > umem_size - chunk_size || buffer.length < chunk_size - headroom ||
        buffer.length > NET_BUFFER_SIZE_MAX) {
        errors++;
        return;
    }
    if (table_give(offset, buffer.length)) {
        shared_write(&rx.give.entries[rx.give.index++ & rx.give.mask], begin);
        rx.held++;
    }
}

void net_device_rx_provide(struct connection *from, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        provide_empty(net_get_one(from));
    }
}

uint32_t net_device_rx_done(void)
{
    return direction_done(&rx);
}

/* A frame that does not begin where its buffer does, is one part of several, or is longer than the
 * chunk, comes back empty, as an error. */
static bool return_received(struct net_desc *frame)
{
    const shared_u64 *slot = &rx.take.entries[(rx.take.index++ & rx.take.mask) * 2];
    uint64_t where = shared_read(&slot[0]);
    uint64_t what = shared_read(&slot[1]); /* options in the upper half: there are none */
    uint64_t offset = (where & ((UINT64_C(1) << XSK_OFFSET_SHIFT) - 1)) + headroom;
    uint16_t given;
    if (!table_take(offset, 0, &given)) {
        return false;
    }
    rx.held--;
    if (where >> XSK_OFFSET_SHIFT != headroom || what > chunk_size - headroom) {
        errors++;
        what = 0;
    }
    *frame = (struct net_desc){.address = umem_io + offset, .length = (uint16_t)what};
    return true;
}

struct net_traffic net_device_rx_return(struct connection *to, uint32_t count)
{
    struct net_traffic moved = {0, 0};
    for (uint32_t i = 0; i < count; i++) {
        struct net_desc frame;
        if (return_received(&frame)) {
            net_put_one(to, frame);
            moved.frames++;
            moved.bytes += frame.length;
        }
    }
    return moved;
}

/* ---- Sending ---- */

uint32_t net_device_tx_room(void)
{
    return tx.most - tx.held;
}

static void provide_frame(struct net_desc frame)
{
    uint64_t offset = frame.address - umem_io;
    if (frame.length == 0 || frame.length > chunk_size || frame.length > NET_BUFFER_SIZE_MAX) {
        errors++;
        return;
    }
    if (table_give(offset, (uint16_t)(frame.length | HELD_TO_SEND))) {
        shared_u64 *slot = &tx.give.entries[(tx.give.index++ & tx.give.mask) * 2];
        shared_write(&slot[0], offset);
        shared_write(&slot[1], frame.length);
        tx.held++;
    }
}

struct net_traffic net_device_tx_provide(struct connection *from, uint32_t count)
{
    struct net_traffic moved = {count, 0};
    for (uint32_t i = 0; i < count; i++) {
        struct net_desc frame = net_get_one(from);
        provide_frame(frame);
        moved.bytes += frame.length;
    }
    return moved;
}

uint32_t net_device_tx_done(void)
{
    return direction_done(&tx);
}

static bool return_sent(struct net_desc *buffer)
{
    uint64_t offset = shared_read(&tx.take.entries[tx.take.index++ & tx.take.mask]);
    uint16_t length;
    if (!table_take(offset, HELD_TO_SEND, &length)) {
        return false;
    }
    tx.held--;
    *buffer = (struct net_desc){.address = umem_io + offset, .length = length};
    return true;
}

void net_device_tx_return(struct connection *to, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct net_desc buffer;
        if (return_sent(&buffer)) {
            net_put_one(to, buffer);
        }
    }
}

uint64_t net_device_errors(void)
{
    return errors;
}
