/* SPDX-License-Identifier: BSD-2-Clause */
/* The network driver's shell on a device that the test plays through device.h. */
#include "mock_microkit.h"

#include <device.h>
#include <string.h>

enum { CAPACITY = 512, SLOTS = 64, IRQ_CHANNEL = 5, RX_CHANNEL = 10, TX_CHANNEL = 20 };

#define WRONG UINT64_C(0xbad) /* a buffer of which the device will say something wrong */

static struct net_driver_config *config;
static struct peer rx, tx;

/* ---- The device: a ring of buffers each way; what is done is the oldest ---- */

struct ring {
    struct net_desc held[SLOTS];
    uint32_t count, done;
};

static struct {
    struct ring rx, tx;
    const char *start_says;
    uint32_t commits, clears, provided_since_commit, commits_without_news;
    bool wait_received, wait_sent;
    uint32_t busy_looks; /* so often the device says that something came meanwhile */
    void (*on_commit)(void);
} device;

const char *net_device_start(const struct net_driver_config *given)
{
    assert_true(given == config);
    return device.start_says;
}

void net_device_irq_clear(void)
{
    device.clears++;
    assert_int_equal(mock.acknowledged[IRQ_CHANNEL],
                     device.clears - 1); /* before the acknowledge */
}

static struct net_traffic provide(struct ring *ring, struct connection *from, uint32_t count)
{
    struct net_traffic moved = {count, 0};
    assert_true(count <= SLOTS - ring->count && count <= queue_left(from));
    for (uint32_t i = 0; i < count; i++) {
        struct net_desc buffer = net_get_one(from);
        ring->held[ring->count++] = buffer;
        moved.bytes += buffer.length;
    }
    device.provided_since_commit += count;
    return moved;
}

static struct net_traffic give(struct ring *ring, struct connection *to, uint32_t count)
{
    struct net_traffic moved = {0, 0};
    assert_true(count <= ring->done && count <= queue_space(to, 1));
    for (uint32_t i = 0; i < count; i++) {
        struct net_desc buffer = ring->held[i];
        if (buffer.address != WRONG) {
            net_put_one(to, buffer);
            moved.frames++;
            moved.bytes += buffer.length;
        }
    }
    ring->count -= count;
    ring->done -= count;
    memmove(ring->held, ring->held + count, ring->count * sizeof(ring->held[0]));
    return moved;
}

uint32_t net_device_rx_room(void)
{
    return SLOTS - device.rx.count;
}

void net_device_rx_provide(struct connection *from, uint32_t count)
{
    (void)provide(&device.rx, from, count);
}

uint32_t net_device_rx_done(void)
{
    return device.rx.done;
}

struct net_traffic net_device_rx_return(struct connection *to, uint32_t count)
{
    return give(&device.rx, to, count);
}

uint32_t net_device_tx_room(void)
{
    return SLOTS - device.tx.count;
}

struct net_traffic net_device_tx_provide(struct connection *from, uint32_t count)
{
    return provide(&device.tx, from, count);
}

uint32_t net_device_tx_done(void)
{
    return device.tx.done;
}

void net_device_tx_return(struct connection *to, uint32_t count)
{
    (void)give(&device.tx, to, count);
}

static void commit(void)
{
    device.commits++;
    device.provided_since_commit = 0;
    if (device.on_commit != NULL) {
        device.on_commit();
    }
}

void net_device_rx_commit(void)
{
    commit();
}

void net_device_tx_commit(void)
{
    commit();
}

bool net_device_tx_wait(bool wanted)
{
    assert_int_equal(device.provided_since_commit, 0); /* nothing is kept from the device */
    device.wait_sent = wanted;
    return true;
}

bool net_device_rx_wait(bool wanted)
{
    assert_int_equal(device.provided_since_commit, 0);
    device.wait_received = wanted;
    if (device.busy_looks != 0) {
        device.busy_looks--;
        device.rx.done += device.rx.count != device.rx.done;
        return false;
    }
    return true;
}

uint32_t net_device_rx_held(void)
{
    return device.rx.count;
}

