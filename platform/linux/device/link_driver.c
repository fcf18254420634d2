/* SPDX-License-Identifier: BSD-2-Clause */
/* The driver's side of the seam of link.h, linked into the process that hosts a PD. It owns the
 * driver's halves of the link pages and uses no system call but write, ppoll, sched_yield and
 * clock_gettime, which the PD's sandbox allows; what sockets need besides stands in xsk_rings.c. It
 * does not trust the device model: a dead or lying one costs the PD a bounded wait, once, and after
 * that its accesses.
 */
#include "link.h"

#include "xsk_window.h"

#include <platform/mmio.h>
#include <sched.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    YIELDS = 64,          /* tries before naps */
    NAPS = 1000,          /* then the device is dead; at least this many times NAP_NS: 1 s */
    NAP_NS = 1000 * 1000, /* a wake ends a nap early */
    LOOK_NS = 200 * 1000, /* how often rings are looked at of which the kernel does not tell */
    NS_PER_S = 1000 * 1000 * 1000,
};

static struct link_window windows[LINK_WINDOWS_MAX];
static size_t window_count;

void link_attach(const struct link_window *window)
{
    if (window_count == LINK_WINDOWS_MAX) {
        return;
    }
    struct link_window *mine = &windows[window_count++];
    *mine = *window;
    if (mine->xsk == NULL) {
        mine->irq_seen = __atomic_load_n(&mine->device->irq_fired, __ATOMIC_RELAXED);
    }
    mine->irq_masked = true;
    mine->dead = false;
    mine->writes_dropped = 0;
    mine->reads_unanswered = 0;
}

struct link_window *link_find(uintptr_t address)
{
    for (size_t i = 0; i < window_count; i++) {
        if (address >= windows[i].address && address - windows[i].address < windows[i].size) {
            return &windows[i];
        }
    }
    return NULL;
}

/* After something was published. The fence pairs with the device's after it stores `sleeping`. */
static void wake_device(const struct link_window *window)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (__atomic_load_n(&window->device->sleeping, __ATOMIC_RELAXED) != 0) {
        /* A full pipe wakes as well; a closed one is a dead device, which is noticed elsewhere. */
        ssize_t written = write(window->device_wake, "", 1);
        (void)written;
    }
}

/* Sleeps until the wake pipe has a byte or NAP_NS passed. The byte stays: it may be another's
 * notification, for which the PD's main loop waits. A byte that was there before must not turn the
 * naps into a busy loop, so those naps have only a time. */
static void nap(const struct link_window *window)
{
    struct pollfd wake = {.fd = window->driver_wake, .events = POLLIN};
    const struct timespec none = {0, 0}, limit = {0, NAP_NS};
    bool stale = ppoll(&wake, 1, &none, NULL) != 0;
    (void)ppoll(&wake, stale ? 0 : 1, &limit, NULL);
}

static bool has_room(const struct link_window *window)
{
    uint32_t head = __atomic_load_n(&window->device->write_head, __ATOMIC_ACQUIRE);
    return window->driver->write_tail - head < LINK_WRITES;
}

static bool has_answer(const struct link_window *window)
{
    /* Acquire pairs with the device's release: read_value belongs to this answer. */
    return __atomic_load_n(&window->device->read_answer, __ATOMIC_ACQUIRE) ==
           window->driver->read_request;
}

/* Waits until `done`, at most a second; a device that was given up is not waited for again until
 * it makes progress. */
static bool wait_for(struct link_window *window, bool (*done)(const struct link_window *))
{
    for (unsigned i = 0; i < YIELDS && !done(window); i++) {
        (void)sched_yield();
    }
    for (unsigned i = 0; i < NAPS && !window->dead && !done(window); i++) {
        __atomic_store_n(&window->driver->sleeping, 1, __ATOMIC_RELAXED);
        wake_device(window); /* its fence also stands between `sleeping` and this last look */
        if (!done(window)) {
            nap(window);
        }
        __atomic_store_n(&window->driver->sleeping, 0, __ATOMIC_RELAXED);
    }
    window->dead = !done(window);
    return !window->dead;
}

static void post(struct link_window *window, uint32_t offset, uint32_t size, uint64_t value)
{
    if (!has_room(window)) {
        wake_device(window);
        if (!wait_for(window, has_room)) {
            window->writes_dropped++;
            return;
        }
    }
    struct link_driver_half *mine = window->driver;
    mine->writes[mine->write_tail % LINK_WRITES] = (struct link_write){offset, size, value};
    /* Release pairs with the device's acquire: it sees the entry, and all DMA memory written
     * before. */
    __atomic_store_n(&mine->write_tail, mine->write_tail + 1, __ATOMIC_RELEASE);
    wake_device(window);
}

/* Reads by request. The device applies every posted write first: they precede `read_request`. */
static uint64_t ask(struct link_window *window, uint32_t offset, uint32_t size)
{
    struct link_driver_half *mine = window->driver;
    mine->read_offset = offset;
    mine->read_size = size;
    __atomic_store_n(&mine->read_request, mine->read_request + 1, __ATOMIC_RELEASE);
    wake_device(window);
    if (!wait_for(window, has_answer)) {
        window->reads_unanswered++;
        return UINT64_MAX; /* as a bus without a device */
    }
    return __atomic_load_n(&window->device->read_value, __ATOMIC_RELAXED);
}

static bool is_synchronous(const struct link_window *window, uint64_t offset)
{
    uint64_t bit = offset / 4;
    if (bit / 64 >= sizeof window->device->synchronous / sizeof window->device->synchronous[0]) {
        return false;
    }
    uint64_t word = __atomic_load_n(&window->device->synchronous[bit / 64], __ATOMIC_RELAXED);
    return (word >> (bit % 64) & 1) != 0;
}

