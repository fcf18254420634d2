/* SPDX-License-Identifier: BSD-2-Clause */
/* The seam between a driver's PD and the process of its device model: what <sddf/mmio.h> and
 * interrupts are on Linux.
 *
 *                    registers page (device writes, driver reads)
 *   driver PD  <==== link page, device half (device writes, driver reads)    device model
 *              ====> link page, driver half (driver writes, device reads)
 *
 * Each page is a memfd, mapped read-only through a read-only reopen on the side that must not
 * write.
 *
 * Writes are posted: the driver appends {offset, size, value} to the ring in its half and wakes the
 * device when that sleeps. A read of a register without side effect, and whose value does not
 * depend on posted writes, comes straight from the registers page; a register whose bit is set in
 * `synchronous` is read by a request that the device answers after applying all earlier writes.
 *
 * Interrupts: the device owns the line. It *fires* (adds one to `irq_fired`, wakes the driver's PD)
 * when its line is up and unmasked, and masks it thereby. An acknowledgement is posted in the write
 * ring (LINK_OFFSET_IRQ_ACK), so that it comes after the register writes before it; it unmasks, and
 * a level line that is still up fires again. The driver's PD, too, delivers nothing that was not
 * acknowledged. Masked at start: a PD acknowledges all its IRQs after init().
 *
 * Waking: whoever is about to wait stores 1 in its `sleeping`, fences (seq_cst), looks again, and
 * only then waits on its wake pipe; whoever publishes fences (seq_cst), reads the peer's `sleeping`
 * and writes a byte to the peer's wake pipe when it is not 0. The PD's main loop does its part by
 * link_sleep() and link_awake(). Both processes ignore SIGPIPE: the peer may be dead.
 *
 * Behind a window there may be, instead of a device model, an AF_XDP socket (xsk_window.h). Then
 * nothing of the above is there but the registers page, and who waits asks the kernel, too, by
 * link_wait().
 *
 * Neither side trusts the other: the device checks all that the driver's half says and never waits
 * for the driver; the driver waits for the device a bounded time, then goes on without it. */
#ifndef LINUX_DEVICE_LINK_H
#define LINUX_DEVICE_LINK_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LINK_WRITES = 256, /* entries of the ring of posted writes, a power of two */
    LINK_REGISTERS_SIZE_MAX = 4096,
};
#define LINK_OFFSET_IRQ_ACK 0xffffffffU

struct link_write {
    uint32_t offset; /* bytes from the start of the window */
    uint32_t size;   /* 1, 2, 4 or 8 bytes */
    uint64_t value;
};

struct link_driver_half {
    _Alignas(64) uint32_t write_tail;   /* free-running */
    _Alignas(64) uint32_t sleeping;     /* the driver's PD is about to wait */
    _Alignas(64) uint32_t read_request; /* counts requests; offset and size belong to the newest */
    uint32_t read_offset;
    uint32_t read_size;
    _Alignas(64) struct link_write writes[LINK_WRITES];
};

struct link_device_half {
    _Alignas(64) uint32_t write_head;
    _Alignas(64) uint32_t sleeping; /* the device model is about to wait */
    _Alignas(64) uint32_t irq_fired;
    _Alignas(64) uint32_t read_answer; /* equals read_request when read_value answers it */
    uint64_t read_value;
    _Alignas(64) uint64_t synchronous[LINK_REGISTERS_SIZE_MAX / 4 / 64]; /* a bit per 4 bytes */
};

/* The driver's side, in the PD host. A window is a device region mapped in this PD. */
enum { LINK_WINDOWS_MAX = 16 };

struct xsk_window;

struct link_window {
    uintptr_t address; /* of the registers page in this PD; 0 = there is no window */
    uint64_t size;
    struct xsk_window *xsk; /* an AF_XDP socket, or NULL: then all below is a device model's */
    int socket;             /* that socket */
    struct link_driver_half *driver;
    const struct link_device_half *device;
    int device_wake; /* write end of the device model's wake pipe */
    int driver_wake; /* read end of this PD's own wake pipe, for answers */
    uint32_t irq_seen;
    bool irq_masked;
    bool dead;               /* the device kept us waiting too long; do not wait again */
    uint32_t writes_dropped; /* the ring stayed full */
    uint32_t reads_unanswered;
};

/* linux_mmio_read() and linux_mmio_write() of <platform/mmio.h> look the address up among these. */

/* Adds a window: `address` to `driver_wake` are the caller's, the rest is set here (interrupt
 * masked). At most LINK_WINDOWS_MAX. */
void link_attach(const struct link_window *window);
/* The window that contains `address`, or NULL. */
struct link_window *link_find(uintptr_t address);

/* True when the interrupt fired since the last acknowledgement. */
bool link_irq_stands(const struct link_window *window);
/* The same, and masks it. */
bool link_irq_take(struct link_window *window);
void link_irq_ack(struct link_window *window);

/* The PD's main loop, before it waits on its wake pipe: true when it may; false when an interrupt
 * stands that link_irq_take() would deliver. link_awake() after the wait. */
bool link_sleep(void);
void link_awake(void);

/* For who has nothing else to do and its core to itself: where a socket polls its interface busily
 * (busy-poll=), waits that long for an interrupt without sleeping. True if one stands. */
bool link_poll(void);

/* True if there is a socket, so that who sleeps must wait by link_wait(): for what `files` say (at
 * most LINK_FILES_MAX), and for what the sockets have. Returns when something may have come, with
 * the number of all files that have something. */
enum { LINK_FILES_MAX = 64 };
bool link_has_sockets(void);
int link_wait(struct pollfd *files, size_t count);

#endif
