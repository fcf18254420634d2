/* SPDX-License-Identifier: BSD-2-Clause */
/* See device_loop.h. */
#include "device_loop.h"

#include <poll.h>
#include <stddef.h>
#include <unistd.h>

void device_link_open(struct device_link *link)
{
    link->write_head = 0;
    link->read_answer = 0;
    link->irq_fired = 0;
    link->irq_line = false;
    link->irq_latched = false;
    link->irq_masked = true;
}

void device_link_publish(struct device_link *link, uint32_t offset, uint32_t value)
{
    uint32_t *word = (uint32_t *)(void *)(link->registers + offset);
    __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

void device_link_synchronous(struct device_link *link, uint32_t offset)
{
    uint64_t *word = &link->device->synchronous[offset / 4 / 64];
    __atomic_store_n(word, *word | UINT64_C(1) << (offset / 4 % 64), __ATOMIC_RELEASE);
}

/* After something was published. The fence pairs with the driver's after it stores `sleeping`. */
static void wake_driver(const struct device_link *link)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (__atomic_load_n(&link->driver->sleeping, __ATOMIC_RELAXED) != 0) {
        ssize_t written = write(link->driver_wake, "", 1); /* a full pipe wakes as well */
        (void)written;
    }
}

/* Fires when the line asks for it and the driver acknowledged the last firing. An edge is kept
 * while masked; a level is looked at anew. */
static void fire(struct device_link *link)
{
    bool wanted = link->edge ? link->irq_latched : link->irq_line;
    if (!wanted || link->irq_masked) {
        return;
    }
    link->irq_latched = false;
    link->irq_masked = true;
    __atomic_store_n(&link->device->irq_fired, ++link->irq_fired, __ATOMIC_RELEASE);
    wake_driver(link);
}

void device_link_irq(struct device_link *link, bool up)
{
    link->irq_latched |= up && !link->irq_line;
    link->irq_line = up;
    fire(link);
}

static bool is_access(const struct device_link *link, uint32_t offset, uint32_t size)
{
    bool known_size = size == 1 || size == 2 || size == 4 || size == 8;
    return known_size && offset % size == 0 && offset < link->registers_size &&
           size <= link->registers_size - offset;
}

static void apply(struct device_link *link, const struct device_ops *ops, void *device,
                  struct link_write entry)
{
    if (entry.offset == LINK_OFFSET_IRQ_ACK) {
        link->irq_masked = false;
        fire(link);
    } else if (is_access(link, entry.offset, entry.size)) {
        ops->write(device, entry.offset, entry.size, entry.value);
    } else {
        ops->bad_access(device);
    }
}

/* Copies each field once; a driver that writes an entry after publishing it harms itself. */
static struct link_write copy_entry(const struct link_write *entry)
{
    return (struct link_write){
        .offset = __atomic_load_n(&entry->offset, __ATOMIC_RELAXED),
        .size = __atomic_load_n(&entry->size, __ATOMIC_RELAXED),
        .value = __atomic_load_n(&entry->value, __ATOMIC_RELAXED),
    };
}

static bool apply_writes(struct device_link *link, const struct device_ops *ops, void *device)
{
    uint32_t tail = __atomic_load_n(&link->driver->write_tail, __ATOMIC_ACQUIRE);
    uint32_t count = tail - link->write_head;
    if (count > LINK_WRITES) {
        ops->bad_access(device); /* nothing in the ring can be believed: skip it */
        link->write_head = tail;
    } else {
        for (uint32_t i = 0; i < count; i++) {
            const struct link_write *entry = &link->driver->writes[link->write_head % LINK_WRITES];
            apply(link, ops, device, copy_entry(entry));
            link->write_head++;
        }
    }
    if (count != 0) {
        __atomic_store_n(&link->device->write_head, link->write_head, __ATOMIC_RELEASE);
    }
    if (count >= LINK_WRITES) {
        wake_driver(link); /* it may wait for room */
    }
    return count != 0;
}

static void answer(struct device_link *link, const struct device_ops *ops, void *device,
                   uint32_t request)
{
    uint32_t offset = __atomic_load_n(&link->driver->read_offset, __ATOMIC_RELAXED);
    uint32_t size = __atomic_load_n(&link->driver->read_size, __ATOMIC_RELAXED);
    uint64_t value = UINT64_MAX;
    if (is_access(link, offset, size)) {
        value = ops->read(device, offset, size);
    } else {
        ops->bad_access(device);
    }
    link->read_answer = request;
    __atomic_store_n(&link->device->read_value, value, __ATOMIC_RELAXED);
    __atomic_store_n(&link->device->read_answer, request, __ATOMIC_RELEASE);
    wake_driver(link);
}

bool device_link_serve(struct device_link *link, const struct device_ops *ops, void *device)
{
    /* The request first: the acquire makes every write posted before it visible to what follows. */
    uint32_t request = __atomic_load_n(&link->driver->read_request, __ATOMIC_ACQUIRE);
    bool any = apply_writes(link, ops, device);
    if (request != link->read_answer) {
        answer(link, ops, device, request);
        any = true;
    }
    return any;
}

static bool has_request(const struct device_link *link)
{
    return __atomic_load_n(&link->driver->write_tail, __ATOMIC_ACQUIRE) != link->write_head ||
           __atomic_load_n(&link->driver->read_request, __ATOMIC_ACQUIRE) != link->read_answer;
}

static void wait(struct device_link *link, const struct device_ops *ops, void *device)
{
    struct pollfd fds[2] = {{.fd = link->device_wake, .events = POLLIN},
                            {.fd = ops->wait_fd(device), .events = POLLIN}};
    if (ppoll(fds, 2, NULL, NULL) <= 0) {
        return;
    }
    if ((fds[0].revents & POLLIN) != 0) {
        char bytes[64];
        ssize_t drained = read(link->device_wake, bytes, sizeof bytes);
        (void)drained;
    } else if (fds[0].revents != 0) {
        link->device_wake = -1; /* no driver is left; a device goes on without one */
    }
    if ((fds[1].revents & ~POLLIN) != 0) {
        ops->wait_error(device);
    }
}

void device_loop_run(struct device_link *link, const struct device_ops *ops, void *device,
                     const uint32_t *stop)
{
    while (stop == NULL || __atomic_load_n(stop, __ATOMIC_RELAXED) == 0) {
        bool busy = device_link_serve(link, ops, device);
        busy |= ops->work(device);
        if (busy || !ops->arm(device)) {
            continue;
        }
        __atomic_store_n(&link->device->sleeping, 1, __ATOMIC_RELAXED);
        __atomic_thread_fence(__ATOMIC_SEQ_CST); /* pairs with the driver's after it publishes */
        if (!has_request(link)) {
            wait(link, ops, device);
        }
        __atomic_store_n(&link->device->sleeping, 0, __ATOMIC_RELAXED);
    }
}