uint64_t net_device_errors(void)
{
    return 77;
}

/* ---- The bench ---- */

static void configure(void)
{
    memset(&device, 0, sizeof(device));
    config = mock_memory(sizeof(*config));
    mock_header(&config->header, CONFIG_NET_DRIVER, sizeof(*config));
    config->irq_channel = IRQ_CHANNEL;
    peer_make(&rx, &config->rx, CAPACITY, RX_CHANNEL);
    peer_make(&tx, &config->tx, CAPACITY, TX_CHANNEL);
    mock_configure(config, sizeof(*config));
}

static void start(void)
{
    configure();
    mock_init();
    peer_start(&rx);
    peer_start(&tx);
}

static void put_many(struct peer *peer, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        peer_put(peer, UINT64_C(0x1000) * (i + 1), 100);
    }
}

static void test_moves(void **state)
{
    struct net_desc got[CAPACITY];
    (void)state;
    start();
    put_many(&rx, 10);
    put_many(&tx, 7);
    device.commits = 0;
    mock_enter(TX_CHANNEL);
    assert_int_equal(device.commits, 1);
    assert_true(device.rx.count == 0 && device.tx.count == 7); /* each is about its own half */
    mock_enter(RX_CHANNEL);
    assert_true(device.rx.count == 10 && device.tx.count == 7);
    device.rx.done = 3;
    device.tx.done = 7;
    mock_enter(IRQ_CHANNEL);
    assert_int_equal(device.clears, 1);
    assert_int_equal(mock.acknowledged[IRQ_CHANNEL], 1);
    assert_int_equal(peer_take(&rx, got, CAPACITY), 3);
    assert_int_equal(peer_take(&tx, got, CAPACITY), 0); /* nobody asked for these */
    mock_enter(TX_CHANNEL);
    assert_int_equal(peer_take(&tx, got, CAPACITY), 7);
    assert_true(mock_counter("rx_frames") == 3 && mock_counter("rx_bytes") == 300);
    assert_true(mock_counter("tx_frames") == 7 && mock_counter("tx_bytes") == 700);
    assert_true(mock_counter("interrupts") == 1 && mock_counter("device_errors") == 77);
}

static void test_wrong_return(void **state)
{
    struct net_desc got[CAPACITY];
    (void)state;
    start();
    peer_put(&rx, 0x1000, 100);
    peer_put(&rx, WRONG, 100);
    peer_put(&rx, 0x3000, 100);
    peer_put(&tx, WRONG, 100);
    peer_put(&tx, 0x5000, 100);
    mock_enter(RX_CHANNEL);
    mock_enter(TX_CHANNEL);
    device.rx.done = 3;
    device.tx.done = 2;
    mock_enter(IRQ_CHANNEL);
    mock_enter(TX_CHANNEL);
    assert_int_equal(peer_take(&rx, got, CAPACITY), 2);
    assert_true(got[0].address == 0x1000 && got[1].address == 0x3000);
    assert_int_equal(peer_take(&tx, got, CAPACITY), 1);
    assert_int_equal(mock_counter("rx_frames"), 2);
}

static void test_more_than_room(void **state)
{
    struct net_desc got[CAPACITY];
    (void)state;
    start();
    put_many(&tx, 3 * SLOTS);
    put_many(&rx, 3 * SLOTS);
    device.commits = 0;
    mock_enter(TX_CHANNEL);
    assert_int_equal(device.tx.count, SLOTS);
    assert_int_equal(device.commits, 1); /* what stays behind is no reason to look again */
    mock_enter(RX_CHANNEL);
    assert_int_equal(device.rx.count, SLOTS);
    assert_int_equal(device.commits, 2);
    for (uint32_t round = 1; round <= 3; round++) {
        assert_true(round == 3 || device.wait_sent); /* full: only the device can help */
        device.tx.done = SLOTS;
        mock_enter(IRQ_CHANNEL);
        assert_int_equal(peer_take(&tx, got, CAPACITY), SLOTS);
    }
    assert_int_equal(mock_counter("tx_frames"), 3 * SLOTS);
    assert_false(device.wait_sent);
}

