/* SPDX-License-Identifier: BSD-2-Clause */
/* See fixture.h. */
#include "fixture.h"

#include <stdio.h>
#include <string.h>

struct fixture fixture;
static _Alignas(4096) uint8_t memory[DRIVER_MEMORY_SIZE];

static size_t receive(struct wire *wire)
{
    size_t count = 0;
    struct fixture_frames *frames = &fixture.arriving;
    for (; count < WIRE_BATCH && frames->next != frames->count; count++, frames->next++) {
        unsigned slot = frames->next % FIXTURE_FRAMES;
        wire->received[count] = (struct wire_frame){frames->data[slot], frames->size[slot]};
    }
    return count;
}

static size_t send(struct wire *wire, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        unsigned slot = fixture.sent.count++ % FIXTURE_FRAMES;
        memcpy(fixture.sent.data[slot], wire->sending[i].data, wire->sending[i].size);
        fixture.sent.size[slot] = wire->sending[i].size;
    }
    return count;
}

static const struct wire_ops fake_wire = {.receive = receive, .send = send};

static void publish(void *context, uint32_t offset, uint32_t value)
{
    (void)context;
    fixture.registers[offset / 4] = value;
}

static void set_irq(void *context, bool up)
{
    (void)context;
    fixture.irqs += up && !fixture.irq;
    fixture.irq = up;
}

static void take_log(void *context, const char *line)
{
    (void)context;
    fixture.log_lines++;
    snprintf(fixture.log, sizeof fixture.log, "%s", line);
}

static uint32_t read_register(uint32_t offset)
{
    return virtio_net_is_synchronous(offset) ? (uint32_t)virtio_net_read(&fixture.net, offset, 4)
                                             : fixture.registers[offset / 4];
}

static void write_register(uint32_t offset, uint32_t value)
{
    virtio_net_write(&fixture.net, offset, 4, value);
}

int fixture_setup(void **state)
{
    static const uint8_t mac[] = {0x52, 0x54, 1, 2, 3, 4};
    const struct virtio_net_env env = {.publish = publish, .irq = set_irq, .log = take_log};
    (void)state;
    memset(&fixture, 0, sizeof fixture);
    memset(memory, 0, sizeof memory);
    assert_true(wire_open(&fixture.wire, "none"));
    fixture.wire.ops = &fake_wire;
    fixture.dma.regions[0] =
        (struct dma_region){.address = DRIVER_IO_ADDRESS, .size = sizeof memory, .memory = memory};
    fixture.dma.count = 1;
    stats_open(&fixture.stats, "test", virtio_net_counter_names, VIRTIO_NET_COUNTERS);
    fixture.driver =
        (struct driver){.memory = memory, .read = read_register, .write = write_register};
    virtio_net_start(&fixture.net, &env, &fixture.dma, &fixture.wire, &fixture.stats, "test", mac);
    return 0;
}

void fixture_arrive(uint32_t size, uint8_t fill)
{
    unsigned slot = fixture.arriving.count++ % FIXTURE_FRAMES;
    memset(fixture.arriving.data[slot], fill, size);
    fixture.arriving.size[slot] = size;
}

unsigned fixture_run(void)
{
    unsigned steps = 0;
    for (unsigned i = 0; i < 10000; i++) {
        if (virtio_net_work(&fixture.net)) {
            steps++;
        } else if (virtio_net_arm(&fixture.net)) {
            return steps;
        }
    }
    fail_msg("the device never comes to rest");
    return steps;
}

uint64_t fixture_counter(enum virtio_net_counter counter)
{
    return fixture.stats.counters[counter].value.value;
}
