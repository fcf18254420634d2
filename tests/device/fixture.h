/* SPDX-License-Identifier: BSD-2-Clause */
/* The virtio-net model on its own for tests: registers in an array, a wire made of two arrays, a
 * test driver (driver.h) whose memory is the only DMA region. */
#ifndef TESTS_DEVICE_FIXTURE_H
#define TESTS_DEVICE_FIXTURE_H

#include "driver.h"
#include "virtio_net.h"

/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { FIXTURE_FRAMES = 256 };
#define FIXTURE_VERSION_1 (UINT64_C(1) << VIRTIO_F_VERSION_1)
#define FIXTURE_EVENT_IDX (FIXTURE_VERSION_1 | UINT64_C(1) << VIRTIO_RING_F_EVENT_IDX)

struct fixture_frames {
    uint8_t data[FIXTURE_FRAMES][WIRE_BUFFER_SIZE];
    uint32_t size[FIXTURE_FRAMES];
    unsigned next, count; /* free-running */
};

extern struct fixture {
    struct virtio_net net;
    struct wire wire;
    struct dma_map dma;
    struct stats_page stats;
    uint32_t registers[1024];
    bool irq;
    unsigned irqs, log_lines;
    char log[256];
    struct fixture_frames arriving, sent;
    struct driver driver;
} fixture;

int fixture_setup(void **state);
/* Puts a frame of `size` bytes on the wire, each byte after the addresses `fill`. */
void fixture_arrive(uint32_t size, uint8_t fill);
/* Runs the device as its loop does until it would sleep; the number of steps that did something. */
unsigned fixture_run(void);
uint64_t fixture_counter(enum virtio_net_counter counter);

#endif