static void test_lazy_completion(void **state)
{
    (void)state;
    start();
    put_many(&tx, 4);
    mock_enter(TX_CHANNEL);
    assert_true(device.wait_received);
    assert_false(device.wait_sent);
    (void)queue_arm(&tx.c, 1);
    mock_enter(TX_CHANNEL);
    assert_true(device.wait_sent);
    device.tx.done = 1;
    mock.notified[TX_CHANNEL] = 0;
    mock_enter(IRQ_CHANNEL);
    assert_int_equal(mock.notified[TX_CHANNEL], 1);
    assert_false(device.wait_sent);
}

static void test_looks_again(void **state)
{
    struct net_desc got[CAPACITY];
    (void)state;
    start();
    put_many(&rx, 10);
    mock_enter(RX_CHANNEL);
    device.busy_looks = 5;
    mock_enter(IRQ_CHANNEL);
    assert_int_equal(device.busy_looks, 0);
    assert_int_equal(peer_take(&rx, got, CAPACITY), 5);
}

static void test_low_on_buffers(void **state)
{
    (void)state;
    start();
    put_many(&rx, SLOTS);
    (void)queue_signal(&rx.c);
    mock_enter(RX_CHANNEL);
    peer_put(&rx, 0x1000, 100); /* the ring is full: no wake for it */
    assert_false(queue_signal(&rx.c));
    device.rx.done = SLOTS;
    mock_enter(IRQ_CHANNEL); /* one buffer left: now every one is worth a wake */
    peer_put(&rx, 0x2000, 100);
    assert_true(queue_signal(&rx.c));
}

static void test_lying_virtualisers(void **state)
{
    static const uint32_t lies[] = {CAPACITY + 1, UINT32_MAX, 1U << 31};
    (void)state;
    start();
    for (uint32_t i = 0; i < 3; i++) {
        atomic_store_release(&tx.mine->tail, lies[i]);
        atomic_store_release(&rx.mine->head, lies[i]);
        atomic_store_release(&rx.mine->mark, lies[i]);
        mock_enter(RX_CHANNEL);
        mock_enter(TX_CHANNEL);
        assert_int_equal(device.tx.count, 0);
    }
    assert_true(mock_counter("violations") >= 3);
}

static void test_virtualiser_restart(void **state)
{
    struct net_desc got[CAPACITY];
    (void)state;
    start();
    put_many(&rx, 10);
    put_many(&tx, 10);
    mock_enter(RX_CHANNEL);
    mock_enter(TX_CHANNEL);
    device.rx.done = device.tx.done = 4;
    mock_enter(IRQ_CHANNEL);
    mock_enter(TX_CHANNEL);
    peer_start(&rx); /* the four frames are forgotten with the old incarnation */
    assert_int_equal(peer_take(&rx, got, CAPACITY), 0);
    device.rx.done = 6;
    mock_enter(IRQ_CHANNEL);
    assert_int_equal(peer_take(&rx, got, CAPACITY), 6);
    assert_int_equal(peer_take(&tx, got, CAPACITY), 4); /* not concerned */
}

/* While a virtualiser is down the device keeps its frames, and does not interrupt for them. */
static void test_virtualiser_down(void **state)
{
    struct net_desc got[CAPACITY];
    (void)state;
    start();
    put_many(&rx, 10);
    mock_enter(RX_CHANNEL);
    atomic_store_release(&rx.mine->epoch, rx.c.epoch + 1);
    device.rx.done = 4;
    mock_enter(IRQ_CHANNEL);
    assert_int_equal(device.rx.done, 4);
    assert_false(device.wait_received);
    peer_start(&rx);
    assert_int_equal(peer_take(&rx, got, CAPACITY), 4);
    assert_true(device.wait_received);
}

static void begin_restart(void)
{
    device.on_commit = NULL;
    atomic_store_release(&tx.mine->epoch, tx.c.epoch + 1);
    atomic_store_release(&tx.mine->tail, tx.c.tail + 1);
}

