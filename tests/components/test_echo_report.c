/* SPDX-License-Identifier: BSD-2-Clause */
/* What the echo client tells on its serial line (report.c, lib/serial/log.c), as a client of a
 * network, a timer and a serial device: the parts of its blob lie one after the other. */
#include "mock_microkit.h"
#include "serial_peer.h"

#include <sddf/timer.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    BUFFERS = 64,
    RX_BUFFERS = 32,
    CAPACITY = 128,
    RX_CHANNEL = 1,
    TX_CHANNEL = 2,
    TIMER_CHANNEL = 3,
    TYPED_CHANNEL = 4,
    PRINTED_CHANNEL = 5,
    TEXT_MAX = 1 << 16,
};

#define START "10.0.0.1/24 on eth0, 02:00:00:00:00:01\n"

struct blob {
    struct net_client_config net;
    struct timer_client_config timer;
    struct serial_client_config serial;
};

static struct blob *blob;
static struct peer copier, virt, typed, printed;
static char text[TEXT_MAX];
static uint64_t now;
static uint32_t calls;

static void part(struct config_header *header, enum config_kind kind, uint16_t version,
                 uint32_t size, const char *device)
{
    *header = (struct config_header){.magic = CONFIG_MAGIC,
                                     .kind = (uint16_t)kind,
                                     .version = version,
                                     .size = size,
                                     .instance = "component",
                                     .stats = blob->net.header.stats};
    (void)snprintf(header->device, sizeof(header->device), "%s", device);
}

static void configure(void)
{
    blob = mock_memory(sizeof(*blob));
    struct net_client_config *net = &blob->net;
    uint8_t *data = mock_memory((size_t)BUFFERS * NET_BUFFER_SIZE);
    mock_header(&net->header, CONFIG_NET_CLIENT, sizeof(*net));
    (void)snprintf(net->header.device, sizeof(net->header.device), "eth0");
    net->tx_data = (struct config_region){(uintptr_t)data, 0, (uint64_t)BUFFERS * NET_BUFFER_SIZE};
    net->rx_data = net->tx_data;
    net->buffer_size = NET_BUFFER_SIZE;
    net->rx_buffers = RX_BUFFERS;
    net->prefix_length = 24;
    memcpy(net->mac, (const uint8_t[]){2, 0, 0, 0, 0, 1}, 6);
    memcpy(net->ip, (const uint8_t[]){10, 0, 0, 1}, 4);
    part(&blob->timer.header, CONFIG_TIMER_CLIENT, TIMER_CONFIG_VERSION, sizeof(blob->timer),
         "timer");
    blob->timer.channel = TIMER_CHANNEL;
    part(&blob->serial.header, CONFIG_SERIAL_CLIENT, SERIAL_CONFIG_VERSION, sizeof(blob->serial),
         "serial0");
    peer_make(&copier, &net->rx, CAPACITY, RX_CHANNEL);
    peer_make(&virt, &net->tx, CAPACITY, TX_CHANNEL);
    text_peer(&typed, &blob->serial.rx, SERIAL_CAPACITY, TYPED_CHANNEL);
    text_peer(&printed, &blob->serial.tx, SERIAL_CAPACITY, PRINTED_CHANNEL);
    mock_configure(blob, sizeof(*blob));
    text[0] = '\0';
    now = TIMER_NS_PER_S;
    calls = 0;
}

static microkit_msginfo timer_driver(microkit_channel channel, microkit_msginfo message)
{
    assert_int_equal(channel, TIMER_CHANNEL);
    uint64_t label = microkit_msginfo_get_label(message);
    assert_true(label == TIMER_NOW || (label == TIMER_SET_PERIODIC && calls == 0));
    calls++;
    mock.words[0] = now;
    return microkit_msginfo_new(TIMER_OK, 1);
}

static const char *take_text(void)
{
    text[0] = '\0';
    text_take(&printed, text, sizeof(text), UINT32_MAX);
    return text;
}

static void start(void)
{
    configure();
    mock.on_call = timer_driver;
    mock_init();
    peer_start(&copier);
    peer_start(&virt);
    peer_start(&typed);
    peer_start(&printed);
}

/* A frame that is none, in a buffer that the client gave. */
static void put_packet(void)
{
    struct net_desc empty;
    assert_int_equal(peer_take(&copier, &empty, 1), 1);
    peer_put(&copier, empty.address, 60);
}

