/* SPDX-License-Identifier: BSD-2-Clause */
/* The seam of link.h: the driver's side in this thread, the device's loop in another, and each side
 * alone with a peer that is dead or lies. */
#include "device_loop.h"
#include "link.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sddf/mmio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

enum { REGISTERS = 4096, COUNT = 0x10, LINE = 0x20, PUBLISHED = 0x40 };

/* A device: COUNT counts writes to it that come in order 0, 1, 2 ...; LINE sets the interrupt. */
static struct bench {
    struct device_link link;
    struct link_driver_half *driver;
    struct link_window *window;
    uintptr_t address;
    int device_wake[2], driver_wake[2];
    uint64_t in_order, out_of_order, bad_accesses;
    uint32_t stop;
    bool has_thread;
    pthread_t thread;
} bench;

static void write_register(void *device, uint32_t offset, uint32_t size, uint64_t value)
{
    (void)device;
    (void)size;
    if (offset == COUNT) {
        *(value == bench.in_order ? &bench.in_order : &bench.out_of_order) += 1;
    } else if (offset == LINE) {
        device_link_irq(&bench.link, value != 0);
    }
}

static uint64_t read_register(void *device, uint32_t offset, uint32_t size)
{
    (void)device;
    (void)size;
    return offset == COUNT ? bench.in_order : 0;
}

static void count_bad_access(void *device)
{
    (void)device;
    bench.bad_accesses++;
}

static bool work(void *device)
{
    (void)device;
    return false;
}

static bool arm(void *device)
{
    (void)device;
    return true;
}

static int wait_fd(void *device)
{
    (void)device;
    return -1;
}

static void wait_error(void *device)
{
    (void)device;
}

static const struct device_ops ops = {.write = write_register,
                                      .read = read_register,
                                      .bad_access = count_bad_access,
                                      .work = work,
                                      .arm = arm,
                                      .wait_fd = wait_fd,
                                      .wait_error = wait_error};

static void *page(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(memory, MAP_FAILED);
    return memory;
}

static int setup(void **state)
{
    (void)state;
    memset(&bench, 0, sizeof bench);
    assert_int_equal(pipe2(bench.device_wake, O_NONBLOCK | O_CLOEXEC), 0);
    assert_int_equal(pipe2(bench.driver_wake, O_NONBLOCK | O_CLOEXEC), 0);
    bench.driver = page(sizeof *bench.driver);
    bench.link = (struct device_link){.registers = page(REGISTERS),
                                      .registers_size = REGISTERS,
                                      .driver = bench.driver,
                                      .device = page(sizeof *bench.link.device),
                                      .device_wake = bench.device_wake[0],
                                      .driver_wake = bench.driver_wake[1]};
    device_link_open(&bench.link);
    device_link_synchronous(&bench.link, COUNT);
    bench.address = (uintptr_t)bench.link.registers;
    const struct link_window window = {.address = bench.address,
                                       .size = REGISTERS,
                                       .driver = bench.driver,
                                       .device = bench.link.device,
                                       .device_wake = bench.device_wake[1],
                                       .driver_wake = bench.driver_wake[0]};
    link_attach(&window);
    bench.window = link_find(bench.address);
    assert_non_null(bench.window);
    return 0;
}

static void *run(void *unused)
{
    device_loop_run(&bench.link, &ops, NULL, &bench.stop);
    return unused;
}

static int setup_with_thread(void **state)
{
    setup(state);
    bench.has_thread = pthread_create(&bench.thread, NULL, run, NULL) == 0;
    assert_true(bench.has_thread);
    return 0;
}

/* The pages stay mapped: link_driver.c has no way, and a PD no need, to detach a window. */
static int teardown(void **state)
{
    (void)state;
    if (bench.has_thread) {
        __atomic_store_n(&bench.stop, 1, __ATOMIC_SEQ_CST);
        assert_int_equal(write(bench.device_wake[1], "", 1), 1);
        pthread_join(bench.thread, NULL);
    }
    for (unsigned i = 0; i < 2; i++) {
        close(bench.device_wake[i]);
        close(bench.driver_wake[i]);
    }
    return 0;
}

