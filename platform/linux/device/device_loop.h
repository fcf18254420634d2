/* SPDX-License-Identifier: BSD-2-Clause */
/* The device's side of the seam of link.h: what every device model's process shares. It owns the
 * registers page and the device's half of the link page, and trusts nothing in the driver's half.
 * The driver cannot make it wait, grow or touch anything else; it can keep it busy. */
#ifndef LINUX_DEVICE_LOOP_H
#define LINUX_DEVICE_LOOP_H

#include "link.h"

#include <stdbool.h>
#include <stdint.h>

/* A device model. */
struct device_ops {
    /* A register access within the registers page, aligned, of 1, 2, 4 or 8 bytes. */
    void (*write)(void *device, uint32_t offset, uint32_t size, uint64_t value);
    uint64_t (*read)(void *device, uint32_t offset, uint32_t size);
    /* The driver did what a bus would not carry: a bad access or ring index. To be counted. */
    void (*bad_access)(void *device);
    /* One bounded step, after all posted writes were applied; true = come again before a sleep. */
    bool (*work)(void *device);
    /* Before the process sleeps: asks whoever feeds the device to wake it. False = work came. */
    bool (*arm)(void *device);
    /* The descriptor whose being readable means work, or -1; asked before each wait. */
    int (*wait_fd)(void *device);
    /* It reported POLLERR or POLLHUP: must end that, or return -1 from wait_fd() from now on. */
    void (*wait_error)(void *device);
};

struct device_link {
    uint8_t *registers;
    uint32_t registers_size; /* bytes, at most LINK_REGISTERS_SIZE_MAX */
    const struct link_driver_half *driver;
    struct link_device_half *device;
    int device_wake; /* read end of our wake pipe */
    int driver_wake; /* write end of the driver PD's */
    bool edge;       /* the interrupt is edge triggered, else level */

    /* Private; zero at start but for irq_masked. */
    uint32_t write_head;
    uint32_t read_answer;
    uint32_t irq_fired;
    bool irq_line, irq_latched, irq_masked;
};

/* Starts a link whose first seven members are set. */
void device_link_open(struct device_link *link);
/* A 32-bit register that the driver reads straight from the page. `offset` is a multiple of 4. */
void device_link_publish(struct device_link *link, uint32_t offset, uint32_t value);
/* Has the register at `offset` read by request from now on. */
void device_link_synchronous(struct device_link *link, uint32_t offset);
/* Sets the interrupt line. */
void device_link_irq(struct device_link *link, bool up);

/* Applies posted writes, at most LINK_WRITES, and answers a read. True when there were any. */
bool device_link_serve(struct device_link *link, const struct device_ops *ops, void *device);
/* Serves, works and sleeps for ever. `stop`: for tests, ends when it is not NULL and not 0. */
void device_loop_run(struct device_link *link, const struct device_ops *ops, void *device,
                     const uint32_t *stop);

#endif
