/* SPDX-License-Identifier: BSD-2-Clause */
/* The executable sddf-virtio-net, whole: this test is its runner (handoff), its driver's PD (link)
 * and its generator (in-memory wire). argv[1] is the executable. */
#include "../../platform/linux/handoff.h"
#include "driver.h"
#include "handoff_kinds.h"
#include "link.h"
#include "wire_memory.h"

#include <fcntl.h>
#include <poll.h>
#include <sddf/mmio.h>
#include <sddf/stats.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { REGISTERS_SIZE = 4096 };

static const char *executable;
static struct {
    pid_t pid;
    struct handoff_item items[16];
    size_t count;
    struct stats_page *stats;
    struct link_window window, *attached;
    struct driver driver;
    char wire[64];
    int generator, log;
} run;

/* A memfd of `size` bytes, mapped here and handed over. */
static void *share(uint32_t kind, size_t size, uint64_t value0, uint64_t value1)
{
    int fd = memfd_create("test", MFD_CLOEXEC);
    assert_int_equal(ftruncate(fd, (off_t)size), 0);
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_ptr_not_equal(memory, MAP_FAILED);
    run.items[run.count++] =
        (struct handoff_item){.kind = kind, .fd = fd, .name = "test", .value = {value0, value1}};
    return memory;
}

static void hand(uint32_t kind, int fd, const char *name)
{
    struct handoff_item *item = &run.items[run.count++];
    *item = (struct handoff_item){.kind = kind, .fd = fd};
    snprintf(item->name, sizeof item->name, "%s", name);
}

static uint32_t read_register(uint32_t offset)
{
    return mmio_read32(run.window.address + offset);
}

static void write_register(uint32_t offset, uint32_t value)
{
    mmio_write32(run.window.address + offset, value);
}

static void spawn(void)
{
    int sockets[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets), 0);
    run.pid = fork();
    assert_true(run.pid >= 0);
    if (run.pid == 0) {
        if (sockets[1] == HANDOFF_FD) {
            (void)fcntl(HANDOFF_FD, F_SETFD, 0);
        } else {
            (void)dup2(sockets[1], HANDOFF_FD);
        }
        execl(executable, executable, (char *)NULL);
        _exit(127);
    }
    close(sockets[1]);
    assert_true(handoff_send(sockets[0], run.items, run.count));
    close(sockets[0]);
    for (size_t i = 0; i < run.count; i++) {
        if (run.items[i].fd >= 0) {
            close(run.items[i].fd);
        }
    }
}

static int start(void **state)
{
    (void)state;
    int wake[2], driver_wake[2], log[2], ready[2];
    char byte;
    memset(&run, 0, sizeof run);
    assert_int_equal(pipe2(wake, O_NONBLOCK | O_CLOEXEC), 0);
    assert_int_equal(pipe2(driver_wake, O_NONBLOCK | O_CLOEXEC), 0);
    assert_int_equal(pipe2(log, O_NONBLOCK | O_CLOEXEC), 0);
    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    snprintf(run.wire, sizeof run.wire, "memory:@sddf-test-process-%d", (int)getpid());
    hand(DEVICE_NAME, -1, "eth0");
    hand(DEVICE_WIRE, -1, run.wire);
    hand(DEVICE_WAKE, wake[0], "");
    hand(DEVICE_DRIVER_WAKE, driver_wake[1], "");
    hand(DEVICE_LOG, log[1], "");
    hand(DEVICE_READY, ready[1], "");
    run.log = log[0];
    run.window.address = (uintptr_t)share(DEVICE_REGISTERS, REGISTERS_SIZE, REGISTERS_SIZE, 0);
    run.window.size = REGISTERS_SIZE;
    run.window.driver = share(DEVICE_LINK_DRIVER_HALF, 8192, 0, 0);
    run.window.device = share(DEVICE_LINK_DEVICE_HALF, 4096, 0, 0);
    run.window.device_wake = wake[1];
    run.window.driver_wake = driver_wake[0];
    run.stats = share(DEVICE_STATS, STATS_PAGE_SIZE, STATS_PAGE_SIZE, 0);
    run.driver.memory =
        share(DEVICE_DMA_REGION, DRIVER_MEMORY_SIZE, DRIVER_IO_ADDRESS, DRIVER_MEMORY_SIZE);
    run.driver.read = read_register;
    run.driver.write = write_register;
    spawn();
    assert_int_equal(read(ready[0], &byte, 1), 1); /* end of file when it died */
    close(ready[0]);
    link_attach(&run.window);
    run.attached = link_find(run.window.address);
    run.generator = wire_memory_connect(run.wire + strlen("memory:"));
    assert_true(run.generator >= 0);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    int status = 0;
    char log[512];
    ssize_t size = read(run.log, log, sizeof log);
    if (size > 0) {
        (void)fprintf(stderr, "%.*s", (int)size, log);
    }
    kill(run.pid, SIGTERM);
    assert_int_equal(waitpid(run.pid, &status, 0), run.pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM); /* lived until now */
    close(run.generator);
    return 0;
}