/* Four bytes by UDP from 10.0.0.2, which are echoed. */
static void put_datagram(void)
{
    static const uint8_t frame[] = {
        2,    0,    0,   0,   0,   1,   2, 0, 0,    0,    0,    2,
        0x08, 0x00,                                                   /* Ethernet */
        0x45, 0,    0,   32,  0,   0,   0, 0, 64,   17,   0x66, 0xcb, /* IPv4: 32 bytes, UDP */
        10,   0,    0,   2,   10,  0,   0, 1, 0x9c, 0x40, 0x04, 0xd3,
        0,    12,                       /* ports 40000 and 1235 */
        0,    0,    'e', 'c', 'h', 'o', /* no checksum (RFC 768) */
    };
    struct net_desc empty;
    assert_int_equal(peer_take(&copier, &empty, 1), 1);
    memcpy((uint8_t *)(uintptr_t)blob->net.tx_data.address + empty.address, frame, sizeof(frame));
    peer_put(&copier, empty.address, sizeof(frame));
}

static void test_start(void **state)
{
    (void)state;
    configure();
    mock.on_call = timer_driver;
    mock_init();
    assert_string_equal(mock_console, "");
    peer_start(&copier);
    peer_start(&virt);
    peer_start(&printed);
    assert_string_equal(take_text(), START);
}

static void test_statistics(void **state)
{
    (void)state;
    start();
    (void)take_text();
    put_packet();
    mock_enter(RX_CHANNEL);
    (void)text_put(&typed, "what?");
    mock_enter(TYPED_CHANNEL);
    assert_string_equal(take_text(), "");
    (void)text_put(&typed, "\r");
    mock_enter(TYPED_CHANNEL);
    char wanted[64];
    (void)snprintf(wanted, sizeof(wanted), "activations %llu\nsignals ",
                   (unsigned long long)mock_counter("activations") - 1);
    assert_non_null(strstr(take_text(), wanted));
    assert_null(strstr(text, "udp_echoed"));
    assert_int_equal(text[strlen(text) - 1], '\n');
}

static void test_packets_first(void **state)
{
    (void)state;
    start();
    (void)take_text();
    (void)text_put(&typed, "\r");
    put_packet();
    calls = 0;
    mock_enter(TYPED_CHANNEL); /* takes the packet of a notification that is still to come */
    assert_string_equal(take_text(), "");
    assert_int_equal(calls, 0);
    mock_enter(RX_CHANNEL);
    assert_non_null(strstr(take_text(), "activations "));
}

static void test_rates(void **state)
{
    (void)state;
    start();
    (void)take_text();
    now += TIMER_NS_PER_S - 1;
    mock_enter(TIMER_CHANNEL);
    now += 1;
    mock_enter(TIMER_CHANNEL);
    assert_string_equal(take_text(), ""); /* nothing was echoed */
    for (uint32_t i = 0; i < 7; i++) {
        put_datagram();
        mock_enter(RX_CHANNEL);
    }
    now += TIMER_NS_PER_S + TIMER_NS_PER_S / 2;
    mock_enter(TIMER_CHANNEL);
    assert_string_equal(take_text(), "7 echoed in 1500 ms\n");
    now += TIMER_NS_PER_S;
    mock_enter(TIMER_CHANNEL);
    assert_string_equal(take_text(), "");
}

/* Takes what there is, a little at a time, as long as the client is woken for the room. */
static void drain(void)
{
    text[0] = '\0';
    for (uint32_t i = 0; i < 1000; i++) {
        text_take(&printed, text, sizeof(text), 1 + random_below(9));
        if (queue_signal_space(&printed.c)) {
            mock_enter(PRINTED_CHANNEL);
        }
    }
}

/* True of a counter and its value, or the line that is said at the start. */
static bool is_whole(const char *line)
{
    unsigned value;
    char name[32], after;
    return sscanf(line, "%31[a-z_] %u%c", name, &value, &after) == 2 ||
           strncmp(line, START, strlen(START) - 1) == 0;
}

/* Nobody reads until the client has dropped lines. */
static void test_no_room(void **state)
{
    (void)state;
    start();
    for (uint32_t i = 0; i < 300; i++) {
        (void)text_put(&typed, "\r");
        mock_enter(TYPED_CHANNEL);
    }
    drain();
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        assert_true(is_whole(line));
    }
    (void)text_put(&typed, "\r");
    mock_enter(TYPED_CHANNEL);
    drain();
    assert_string_equal(strtok(text, "\n"), "lines are missing here");
    for (char *line = strtok(NULL, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        assert_true(is_whole(line));
    }
}

/* What a component that stopped has left in its queue, which outlives it. */
static bool left_behind(const char *wanted)
{
    uint32_t tail = atomic_load_relaxed(&printed.component->tail);
    size_t used = 0;
    for (uint32_t i = 0; i < tail; i++) {
        uint64_t word = shared_read(&printed.component->entries[i]);
        for (uint32_t byte = 0; byte < (word & 7); byte++) {
            text[used++] = (char)(word >> (8 * (byte + 1)));
        }
    }
    text[used] = '\0';
    return strcmp(text, wanted) == 0;
}

