/* SPDX-License-Identifier: BSD-2-Clause */
/* The virtio-net driver, shell and all, between a device and two virtualisers; each side honest or
 * hostile, by the input. A virtualiser gets back only what it gave, once, and from an honest device
 * all of it. VirtIO 1.2, sections 2.7 and 4.2. */
#include "peer.h"
#include "registers.h"
#include "target.h"

#include <string.h>
#include <virtio/virtqueue.h>

enum {
    BUFFERS = 300, /* each way: more than the rings have slots */
    CAPACITY = 512,
    SLOTS = 256,
    QUEUE_SIZE = 2 * SLOTS,
    RINGS_BYTES = 32 * 1024 + 128,
    IRQ = 5,
    DEVICE_HOSTILE = 1, /* bits of the input's first byte */
    VIRTS_HOSTILE = 2,
    EVENT_INDEX = 4,
    REGISTERS_LIE = 8,
};
#define RINGS_IO  UINT64_C(0x40000000)
#define BUFFER_IO UINT64_C(0x80000000)

static const struct fuzz_buffers buffers = {BUFFER_IO, 64};

static struct net_driver_config *config;
static struct fuzz_peer virts[2]; /* receive, transmit: as the device's queues are numbered */
static uint8_t *rings;
static uint8_t flags;
static uint16_t device_seen[2];              /* of the available rings */
static bool with_driver[2][BUFFERS];         /* an honest virtualiser's */
static uint32_t completed[2], given_back[2]; /* in all, since both ends were fresh */

void target_make(void)
{
    config = fuzz_memory(sizeof(*config), 0);
    rings = fuzz_memory(RINGS_BYTES, RINGS_BYTES);
    fuzz_header(&config->header, CONFIG_NET_DRIVER, sizeof(*config));
    config->registers = (struct config_region){REGISTERS_ADDRESS, 0, 0x1000};
    config->rings = (struct config_region){(uintptr_t)rings, RINGS_IO, RINGS_BYTES};
    config->irq_channel = IRQ;
    peer_make(&virts[0], &config->rx, CAPACITY, 0);
    peer_make(&virts[1], &config->tx, CAPACITY, 1);
    virts[0].paced = virts[1].paced = true;
}

/* ---- The device's rings ---- */

static struct virtq_available *available_of(uint32_t queue)
{
    return (void *)(rings + queue * 16384 + virtqueue_available_offset(QUEUE_SIZE));
}

static struct virtq_used *used_of(uint32_t queue)
{
    return (void *)(rings + queue * 16384 + virtqueue_used_offset(QUEUE_SIZE));
}

/* Completes the next `count` chains that the driver has shown. */
static void device_complete(uint32_t queue, uint32_t count, uint32_t length)
{
    struct virtq_available *available = available_of(queue);
    struct virtq_used *used = used_of(queue);
    while (count-- != 0 && device_seen[queue] != available->index.value) {
        uint16_t head = available->ring[device_seen[queue]++ % QUEUE_SIZE].value;
        struct virtq_used_element *element = &used->ring[used->index.value % QUEUE_SIZE];
        element->id.value = head;
        element->length.value = length;
        used->index.value++;
        completed[queue]++;
    }
}

static void device_lie(void)
{
    uint32_t queue = input_below(2);
    struct virtq_used *used = used_of(queue);
    struct virtq_used_element *element = &used->ring[input_below(8)];
    uint16_t near = used->index.value;
    switch (input_below(6)) {
    case 0:
        used->index.value = (uint16_t)input_near(near);
        break;
    case 1:
        element->id.value = input_near(0);
        element->length.value = input_near(12);
        break;
    case 2:
        fuzz_race(&used->index, 2, (uint16_t)input_near(near), input8());
        break;
    case 3:
        fuzz_race(element, 8, input64(), input8());
        break;
    case 4:
        used->flags.value = input16();
        used->ring[QUEUE_SIZE].id.value = input32(); /* avail_event */
        break;
    default:
        rings[input16() % RINGS_BYTES] = input8();
        break;
    }
}