static void test_restart_within_activation(void **state)
{
    (void)state;
    start();
    device.on_commit = begin_restart;
    peer_put(&tx, 0x1000, 60);
    mock_enter(TX_CHANNEL);
    assert_null(device.on_commit);
}

/* ---- Called, where it is passive ---- */

static enum net_driver_reply call(uint32_t channel)
{
    memset(mock.notified, 0, sizeof(mock.notified));
    microkit_msginfo reply = mock_call(channel, microkit_msginfo_new(0, 0));
    for (uint32_t i = 0; i < MICROKIT_MAX_CHANNELS; i++) {
        assert_int_equal(mock.notified[i], 0); /* the caller waits, nobody else is concerned */
    }
    return (enum net_driver_reply)microkit_msginfo_get_label(reply);
}

static void test_call_sends(void **state)
{
    (void)state;
    start();
    put_many(&tx, 7);
    put_many(&rx, 10);
    device.rx.count = device.rx.done = 1; /* a frame has come */
    device.wait_received = true;
    assert_int_equal(call(TX_CHANNEL), NET_DRIVER_DONE);
    assert_int_equal(device.tx.count, 7);
    assert_true(device.rx.count == 1 && device.rx.done == 1); /* its interrupt's work */
    assert_true(device.wait_received && !device.wait_sent);
    assert_int_equal(mock_counter("calls"), 1);
    peer_put(&tx, 0x1000, 60);
    assert_true(queue_signal(&tx.c)); /* the next frame is worth a call again */
}

static void test_call_returns(void **state)
{
    struct net_desc got[CAPACITY];
    (void)state;
    start();
    put_many(&tx, 4);
    assert_int_equal(call(TX_CHANNEL), NET_DRIVER_DONE);
    device.tx.done = 2;
    assert_int_equal(call(TX_CHANNEL), NET_DRIVER_DONE); /* nobody waits for them */
    assert_int_equal(peer_take(&tx, got, CAPACITY), 2);
    assert_true(queue_arm(&tx.c, 1));
    assert_int_equal(call(TX_CHANNEL), NET_DRIVER_DONE);
    assert_true(device.wait_sent);
    device.tx.done = 1;
    assert_int_equal(call(TX_CHANNEL), NET_DRIVER_LOOK);
    assert_int_equal(peer_take(&tx, got, CAPACITY), 1);
    assert_true(queue_arm(&tx.c, 1));
    assert_int_equal(call(TX_CHANNEL), NET_DRIVER_DONE);
    device.tx.done = 1;
    mock_enter(IRQ_CHANNEL); /* what comes between calls is notified */
    assert_int_equal(mock.notified[TX_CHANNEL], 1);
    mock.notified[TX_CHANNEL] = 0;
    mock_enter(IRQ_CHANNEL);
    assert_int_equal(mock.notified[TX_CHANNEL], 0); /* and nothing is left over from a call */
}

static void test_call_with_a_full_ring(void **state)
{
    struct net_desc got[CAPACITY];
    (void)state;
    start();
    put_many(&tx, SLOTS + 5);
    assert_int_equal(call(TX_CHANNEL), NET_DRIVER_DONE);
    assert_int_equal(device.tx.count, SLOTS);
    assert_true(device.wait_sent);
    device.tx.done = SLOTS;
    mock_enter(IRQ_CHANNEL);
    assert_int_equal(device.tx.count, 5);
    assert_int_equal(peer_take(&tx, got, CAPACITY), SLOTS);
    assert_int_equal(mock_counter("tx_frames"), SLOTS + 5);
}

static void test_call_of_another(void **state)
{
    (void)state;
    start();
    put_many(&tx, 3);
    assert_int_equal(call(RX_CHANNEL), NET_DRIVER_DONE);
    assert_int_equal(device.tx.count, 0);
    assert_int_equal(mock_counter("calls"), 0);
}

static void test_virtualiser_restart_by_call(void **state)
{
    (void)state;
    start();
    put_many(&tx, 3);
    assert_int_equal(call(TX_CHANNEL), NET_DRIVER_DONE);
    peer_open(&tx);
    peer_poll(&tx);
    assert_int_equal(call(TX_CHANNEL), NET_DRIVER_LOOK);
    peer_poll(&tx);
    assert_true(tx.c.ready);
    put_many(&tx, 2);
    (void)call(TX_CHANNEL);
    assert_int_equal(device.tx.count, 5);
}

