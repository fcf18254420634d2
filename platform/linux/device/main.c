/* SPDX-License-Identifier: BSD-2-Clause */
/* sddf-virtio-net: the process (process.h) of one virtio network device on Linux. It may move
 * frames between its wire and its DMA regions, no more. */
#include "process.h"
#include "virtio_net.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

enum { TEXT_MAX = 1024 };

/* The device: what was handed over of its own, and what it becomes. */
static struct {
    char wire_text[TEXT_MAX];
    uint32_t wire_pieces;
    uint8_t mac[VIRTIO_NET_MAC_SIZE];
    bool has_mac;
    struct dma_map dma;
    struct wire wire;
    struct virtio_net net;
} device;

static void take_dma_region(const struct handoff_item *item)
{
    if (device.dma.count == DMA_REGIONS_MAX) {
        process_die("DMA region %s: more than %d; share regions", item->name, DMA_REGIONS_MAX);
    }
    device.dma.regions[device.dma.count++] = (struct dma_region){
        .address = item->value[0],
        .size = item->value[1],
        .memory = process_map(item, item->value[1], PROT_READ | PROT_WRITE, item->name),
    };
}

static void take_mac(const char *text)
{
    uint8_t *mac = device.mac;
    char end = '\0';
    if (strlen(text) != 17 ||
        sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%c", &mac[0], &mac[1], &mac[2], &mac[3],
               &mac[4], &mac[5], &end) != 6 ||
        (mac[0] & 1) != 0) {
        process_die("MAC address \"%s\": expected six bytes as 52:54:01:00:00:01, no group address",
                    text);
    }
    device.has_mac = true;
}

static bool take(const struct handoff_item *item)
{
    switch ((enum device_handoff_kind)item->kind) {
    case DEVICE_DMA_REGION:
        take_dma_region(item);
        return true;
    case DEVICE_WIRE:
        process_take_wire(item, device.wire_text, sizeof device.wire_text, &device.wire_pieces);
        return true;
    case DEVICE_MAC:
        take_mac(item->name);
        return true;
    default:
        return false;
    }
}

struct device_process process = {.model = "virtio-net", .registers_size_min = 0x200, .take = take};

static void log_text(void *context, const char *text)
{
    (void)context;
    process_log(text);
}

/* A locally administered address that follows from the device's name (FNV-1a). */
static void choose_mac(void)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (const char *c = process.name; *c != '\0'; c++) {
        hash = (hash ^ (uint8_t)*c) * UINT64_C(0x100000001b3);
    }
    for (unsigned i = 0; i < VIRTIO_NET_MAC_SIZE; i++) {
        device.mac[i] = (uint8_t)(hash >> (8 * i));
    }
    device.mac[0] = (uint8_t)((device.mac[0] & 0xfc) | 0x02);
}

static void publish_register(void *context, uint32_t offset, uint32_t value)
{
    (void)context;
    device_link_publish(&process.link, offset, value);
}

static void set_irq(void *context, bool up)
{
    (void)context;
    device_link_irq(&process.link, up);
}

static void write_register(void *net, uint32_t offset, uint32_t size, uint64_t value)
{
    virtio_net_write(net, offset, size, value);
}

static uint64_t read_register(void *net, uint32_t offset, uint32_t size)
{
    return virtio_net_read(net, offset, size);
}

static void count_bad_access(void *net)
{
    virtio_net_count(net, VIRTIO_NET_BAD_ACCESSES);
}

static bool work(void *net)
{
    return virtio_net_work(net);
}

static bool arm(void *net)
{
    return virtio_net_arm(net);
}

static int wait_fd(void *net)
{
    return virtio_net_wait_fd(net);
}

static void wait_error(void *net)
{
    (void)net;
    wire_error(&device.wire);
    if (device.wire.fd < 0) { /* its interface was deleted */
        process_die("wire \"%s\" is gone", device.wire_text);
    }
}

static const struct device_ops ops = {
    .write = write_register,
    .read = read_register,
    .bad_access = count_bad_access,
    .work = work,
    .arm = arm,
    .wait_fd = wait_fd,
    .wait_error = wait_error,
};

static void start(void)
{
    const struct virtio_net_env env = {
        .publish = publish_register, .irq = set_irq, .log = log_text};
    if (!wire_open(&device.wire, device.wire_pieces != 0 ? device.wire_text : "none")) {
        process_die("%s", device.wire.error);
    }
    if (!device.has_mac) {
        choose_mac();
    }
    process_open_stats(virtio_net_counter_names, VIRTIO_NET_COUNTERS);
    device_link_open(&process.link);
    for (uint32_t offset = 0; offset < process.link.registers_size; offset += 4) {
        if (virtio_net_is_synchronous(offset)) {
            device_link_synchronous(&process.link, offset);
        }
    }
    virtio_net_start(&device.net, &env, &device.dma, &device.wire, process.stats, process.name,
                     device.mac);
}

int main(void)
{
    process_start();
    start();
    process_serve(&ops, &device.net);
}