/* As a PD's main loop; false when no interrupt came in five seconds. */
static bool wait_for_irq(void)
{
    for (unsigned i = 0; i < 100; i++) {
        if (link_irq_take(run.attached)) {
            write_register(VIRTIO_MMIO_INTERRUPT_ACK, read_register(VIRTIO_MMIO_INTERRUPT_STATUS));
            link_irq_ack(run.attached);
            return true;
        }
        if (link_sleep()) {
            struct pollfd wake = {.fd = run.window.driver_wake, .events = POLLIN};
            char bytes[64];
            bool ready = poll(&wake, 1, 5000) == 1;
            link_awake();
            if (!ready) {
                return false;
            }
            ssize_t drained = read(wake.fd, bytes, sizeof bytes);
            (void)drained;
        }
    }
    return false;
}

static bool used_reaches(unsigned queue, uint16_t index)
{
    for (unsigned i = 0; i < 100; i++) {
        if (__atomic_load_n(&run.driver.queues[queue].used->idx, __ATOMIC_ACQUIRE) == index) {
            return true;
        }
        if (!wait_for_irq()) {
            return false;
        }
    }
    return false;
}

static void frames_pass_both_ways_through_the_process(void **state)
{
    (void)state;
    uint8_t frame[2048] = {2, 0, 0, 0, 0, 1};
    link_irq_ack(run.attached);
    assert_true(driver_start(&run.driver, 64, UINT64_C(1) << VIRTIO_F_VERSION_1));
    assert_int_equal(read_register(VIRTIO_MMIO_STATUS), 15);
    for (uint16_t i = 0; i < 1000; i++) {
        driver_offer_receive(&run.driver, i % 64);
        frame[100] = (uint8_t)i;
        assert_int_equal(send(run.generator, frame, 101U + i, 0), 101 + i);
        assert_true(used_reaches(0, (uint16_t)(i + 1)));
        assert_int_equal(run.driver.queues[0].used->ring[i % 64].len, 113 + i);
        assert_memory_equal(driver_buffer(&run.driver, i % 64) + 12, frame, 101U + i);
        driver_offer_transmit(&run.driver, i % 64, frame, 60U + i);
        write_register(VIRTIO_MMIO_QUEUE_NOTIFY, 1);
        assert_true(used_reaches(1, (uint16_t)(i + 1)));
        struct pollfd wait = {.fd = run.generator, .events = POLLIN};
        assert_int_equal(poll(&wait, 1, 5000), 1);
        assert_int_equal(recv(run.generator, frame, sizeof frame, 0), 60 + i);
    }
    assert_int_equal(run.stats->magic.value, STATS_MAGIC);
    assert_string_equal(run.stats->instance, "eth0");
    assert_string_equal(run.stats->counters[0].name, "rx_packets");
    assert_int_equal(run.stats->counters[0].value.value, 1000);
}

static void a_bad_address_stops_the_device_and_is_reported_by_name(void **state)
{
    (void)state;
    char log[512] = "";
    link_irq_ack(run.attached);
    assert_true(driver_start(&run.driver, 8, UINT64_C(1) << VIRTIO_F_VERSION_1));
    driver_describe(&run.driver, 1, 0, DRIVER_IO_ADDRESS + DRIVER_MEMORY_SIZE, 100, 0, 0);
    driver_offer(&run.driver, 1, 0);
    write_register(VIRTIO_MMIO_QUEUE_NOTIFY, 1);
    assert_true(wait_for_irq());
    assert_int_equal(read_register(VIRTIO_MMIO_STATUS), 15 | VIRTIO_CONFIG_S_NEEDS_RESET);
    assert_true(read(run.log, log, sizeof log - 1) > 0);
    assert_non_null(strstr(log, "eth0: transmit queue: buffer is outside"));
    assert_non_null(strstr(log, "0x80100000"));
    write_register(VIRTIO_MMIO_STATUS, 0);
    assert_int_equal(read_register(VIRTIO_MMIO_STATUS), 0);
}

static void the_process_keeps_no_privileges(void **state)
{
    (void)state;
    char path[64], text[4096] = "";
    snprintf(path, sizeof path, "/proc/%d/status", (int)run.pid);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_true(fread(text, 1, sizeof text - 1, file) > 0);
    (void)fclose(file);
    assert_non_null(strstr(text, "CapEff:\t0000000000000000"));
    assert_non_null(strstr(text, "NoNewPrivs:\t1"));
    assert_null(strstr(text, "Uid:\t0"));
#ifndef SANITIZED
    assert_non_null(strstr(text, "Seccomp:\t2"));
#endif
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(int argc, char **argv)
{
    if (argc != 2) {
        (void)fprintf(stderr, "usage: %s SDDF-VIRTIO-NET\n", argv[0]);
        return EXIT_FAILURE;
    }
    executable = argv[1];
    const struct CMUnitTest tests[] = {
        TEST(frames_pass_both_ways_through_the_process),
        TEST(a_bad_address_stops_the_device_and_is_reported_by_name),
        TEST(the_process_keeps_no_privileges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