/* ---- The virtualisers ---- */

static void virt_give(uint32_t queue, uint32_t count)
{
    uint32_t at = input16() % BUFFERS;
    for (uint32_t i = 0; i < BUFFERS && count != 0; i++, at = (at + 1) % BUFFERS) {
        struct net_desc buffer = {.address = BUFFER_IO + (uint64_t)at * NET_BUFFER_SIZE,
                                  .length = NET_BUFFER_SIZE};
        if (!with_driver[queue][at] && peer_put(&virts[queue], buffer)) {
            with_driver[queue][at] = true;
            count--;
        }
    }
}

static void virt_take(uint32_t queue)
{
    struct net_desc back;
    while (peer_take(&virts[queue], &back)) {
        uint64_t at = (back.address - BUFFER_IO) / NET_BUFFER_SIZE;
        must((back.address - BUFFER_IO) % NET_BUFFER_SIZE == 0 && at < BUFFERS &&
                 with_driver[queue][at],
             "a virtualiser got a buffer that the driver did not have");
        must(back.length <= NET_BUFFER_SIZE, "a frame is longer than its buffer");
        with_driver[queue][at] = false;
        given_back[queue]++;
    }
    must(virts[queue].c.violations == 0, "the component's indices lie");
}

/* By notification, or by the call of the transmit virtualiser, which leaves receiving alone. */
static void run_component(microkit_channel channel, bool by_call)
{
    bool honest = (flags & (DEVICE_HOSTILE | VIRTS_HOSTILE | REGISTERS_LIE)) == 0;
    bool settled = peer_settled(&virts[0]) && peer_settled(&virts[1]);
    if (by_call) {
        fuzz_call(protected, channel);
    } else {
        fuzz_enter(channel);
    }
    must(fuzz_record.acknowledged == (channel == IRQ), "an interrupt is acknowledged wrongly");
    for (uint32_t queue = 0; queue < 2; queue++) {
        peer_entered(&virts[queue]);
        if ((flags & VIRTS_HOSTILE) == 0) {
            virt_take(queue);
        }
        must(!honest || !settled || (by_call && queue != channel) ||
                 completed[queue] == given_back[queue],
             "what an honest device finished with was not given back");
    }
}

/* ---- An input ---- */

void target_enter(uint32_t channel)
{
    run_component(channel, false);
}

void target_step(void)
{
    uint8_t choice = input8();
    uint32_t queue = choice / 8 % 2, many = 1U << choice / 16 % 8;
    bool device_hostile = (flags & DEVICE_HOSTILE) != 0,
         virts_hostile = (flags & VIRTS_HOSTILE) != 0;
    switch (choice % 8) {
    case 0:
    case 1:
        if (virts_hostile) {
            peer_move(&virts[queue], &buffers);
        } else {
            virt_give(queue, many);
        }
        break;
    case 2:
    case 3:
        device_complete(queue, many, device_hostile ? input_near(12) : 72);
        break;
    case 4:
        (void)queue_arm(&virts[queue].c, 1);
        break;
    case 5:
        if (device_hostile) {
            device_lie();
        }
        break;
    case 6:
        registers_interrupt = device_hostile ? input32() : 1;
        run_component(IRQ, false);
        break;
    default:
        run_component(queue, queue == 1 && choice >= 128);
        break;
    }
}

bool target_start(void)
{
    flags = input8();
    registers_reset((flags & EVENT_INDEX) != 0, (flags & REGISTERS_LIE) != 0);
    for (uint32_t queue = 0; queue < 2; queue++) {
        device_seen[queue] = 0;
        completed[queue] = given_back[queue] = 0;
        memset(with_driver[queue], 0, sizeof(with_driver[queue]));
    }
    if (!fuzz_init(config, sizeof(*config))) {
        must((flags & REGISTERS_LIE) != 0, "a good device is refused");
        return false;
    }
    peer_start(&virts[0]);
    peer_start(&virts[1]);
    return true;
}