/* A virtualiser on another core that starts some milliseconds after it was told that the client is
 * there. */
static void *start_late(void *unused)
{
    (void)unused;
    (void)usleep(5000);
    peer_open(&printed);
    while (!printed.c.ready) {
        peer_poll(&printed);
    }
    return NULL;
}

static void virtualiser(microkit_channel channel)
{
    static pthread_t thread;
    if (channel == PRINTED_CHANNEL && thread == 0) {
        assert_int_equal(pthread_create(&thread, NULL, start_late, NULL), 0);
    }
}

/* The queue is shared with the child in which mock_init_refused() runs the component. */
static void configure_shared(void)
{
    size_t size = QUEUE_SIDE_SIZE(SERIAL_CAPACITY, sizeof(uint64_t));
    configure();
    printed.component = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(printed.component, MAP_FAILED);
    blob->serial.tx.mine = (uintptr_t)printed.component;
}

static void test_refusals(void **state)
{
    (void)state;
    mock.on_call = timer_driver;
    mock.on_notify = virtualiser;
    configure_shared();
    blob->net.prefix_length = 33;
    assert_true(mock_init_refused("component: bad configuration: prefix_length"));
    assert_true(left_behind("bad configuration: prefix_length: must be 1 to 32 bits\n"));
    configure_shared();
    blob->net.header.version++;
    assert_true(mock_init_refused("component: bad configuration: the blob is of another version"));
    assert_true(
        left_behind("bad configuration: the blob is of another version; run sddf gen again\n"));
}

static void test_parts(void **state)
{
    (void)state;
    mock.on_call = timer_driver;
    configure();
    blob->timer.header.size += 8;
    assert_true(mock_init_refused("the blob has not sDDF's magic number"));
    configure();
    blob->timer.header.size += 4;
    assert_true(mock_init_refused("the blob has another size"));
    configure();
    mock_configure(blob, sizeof(*blob) - sizeof(blob->serial) + 8);
    assert_true(mock_init_refused("no blob, or one shorter than its header"));
    configure();
    blob->serial.header.size += 8;
    assert_true(mock_init_refused("the blob has another size"));
    configure();
    blob->serial.header.device[CONFIG_DEVICE_MAX - 1] = 'x';
    assert_true(mock_init_refused("the device's name is not terminated"));
    configure();
    blob->net.header.kind = CONFIG_NET_COPIER;
    assert_true(mock_init_refused("the blob is for another kind of component"));
    configure();
    blob->serial.tx.put_capacity = 32;
    assert_true(mock_init_refused("the queue of what is printed holds no whole line"));
}

static void test_refusal_to_nobody(void **state)
{
    (void)state;
    configure();
    mock.on_call = timer_driver;
    blob->net.prefix_length = 33;
    assert_true(mock_init_refused("component: bad configuration: prefix_length"));
}

/* Hostile words in what the virtualisers write: lines may be lost, nothing else is. */
static void test_lies(void **state)
{
    (void)state;
    start();
    (void)text_put(&typed, "\r");
    for (uint32_t i = 0; i < 20000; i++) {
        struct peer *liar = random_below(2) == 0 ? &typed : &printed;
        shared_u32 *words = (shared_u32 *)(void *)liar->mine;
        uint32_t word = random_below(4 * QUEUE_LINE / sizeof(*words));
        uint32_t lie = random_below(2) == 0 ? random_below(600) : (uint32_t)random64();
        atomic_store_relaxed(&words[word], lie);
        mock_enter(random_below(2) == 0 ? TYPED_CHANNEL : PRINTED_CHANNEL);
    }
    put_packet();
    mock_enter(RX_CHANNEL);
    assert_int_equal(mock_counter("bad_returns"), 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SENTENCE("the first line waits for the virtualiser", test_start),
        SENTENCE("a line that is typed is answered with statistics", test_statistics),
        SENTENCE("an activation that finds packets does nothing else, the next does",
                 test_packets_first),
        SENTENCE("the rate is told each second, but for a zero", test_rates),
        SENTENCE("lines without room are dropped whole, and that is said", test_no_room),
        SENTENCE("a refusal reaches a virtualiser that starts meanwhile", test_refusals),
        SENTENCE("each part of the blob is looked at", test_parts),
        SENTENCE("a virtualiser that never starts does not hold up a refusal",
                 test_refusal_to_nobody),
        SENTENCE("virtualisers that lie cost lines only", test_lies),
    };
    int wrong = mock_module(argc, argv);
    return wrong != 0 ? wrong : cmocka_run_group_tests_name("echo report", tests, NULL, NULL);
}