/* Microkit sends a signal of its own when a passive PD's init() has returned, in the place of the
 * deferred one. */
static void test_start_defers_nothing(void **state)
{
    (void)state;
    configure();
    mock_init();
    assert_int_equal(mock.deferred, 0);
    assert_true(mock.notified[RX_CHANNEL] == 1 && mock.notified[TX_CHANNEL] == 1);
}

static uint32_t flooded;

/* Frames come for ever; the receive virtualiser takes them, the transmit one waits. */
static void flood(void)
{
    struct net_desc got[CAPACITY];
    if (mock.notified[TX_CHANNEL] != 0) {
        device.on_commit = NULL;
        return;
    }
    if (++flooded > 20000) {
        return;
    }
    uint32_t count = peer_take(&rx, got, CAPACITY);
    for (uint32_t i = 0; i < count; i++) {
        peer_put(&rx, got[i].address, 100);
    }
    device.rx.done = device.rx.count;
}

static void test_wake_during_flood(void **state)
{
    (void)state;
    start();
    put_many(&rx, 10);
    put_many(&tx, 1);
    mock_enter(RX_CHANNEL);
    mock_enter(TX_CHANNEL);
    (void)queue_arm(&tx.c, 1);
    device.tx.done = 1;
    device.rx.done = 5;
    flooded = 0;
    mock.notified[TX_CHANNEL] = 0;
    device.on_commit = flood;
    mock_enter(IRQ_CHANNEL);
    assert_null(device.on_commit);
}

static void test_configuration(void **state)
{
    (void)state;
    configure();
    config->rx.put_capacity = 3;
    assert_true(mock_init_refused("component: bad configuration: a queue's capacity"));
    configure();
    config->header.kind = CONFIG_NET_CLIENT;
    assert_true(mock_init_refused("another kind"));
    configure();
    device.start_says = "the device is on fire";
    assert_true(mock_init_refused("component: the device is on fire"));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SENTENCE("frames and buffers move both ways, shown to the device once a round", test_moves),
        SENTENCE("what the device returns wrongly is not passed on, the rest is",
                 test_wrong_return),
        SENTENCE("the device is given no more than it has room for", test_more_than_room),
        SENTENCE("completions are asked for only while the virtualiser waits",
                 test_lazy_completion),
        SENTENCE("what comes during the last look is moved in the same activation",
                 test_looks_again),
        SENTENCE("empty buffers are worth a wake only when the device runs low",
                 test_low_on_buffers),
        SENTENCE("a virtualiser that lies about its indices moves nothing",
                 test_lying_virtualisers),
        SENTENCE("a virtualiser's restart does not concern the other", test_virtualiser_restart),
        SENTENCE("a virtualiser that is down makes the device wait quietly", test_virtualiser_down),
        SENTENCE("a virtualiser that begins a restart does not make an activation endless",
                 test_restart_within_activation),
        SENTENCE("a virtualiser's wake does not wait for the end of a flood",
                 test_wake_during_flood),
        SENTENCE("called, it sends, and leaves receiving to the interrupt", test_call_sends),
        SENTENCE("called, it says in its reply what it would notify", test_call_returns),
        SENTENCE("what a call finds no room for is sent when the device has some",
                 test_call_with_a_full_ring),
        SENTENCE("only the transmit virtualiser's calls move anything", test_call_of_another),
        SENTENCE("a virtualiser that restarted is adopted in its call",
                 test_virtualiser_restart_by_call),
        SENTENCE("nothing is deferred at the start, where a passive driver's would be lost",
                 test_start_defers_nothing),
        SENTENCE("a bad configuration is named and stops the driver", test_configuration),
    };
    int wrong = mock_module(argc, argv);
    return wrong != 0 ? wrong : cmocka_run_group_tests_name("shell", tests, NULL, NULL);
}
