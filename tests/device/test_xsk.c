/* SPDX-License-Identifier: BSD-2-Clause */
/* The AF_XDP driver, shell and all, on a real socket of this kernel's, bound to one end of a veth
 * pair in a network namespace of the test's own; the test holds the other end. The registers are
 * what the process of a PD makes of the socket, and the driver's virtualisers are the test. Skipped
 * where namespaces or AF_XDP are not permitted. */
#include "mock_microkit.h"
#include "xsk_socket.h"
#include "xsk_window.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <platform/mmio.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    CAPACITY = 1024,
    IRQ_CHANNEL = 5,
    RX_CHANNEL = 10,
    TX_CHANNEL = 20,
    BUFFERS = 512, /* receive buffers from the second on, then as many to send from */
    FRAMES = 20000,
    WINDOW = 64, /* frames under way */
    WAIT_MS = 5000,
    FRAME_MAX = 1514,
};
#define REGISTERS    ((uintptr_t)0x10001000)
#define UMEM_IO      UINT64_C(0x80000000)
#define UMEM_SIZE    (UINT64_C(4) << 20)
#define BUFFER_IO(n) (UMEM_IO + (uint64_t)(n)*NET_BUFFER_SIZE)

static struct net_driver_config *config;
static struct peer rx, tx;
static struct xsk_socket xsk;
static struct xsk_window *window;
static uint8_t *umem, *rings;
static int other_end = -1;

/* ---- The platform's part ---- */

void mock_mmio_barrier(void)
{
}

uint64_t mock_mmio_read(uintptr_t address, unsigned size_bytes)
{
    uint64_t value = 0;
    assert_true(address - REGISTERS + size_bytes <= sizeof(xsk.registers));
    memcpy(&value, xsk.registers + (address - REGISTERS), size_bytes);
    return value;
}

void mock_mmio_write(uintptr_t address, unsigned size_bytes, uint64_t value)
{
    (void)size_bytes;
    xsk_window_write(window, address - REGISTERS, value);
}

/* ---- The bench ---- */

static void in_a_namespace(void)
{
    if (unshare(CLONE_NEWNET) != 0) {
        print_message("# skipped: a network namespace is not permitted: %s\n", strerror(errno));
        skip();
    }
    int quiet = open("/proc/sys/net/ipv6/conf/default/disable_ipv6", O_WRONLY | O_CLOEXEC);
    if (quiet >= 0) { /* nothing shall be on the wire but ours */
        assert_int_equal(write(quiet, "1", 1), 1);
        close(quiet);
    }
    assert_int_equal(system("ip link add here type veth peer name there && "
                            "ip link set here up && ip link set there up"),
                     0);
}

static void plug_other_end(void)
{
    struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                  .sll_protocol = htons(ETH_P_ALL),
                                  .sll_ifindex = (int)if_nametoindex("there")};
    other_end = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    assert_true(other_end >= 0);
    int one = 1;
    (void)setsockopt(other_end, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one));
    assert_int_equal(bind(other_end, (struct sockaddr *)&address, sizeof(address)), 0);
}

static void configure(void)
{
    config = mock_memory(sizeof(*config));
    mock_header(&config->header, CONFIG_NET_DRIVER, sizeof(*config));
    config->registers = (struct config_region){REGISTERS, 0, 4096};
    config->rings = (struct config_region){(uintptr_t)rings, 0, XSK_RINGS_SIZE};
    config->irq_channel = IRQ_CHANNEL;
    peer_make(&rx, &config->rx, CAPACITY, RX_CHANNEL);
    peer_make(&tx, &config->tx, CAPACITY, TX_CHANNEL);
    mock_configure(config, sizeof(*config));
}

static bool open_socket(struct xsk_socket *s)
{
    int fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        print_message("# skipped: no AF_XDP socket: %s\n", strerror(errno));
        skip();
    }
    return xsk_socket_open(s, fd, umem, UMEM_SIZE, UMEM_IO);
}

static void close_socket(struct xsk_socket *s)
{
    xsk_socket_detach(s);
    close(s->fd);
}