static void posted_writes_arrive_in_order_and_a_read_sees_them_all(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 20000; i++) {
        mmio_write32(bench.address + COUNT, i);
        if (i % 999 == 0) {
            assert_int_equal(mmio_read32(bench.address + COUNT), i + 1);
        }
    }
    assert_int_equal(mmio_read32(bench.address + COUNT), 20000);
    assert_int_equal(bench.out_of_order, 0);
    assert_int_equal(bench.window->writes_dropped, 0);
}

static void a_published_register_is_read_without_asking(void **state)
{
    (void)state;
    device_link_publish(&bench.link, PUBLISHED, 0x12345678);
    assert_int_equal(mmio_read32(bench.address + PUBLISHED), 0x12345678);
    assert_int_equal(mmio_read16(bench.address + PUBLISHED + 2), 0x1234);
    assert_int_equal(bench.driver->read_request, 0);
}

/* As a PD's main loop: false when nothing came in five seconds. */
static bool wait_for_irq(void)
{
    for (unsigned i = 0; i < 100; i++) {
        if (link_irq_take(bench.window)) {
            return true;
        }
        if (link_sleep()) {
            struct pollfd wake = {.fd = bench.driver_wake[0], .events = POLLIN};
            char bytes[64];
            bool ready = poll(&wake, 1, 5000) == 1;
            link_awake();
            if (!ready) {
                return false;
            }
            ssize_t drained = read(bench.driver_wake[0], bytes, sizeof bytes);
            (void)drained;
        }
    }
    return false;
}

/* After a synchronous read the device has applied everything. */
static void settle(void)
{
    (void)mmio_read32(bench.address + COUNT);
}

static void a_level_that_is_still_up_fires_again_when_acknowledged(void **state)
{
    (void)state;
    mmio_write32(bench.address + LINE, 1);
    settle();
    assert_int_equal(bench.link.device->irq_fired, 0); /* masked until the first acknowledgement */
    link_irq_ack(bench.window);
    assert_true(wait_for_irq());
    settle();
    assert_int_equal(bench.link.device->irq_fired, 1); /* masked by firing */
    link_irq_ack(bench.window);
    assert_true(wait_for_irq());
    mmio_write32(bench.address + LINE, 0);
    link_irq_ack(bench.window); /* behind the write: the line is down by then */
    settle();
    assert_false(link_irq_take(bench.window));
}

static void a_thousand_interrupts_are_neither_lost_nor_doubled(void **state)
{
    (void)state;
    link_irq_ack(bench.window);
    for (unsigned i = 0; i < 1000; i++) {
        mmio_write32(bench.address + LINE, 1);
        assert_true(wait_for_irq());
        mmio_write32(bench.address + LINE, 0);
        link_irq_ack(bench.window);
    }
    settle();
    assert_false(link_irq_take(bench.window));
    assert_int_equal(bench.link.device->irq_fired, 1000);
}

static void an_edge_while_masked_is_kept_and_a_level_is_not(void **state)
{
    (void)state;
    bench.link.edge = true;
    link_irq_ack(bench.window);
    device_link_serve(&bench.link, &ops, NULL);
    device_link_irq(&bench.link, true);
    assert_true(link_irq_take(bench.window));
    device_link_irq(&bench.link, false);
    device_link_irq(&bench.link, true);
    assert_int_equal(bench.link.device->irq_fired, 1);
    device_link_irq(&bench.link, false);
    link_irq_ack(bench.window);
    device_link_serve(&bench.link, &ops, NULL);
    assert_true(link_irq_take(bench.window));
    link_irq_ack(bench.window);
    device_link_serve(&bench.link, &ops, NULL);
    assert_false(link_irq_take(bench.window));
}

static void a_standing_interrupt_forbids_sleep(void **state)
{
    (void)state;
    link_irq_ack(bench.window);
    assert_true(link_sleep());
    link_awake();
    device_link_serve(&bench.link, &ops, NULL);
    device_link_irq(&bench.link, true);
    assert_false(link_sleep());
    assert_int_equal(bench.driver->sleeping, 0);
    assert_true(link_irq_take(bench.window)); /* the window stays attached: let others sleep */
}