static uint64_t load(uintptr_t address, unsigned size_bytes)
{
    switch (size_bytes) {
    case 1:
        return __atomic_load_n((const uint8_t *)address, __ATOMIC_ACQUIRE);
    case 2:
        return __atomic_load_n((const uint16_t *)address, __ATOMIC_ACQUIRE);
    case 4:
        return __atomic_load_n((const uint32_t *)address, __ATOMIC_ACQUIRE);
    default:
        return __atomic_load_n((const uint64_t *)address, __ATOMIC_ACQUIRE);
    }
}

static void store(uintptr_t address, unsigned size_bytes, uint64_t value)
{
    switch (size_bytes) {
    case 1:
        *(volatile uint8_t *)address = (uint8_t)value;
        break;
    case 2:
        *(volatile uint16_t *)address = (uint16_t)value;
        break;
    case 4:
        *(volatile uint32_t *)address = (uint32_t)value;
        break;
    default:
        *(volatile uint64_t *)address = value;
        break;
    }
}

/* The window that holds the whole access. Without one the access goes to memory as it stands, and
 * faults at its own address, as on seL4. */
static struct link_window *find_access(uintptr_t address, unsigned size_bytes)
{
    struct link_window *window = link_find(address);
    bool whole = window != NULL && address % size_bytes == 0 &&
                 window->size - (address - window->address) >= size_bytes;
    return whole ? window : NULL;
}

uint64_t linux_mmio_read(uintptr_t address, unsigned size_bytes)
{
    struct link_window *window = find_access(address, size_bytes);
    if (window == NULL || window->xsk != NULL ||
        !is_synchronous(window, address - window->address)) {
        return load(address, size_bytes);
    }
    uint64_t value = ask(window, (uint32_t)(address - window->address), size_bytes);
    return size_bytes == 8 ? value : value & ((UINT64_C(1) << size_bytes * 8) - 1);
}

void linux_mmio_write(uintptr_t address, unsigned size_bytes, uint64_t value)
{
    struct link_window *window = find_access(address, size_bytes);
    if (window == NULL) {
        store(address, size_bytes, value);
        return;
    }
    if (window->xsk != NULL) {
        xsk_window_write(window->xsk, address - window->address, value);
        return;
    }
    post(window, (uint32_t)(address - window->address), size_bytes, value);
}

bool link_irq_stands(const struct link_window *window)
{
    if (window->irq_masked || window->xsk != NULL) {
        return !window->irq_masked && xsk_window_stands(window->xsk);
    }
    return __atomic_load_n(&window->device->irq_fired, __ATOMIC_ACQUIRE) != window->irq_seen;
}

bool link_irq_take(struct link_window *window)
{
    if (!link_irq_stands(window)) {
        return false;
    }
    if (window->xsk == NULL) {
        window->irq_seen = __atomic_load_n(&window->device->irq_fired, __ATOMIC_ACQUIRE);
    }
    window->irq_masked = true;
    return true;
}

void link_irq_ack(struct link_window *window)
{
    window->irq_masked = false;
    if (window->xsk == NULL) {
        post(window, LINK_OFFSET_IRQ_ACK, 0, 0);
    }
}

static void say_sleeping(uint32_t sleeping)
{
    for (size_t i = 0; i < window_count; i++) {
        if (windows[i].xsk == NULL) {
            __atomic_store_n(&windows[i].driver->sleeping, sleeping, __ATOMIC_RELAXED);
        }
    }
}

static uint64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

/* Lets sockets that poll busily fetch what there is; for how long who waits is to go on so. */
static uint64_t fetch(void)
{
    uint32_t most_us = 0;
    for (size_t i = 0; i < window_count; i++) {
        if (windows[i].xsk != NULL && !windows[i].irq_masked) {
            uint32_t busy_us = xsk_window_poll(windows[i].xsk);
            most_us = busy_us > most_us ? busy_us : most_us;
        }
    }
    return most_us * (uint64_t)1000;
}

static bool any_stands(void)
{
    for (size_t i = 0; i < window_count; i++) {
        if (link_irq_stands(&windows[i])) {
            return true;
        }
    }
    return false;
}

bool link_poll(void)
{
    uint64_t most_ns = fetch();
    if (most_ns == 0) {
        return false;
    }
    for (uint64_t from = now_ns(); !any_stands(); (void)fetch()) {
        if (now_ns() - from > most_ns) {
            return false;
        }
    }
    return true;
}

bool link_sleep(void)
{
    (void)fetch();
    say_sleeping(1);
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* pairs with the device's after irq_fired */
    if (any_stands()) {
        link_awake();
        return false;
    }
    return true;
}

void link_awake(void)
{
    say_sleeping(0);
}

bool link_has_sockets(void)
{
    for (size_t i = 0; i < window_count; i++) {
        if (windows[i].xsk != NULL) {
            return true;
        }
    }
    return false;
}

int link_wait(struct pollfd *files, size_t count)
{
    static struct pollfd all[LINK_FILES_MAX + LINK_WINDOWS_MAX]; /* a PD's stack is small */
    static const struct timespec look = {0, LOOK_NS};
    bool looks = false;
    nfds_t used = count < LINK_FILES_MAX ? count : LINK_FILES_MAX;
    memcpy(all, files, used * sizeof(*files));
    count = used;
    for (size_t i = 0; i < window_count; i++) {
        if (windows[i].xsk != NULL) {
            looks |= xsk_window_wait(windows[i].xsk, windows[i].irq_masked, &all[used++]);
        }
    }
    int found = ppoll(all, used, looks ? &look : NULL, NULL);
    for (size_t i = 0; i < count; i++) {
        files[i].revents = found > 0 ? all[i].revents : 0;
    }
    return found;
}
