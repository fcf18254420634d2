/* SPDX-License-Identifier: BSD-2-Clause */
/* sddf-timer: the process (process.h) of one "sddf,timer" on Linux: a counter and one alarm, over
 * CLOCK_MONOTONIC and a timerfd. No DMA. All registers have 64 bits and are accessed whole:
 *
 *     0x00  COUNTER  read    nanoseconds
 *     0x08  COMPARE  write   the interrupt's line is up while COUNTER >= COMPARE; UINT64_MAX, as at
 *                            start: never */
#include "process.h"

#include <errno.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>

enum { COUNTER = 0x00, COMPARE = 0x08, REGISTERS_SIZE = 0x10 };

#define NS_PER_S UINT64_C(1000000000)
#define NEVER    UINT64_MAX

enum counter { ALARMS, INTERRUPTS, BAD_ACCESSES, COUNTERS };

static const char *const counter_names[COUNTERS] = {"alarms", "interrupts", "bad_accesses"};

static struct {
    uint64_t compare; /* ns */
    bool raised;
    int fd;
} timer = {.compare = NEVER, .fd = -1};

struct device_process process = {.model = "timer", .registers_size_min = REGISTERS_SIZE};

static uint64_t now(void)
{
    struct timespec time;
    if (clock_gettime(CLOCK_MONOTONIC, &time) != 0) {
        process_die("reading the clock: %s", strerror(errno));
    }
    return (uint64_t)time.tv_sec * NS_PER_S + (uint64_t)time.tv_nsec;
}

/* Wakes us at `ns`, which is not 0; NEVER: not. What fired before is forgotten. */
static void wake_at(uint64_t ns)
{
    struct itimerspec at = {0};
    if (ns != NEVER) {
        at.it_value.tv_sec = (time_t)(ns / NS_PER_S);
        at.it_value.tv_nsec = (long)(ns % NS_PER_S);
    }
    if (timerfd_settime(timer.fd, TFD_TIMER_ABSTIME, &at, NULL) != 0) {
        process_die("setting the alarm to %llu ns: %s", (unsigned long long)ns, strerror(errno));
    }
}

/* The line as the registers say. */
static bool look(void)
{
    if (timer.raised || timer.compare == NEVER || now() < timer.compare) {
        return false;
    }
    timer.raised = true;
    wake_at(NEVER);
    stats_add(process.stats, INTERRUPTS, 1);
    device_link_irq(&process.link, true);
    return true;
}

static void bad_access(void *device)
{
    (void)device;
    stats_add(process.stats, BAD_ACCESSES, 1);
}

static void write_register(void *device, uint32_t offset, uint32_t size, uint64_t value)
{
    if (offset != COMPARE || size != 8) {
        bad_access(device);
        return;
    }
    timer.compare = value;
    timer.raised = false;
    stats_add(process.stats, ALARMS, 1);
    if (value == NEVER || now() < value) {
        device_link_irq(&process.link, false);
        wake_at(value);
    } else {
        (void)look(); /* the line may stay up */
    }
}

static uint64_t read_register(void *device, uint32_t offset, uint32_t size)
{
    if (offset == COUNTER && size == 8) {
        return now();
    }
    bad_access(device);
    return UINT64_MAX;
}

static bool work(void *device)
{
    (void)device;
    return look();
}

static bool arm(void *device)
{
    (void)device;
    return true;
}

static int wait_fd(void *device)
{
    (void)device;
    return timer.fd;
}

static void wait_error(void *device)
{
    (void)device;
    process_die("the kernel's timer failed");
}

static const struct device_ops ops = {
    .write = write_register,
    .read = read_register,
    .bad_access = bad_access,
    .work = work,
    .arm = arm,
    .wait_fd = wait_fd,
    .wait_error = wait_error,
};

int main(void)
{
    process_start();
    timer.fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (timer.fd < 0) {
        process_die("making a timer: %s", strerror(errno));
    }
    process_open_stats(counter_names, COUNTERS);
    device_link_open(&process.link);
    for (uint32_t offset = 0; offset < process.link.registers_size; offset += 4) {
        device_link_synchronous(&process.link, offset);
    }
    process_serve(&ops, &timer);
}