static void a_dead_device_costs_a_bounded_wait_and_then_nothing(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < LINK_WRITES + 1000; i++) {
        mmio_write32(bench.address + COUNT, i);
    }
    assert_int_equal(bench.window->writes_dropped, 1000);
    for (uint32_t i = 0; i < 1000; i++) {
        assert_int_equal(mmio_read32(bench.address + COUNT), UINT32_MAX);
    }
    assert_int_equal(bench.window->reads_unanswered, 1000);
    device_link_serve(&bench.link, &ops, NULL);
    assert_int_equal(bench.in_order, LINK_WRITES);
    mmio_write32(bench.address + COUNT, LINK_WRITES); /* it may come back */
    device_link_serve(&bench.link, &ops, NULL);
    assert_int_equal(bench.in_order, LINK_WRITES + 1);
}

static void a_lying_device_cannot_make_the_driver_overrun_its_ring(void **state)
{
    (void)state;
    bench.window->dead = true; /* do not wait for it */
    bench.link.device->write_head = 1000;
    mmio_write32(bench.address + COUNT, 0);
    assert_int_equal(bench.window->writes_dropped, 1);
    assert_int_equal(bench.driver->write_tail, 0);
}

static void a_lying_device_cannot_interrupt_before_the_acknowledgement(void **state)
{
    (void)state;
    bench.link.device->irq_fired = 1;
    assert_false(link_irq_take(bench.window));
    assert_true(link_sleep());
    link_awake();
    link_irq_ack(bench.window);
    assert_true(link_irq_take(bench.window));
    bench.link.device->irq_fired = 2;
    assert_false(link_irq_take(bench.window));
}

static void an_impossible_tail_is_counted_and_skipped(void **state)
{
    (void)state;
    bench.driver->write_tail = LINK_WRITES + 1;
    assert_true(device_link_serve(&bench.link, &ops, NULL));
    assert_int_equal(bench.bad_accesses, 1);
    assert_int_equal(bench.in_order + bench.out_of_order, 0);
    assert_int_equal(bench.link.write_head, LINK_WRITES + 1);
    assert_false(device_link_serve(&bench.link, &ops, NULL));
}

static void accesses_that_no_bus_carries_are_counted_and_ignored(void **state)
{
    (void)state;
    const struct link_write bad[] = {
        {REGISTERS, 4, 0}, {REGISTERS - 4, 8, 0},          {2, 4, 0}, {0, 3, 0}, {0, 0, 0},
        {0, 16, 0},        {LINK_OFFSET_IRQ_ACK - 3, 4, 0}};
    const uint32_t count = sizeof bad / sizeof bad[0];
    memcpy(bench.driver->writes, bad, sizeof bad);
    bench.driver->write_tail = count;
    bench.driver->read_offset = REGISTERS - 2;
    bench.driver->read_size = 4;
    bench.driver->read_request = 1;
    assert_true(device_link_serve(&bench.link, &ops, NULL));
    assert_int_equal(bench.bad_accesses, count + 1);
    assert_int_equal(bench.link.device->read_value, UINT64_MAX);
}

#define TEST(name)    cmocka_unit_test_setup_teardown(name, setup, teardown)
#define THREADS(name) cmocka_unit_test_setup_teardown(name, setup_with_thread, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        THREADS(posted_writes_arrive_in_order_and_a_read_sees_them_all),
        TEST(a_published_register_is_read_without_asking),
        THREADS(a_level_that_is_still_up_fires_again_when_acknowledged),
        THREADS(a_thousand_interrupts_are_neither_lost_nor_doubled),
        TEST(an_edge_while_masked_is_kept_and_a_level_is_not),
        TEST(a_standing_interrupt_forbids_sleep),
        TEST(a_dead_device_costs_a_bounded_wait_and_then_nothing),
        TEST(a_lying_device_cannot_make_the_driver_overrun_its_ring),
        TEST(a_lying_device_cannot_interrupt_before_the_acknowledgement),
        TEST(an_impossible_tail_is_counted_and_skipped),
        TEST(accesses_that_no_bus_carries_are_counted_and_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
