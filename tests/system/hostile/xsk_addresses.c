/* SPDX-License-Identifier: BSD-2-Clause */
/* Hostile driver of an AF_XDP socket: gives the kernel empty buffers and frames to send at
 * addresses outside of the UMEM and across its edges, then sends what lies at every address within.
 * Runs as a PD in place of the driver; trusts nobody and deserves no trust. */
#include <microkit.h>
#include <sddf/mmio.h>
#include <sddf/net.h>
#include <sddf/stats.h>
#include <xsk/registers.h>

enum { LENGTH = 1024, STEP = 2048, TRIES = 1 << 16 };
enum counter { BAD_BUFFERS, BAD_FRAMES, GOOD_FRAMES, PASSES, BUFFERS_TAKEN, RECEIVED, COUNTERS };

struct ring {
    shared_u32 *producer, *consumer;
    shared_u64 *entries;
    uint32_t size;
};

static const struct net_driver_config *config;
static struct stats_page *stats;
static struct ring fill, completion, rx, tx;
static uint32_t given, completed;
static uint64_t umem_size;

static uint32_t read32(uint32_t at)
{
    return mmio_read32((uintptr_t)config->registers.address + at);
}

static void open_ring(struct ring *ring, enum xsk_ring which)
{
    uint32_t at = XSK_RINGS + (uint32_t)which * XSK_RING_REGISTERS;
    uintptr_t rings = (uintptr_t)config->rings.address;
    ring->producer = (shared_u32 *)(rings + read32(at + XSK_RING_PRODUCER));
    ring->consumer = (shared_u32 *)(rings + read32(at + XSK_RING_CONSUMER));
    ring->entries = (shared_u64 *)(rings + read32(at + XSK_RING_ENTRIES));
    ring->size = read32(at + XSK_RING_SIZE);
}

static void kick(void)
{
    mmio_doorbell32((uintptr_t)config->registers.address + XSK_KICK, XSK_SEND | XSK_RECEIVE);
}

static void take_completed(void)
{
    completed += atomic_load_acquire(completion.producer) - completed;
    atomic_store_release(completion.consumer, completed);
}

/* Before the socket is bound the kernel takes nothing. */
static void send(uint64_t address, uint64_t length, enum counter counter)
{
    for (uint32_t i = 0; given - atomic_load_acquire(tx.consumer) == tx.size && i < TRIES; i++) {
        kick();
        take_completed();
    }
    shared_u64 *slot = &tx.entries[(given++ & (tx.size - 1)) * 2];
    shared_write(&slot[0], address);
    shared_write(&slot[1], length);
    atomic_store_release(tx.producer, given);
    stats_add(stats, counter, 1);
}

static void fill_badly(void)
{
    const uint64_t bad[] = {umem_size,  umem_size + STEP,  umem_size - LENGTH,
                            UINT64_MAX, UINT64_MAX - STEP, UINT64_C(1) << 47};
    for (uint32_t i = 0; i < fill.size; i++) {
        shared_write(&fill.entries[i], bad[i % (sizeof(bad) / sizeof(bad[0]))]);
    }
    atomic_store_release(fill.producer, fill.size);
    stats_add(stats, BAD_BUFFERS, fill.size);
}

static void send_all(void)
{
    for (uint64_t distance = 1; distance < UINT64_C(1) << 47; distance *= 2) {
        send(umem_size + distance, LENGTH, BAD_FRAMES);
        send(umem_size - (distance < LENGTH ? distance : 1), LENGTH, BAD_FRAMES);
        send(-distance, LENGTH, BAD_FRAMES);
    }
    send(0, umem_size + 1, BAD_FRAMES);
    send(STEP, UINT32_MAX, BAD_FRAMES);
    for (uint64_t address = 0; address + LENGTH <= umem_size; address += STEP) {
        send(address, LENGTH, GOOD_FRAMES);
    }
    for (uint32_t i = 0; atomic_load_acquire(tx.consumer) != given && i < TRIES; i++) {
        kick();
        take_completed(); /* a full completion ring stops the kernel */
    }
    send(0, LENGTH, GOOD_FRAMES); /* and this one stays untaken: see notified() */
    kick();
}

void init(void)
{
    static const char *const names[COUNTERS] = {"bad_buffers", "bad_frames",    "good_frames",
                                                "passes",      "buffers_taken", "received"};
    config = config_get(CONFIG_NET_DRIVER, NET_CONFIG_VERSION, sizeof(*config));
    stats = (struct stats_page *)(uintptr_t)config->header.stats;
    stats_open(stats, config->header.instance, names, COUNTERS);
    umem_size = mmio_read64((uintptr_t)config->registers.address + XSK_UMEM_SIZE);
    open_ring(&fill, XSK_RING_FILL);
    open_ring(&completion, XSK_RING_COMPLETION);
    open_ring(&rx, XSK_RING_RX);
    open_ring(&tx, XSK_RING_TX);
    fill_badly();
    mmio_write32((uintptr_t)config->registers.address + XSK_INTERRUPT_ENABLE, XSK_SEND);
}

/* First its virtualisers call, when they start: everybody runs, and the socket is about to be
 * bound. Then the interrupt comes again and again, since what was sent last is left untaken. */
void notified(microkit_channel channel)
{
    send_all();
    stats_add(stats, PASSES, 1);
    stats_set(stats, BUFFERS_TAKEN, atomic_load_acquire(fill.consumer));
    stats_set(stats, RECEIVED, atomic_load_acquire(rx.producer));
    if (channel == config->irq_channel) {
        microkit_irq_ack(channel);
    }
}