static bool attach(struct xsk_socket *s, const char *text)
{
    struct xsk_wire wire;
    return xsk_wire_parse(text, &wire, s->error) && xsk_socket_attach(s, &wire);
}

static void start_on(const char *text)
{
    const char *what = NULL;
    in_a_namespace();
    umem = mmap(NULL, UMEM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    rings = mmap(NULL, XSK_RINGS_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(umem != MAP_FAILED && rings != MAP_FAILED);
    if (!open_socket(&xsk) || !attach(&xsk, text)) {
        print_message("# skipped: %s\n", xsk.error);
        close_socket(&xsk);
        skip();
    }
    (void)munmap(rings, XSK_RINGS_SIZE); /* nobody else takes an address here */
    window = xsk_window_open(xsk.fd, rings, XSK_RINGS_SIZE, &what);
    assert_non_null(window);
    assert_true(xsk_socket_bind(&xsk));
    plug_other_end();
    configure();
    mock_init();
    peer_start(&rx);
    peer_start(&tx);
    for (uint32_t i = 1; i <= BUFFERS; i++) {
        peer_put(&rx, BUFFER_IO(i), NET_BUFFER_SIZE);
    }
    mock_enter(RX_CHANNEL);
}

static void stop(void)
{
    close(other_end);
    close_socket(&xsk);
    (void)munmap(umem, UMEM_SIZE);
    (void)munmap(rings, XSK_RINGS_SIZE);
}

/* Frame `number`: its length and every byte of it follow from the number. */
static uint32_t frame_length(uint32_t number)
{
    return 60 + number * 7919U % (FRAME_MAX - 60 + 1);
}

static void frame_make(uint8_t *frame, uint32_t number)
{
    uint32_t length = frame_length(number);
    memset(frame, 0xff, 6); /* to all */
    for (uint32_t i = 6; i < length; i++) {
        frame[i] = (uint8_t)(number + i);
    }
    frame[6] &= 0xfe; /* no group sends */
    frame[12] = 0x88; /* an EtherType for experiments, IEEE 802 */
    frame[13] = 0xb5;
}

static void assert_frame(const uint8_t *frame, uint32_t length, uint32_t number)
{
    uint8_t want[FRAME_MAX];
    frame_make(want, number);
    assert_int_equal(length, frame_length(number));
    assert_memory_equal(frame, want, length);
}

/* Waits for the interrupt. */
static void wait_received(void)
{
    struct pollfd ready;
    (void)xsk_window_wait(window, false, &ready);
    assert_int_equal(ready.events, POLLIN);
    for (int i = 0; !xsk_window_stands(window); i++) { /* a frame may be on its way */
        assert_true(i < WAIT_MS);
        bool busy = xsk_window_poll(window) != 0;
        (void)poll(&ready, busy ? 0 : 1, 1); /* who polls busily need not be woken */
    }
    mock_enter(IRQ_CHANNEL);
}

static void receive_on(const char *wire)
{
    static struct net_desc got[CAPACITY];
    static uint8_t frame[FRAME_MAX];
    start_on(wire);
    for (uint32_t next = 0, sent = 0; next < FRAMES;) {
        for (; sent < FRAMES && sent - next < WINDOW; sent++) {
            frame_make(frame, sent);
            assert_int_equal(send(other_end, frame, frame_length(sent), 0), frame_length(sent));
        }
        wait_received();
        uint32_t count = peer_take(&rx, got, CAPACITY);
        for (uint32_t i = 0; i < count; i++, next++) {
            assert_frame(umem + (got[i].address - UMEM_IO), got[i].length, next);
            peer_put(&rx, got[i].address, NET_BUFFER_SIZE);
        }
    }
    assert_int_equal(mock_counter("device_errors"), 0);
    stop();
}

static void test_receiving(void **state)
{
    (void)state;
    receive_on("xsk:here");
}

static void test_receiving_behind_the_driver(void **state)
{
    (void)state;
    receive_on("xsk:here,generic,copy");
}

static void test_receiving_by_busy_polling(void **state)
{
    (void)state;
    receive_on("xsk:here,busy-poll=20");
}

/* Takes what was sent from the other end; each is the next in order. */
static uint32_t receive_other_end(uint32_t next)
{
    static uint8_t frame[2048];
    struct pollfd ready = {.fd = other_end, .events = POLLIN};
    assert_int_equal(poll(&ready, 1, WAIT_MS), 1);
    ssize_t length;
    while ((length = recv(other_end, frame, sizeof(frame), MSG_DONTWAIT)) > 0) {
        assert_frame(frame, (uint32_t)length, next++);
    }
    return next;
}

static void test_sending(void **state)
{
    static struct net_desc got[CAPACITY];
    uint32_t given_back = 0;
    (void)state;
    start_on("xsk:here");
    for (uint32_t next = 0, sent = 0; next < FRAMES || given_back < FRAMES;) {
        for (; sent < FRAMES && sent - next < WINDOW && sent - given_back < BUFFERS; sent++) {
            uint64_t address = BUFFER_IO(1000 + sent % BUFFERS);
            frame_make(umem + (address - UMEM_IO), sent);
            peer_put(&tx, address, (uint16_t)frame_length(sent));
        }
        mock_enter(TX_CHANNEL);
        if (next < FRAMES) {
            next = receive_other_end(next);
        }
        uint32_t count = peer_take(&tx, got, CAPACITY);
        for (uint32_t i = 0; i < count; i++, given_back++) {
            assert_true(got[i].address == BUFFER_IO(1000 + given_back % BUFFERS));
        }
    }
    assert_int_equal(mock_counter("device_errors"), 0);
    stop();
}

static void test_refusals(void **state)
{
    (void)state;
    start_on("xsk:here");
    struct xsk_socket second;
    assert_true(open_socket(&second));
    assert_false(attach(&second, "xsk:nowhere"));
    assert_non_null(strstr(second.error, "nowhere"));
    close_socket(&second);
    assert_true(open_socket(&second));
    assert_false(attach(&second, "xsk:here")); /* the first has it */
    assert_non_null(strstr(second.error, "has one already"));
    close_socket(&second);
    umem++;
    assert_false(open_socket(&second));
    umem--;
    assert_non_null(strstr(second.error, "memory"));
    close_socket(&second);
    stop();
}

static void test_wires(void **state)
{
    static const char *const wrong[] = {
        "",           "xsk",          "xsk:",           "packet:here",          "xsk:a,",
        "xsk:a,slow", "xsk:a,queue=", "xsk:a,queue=64", "xsk:a,queue=1x",       "xsk:a,queue=-1",
        "xsk:a,,",    "xsk:,generic", "xsk:a,copy=1",   "xsk:sixteen-letters!", "xsk:a,busy-poll=0",
    };
    struct xsk_wire wire;
    char error[256];
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(xsk_wire_parse(wrong[i], &wire, error));
    }
    assert_false(xsk_wire_parse("xsk:a,busy-poll=99999999999999999999", &wire, error));
    assert_non_null(strstr(error, "busy-poll=MICROSECONDS"));
    assert_true(xsk_wire_parse("xsk:ens1f0np0,queue=63,busy-poll=50,generic,copy", &wire, error));
    assert_string_equal(wire.interface, "ens1f0np0");
    assert_true(wire.queue == 63 && wire.busy_poll_us == 50 && wire.generic && wire.copy);
    assert_true(xsk_wire_parse("xsk:veth0", &wire, error));
    assert_true(wire.queue == 0 && wire.busy_poll_us == 0 && !wire.generic && !wire.copy);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        SENTENCE("frames from the wire arrive whole, in order, at the start of their buffers",
                 test_receiving),
        SENTENCE("frames sent arrive on the wire whole and in order, and their buffers come back",
                 test_sending),
        SENTENCE("frames arrive so where they are steered behind the interface's driver",
                 test_receiving_behind_the_driver),
        SENTENCE("frames arrive so where the interface is polled by whoever waits for them",
                 test_receiving_by_busy_polling),
        SENTENCE("a socket that cannot be made says what is wrong", test_refusals),
        SENTENCE("what a socket is connected to is read whole or refused with what is allowed",
                 test_wires),
    };
    int wrong = mock_module(argc, argv);
    return wrong != 0 ? wrong : cmocka_run_group_tests_name("xsk", tests, NULL, NULL);
}
