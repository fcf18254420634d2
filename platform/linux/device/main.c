/* SPDX-License-Identifier: BSD-2-Clause */
/* sddf-virtio-net: the process of one virtio network device on Linux. The runner starts it, trusts
 * it to move frames only between its wire and its DMA regions, and hands it these over HANDOFF_FD
 * (handoff_kinds.h). It opens its wire, gives up its privileges, and serves the driver's PD, which
 * it does not trust, until it is killed. */
#include "../handoff.h"
#include "device_loop.h"
#include "handoff_kinds.h"
#include "sandbox.h"
#include "virtio_net.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TEXT_MAX = 1024, LINE_MAX = 512 };

/* The device: what was handed over, and what it becomes. */
static struct {
    char name[HANDOFF_NAME_MAX];
    char wire_text[TEXT_MAX];
    uint32_t wire_pieces;
    uint8_t mac[VIRTIO_NET_MAC_SIZE];
    bool has_mac;
    int log_fd, ready_fd;
    struct dma_map dma;
    struct stats_page *stats;
    struct device_link link;
    struct wire wire;
    struct virtio_net net;
} device = {
    .log_fd = STDERR_FILENO, .ready_fd = -1, .link = {.device_wake = -1, .driver_wake = -1}};

/* One write per line: the log pipe is shared. */
static void log_text(void *context, const char *text)
{
    (void)context;
    char line[LINE_MAX];
    int size = snprintf(line, sizeof line, "virtio-net %.*s\n", LINE_MAX - 16, text);
    if (size > 0) {
        ssize_t written = write(device.log_fd, line, (size_t)size);
        (void)written;
    }
}

__attribute__((format(printf, 1, 2))) static _Noreturn void die(const char *format, ...)
{
    char text[LINE_MAX - 64], line[LINE_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    snprintf(line, sizeof line, "%.32s: %s", device.name, text);
    log_text(NULL, line);
    exit(EXIT_FAILURE);
}

static void *map(const struct handoff_item *item, uint64_t size, int protection, const char *what)
{
    struct stat found;
    if (item->fd < 0 || fstat(item->fd, &found) != 0) {
        die("%s: the runner handed over no file", what);
    }
    if (size == 0 || (uint64_t)found.st_size < size) {
        die("%s: file of %lld bytes, at least %llu were announced", what, (long long)found.st_size,
            (unsigned long long)size);
    }
    void *memory = mmap(NULL, size, protection, MAP_SHARED | MAP_POPULATE, item->fd, 0);
    if (memory == MAP_FAILED) {
        die("%s: mapping %llu bytes: %s", what, (unsigned long long)size, strerror(errno));
    }
    close(item->fd);
    return memory;
}

static void take_dma_region(const struct handoff_item *item)
{
    if (device.dma.count == DMA_REGIONS_MAX) {
        die("DMA region %s: more than %d; share regions", item->name, DMA_REGIONS_MAX);
    }
    device.dma.regions[device.dma.count++] = (struct dma_region){
        .address = item->value[0],
        .size = item->value[1],
        .memory = map(item, item->value[1], PROT_READ | PROT_WRITE, item->name),
    };
}

static void take_registers(const struct handoff_item *item)
{
    if (item->value[0] < 0x200 || item->value[0] > LINK_REGISTERS_SIZE_MAX) {
        die("registers: %llu bytes, 512 to %d are needed: give the board's reg.size as 0x1000",
            (unsigned long long)item->value[0], LINK_REGISTERS_SIZE_MAX);
    }
    device.link.registers_size = (uint32_t)item->value[0];
    device.link.registers = map(item, item->value[0], PROT_READ | PROT_WRITE, "registers");
}

static void take_mac(const char *text)
{
    uint8_t *mac = device.mac;
    char end = '\0';
    if (strlen(text) != 17 ||
        sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%c", &mac[0], &mac[1], &mac[2], &mac[3],
               &mac[4], &mac[5], &end) != 6 ||
        (mac[0] & 1) != 0) {
        die("MAC address \"%s\": expected six bytes as 52:54:01:00:00:01, no group address", text);
    }
    device.has_mac = true;
}

static void take_wire_piece(const struct handoff_item *item)
{
    size_t used = strlen(device.wire_text);
    if (item->value[0] != device.wire_pieces || used + strlen(item->name) >= TEXT_MAX) {
        die("wire: its text is out of order or longer than %d bytes", TEXT_MAX - 1);
    }
    device.wire_pieces++;
    snprintf(device.wire_text + used, TEXT_MAX - used, "%s", item->name);
}

static void take(struct handoff_item *item)
{
    item->name[HANDOFF_NAME_MAX - 1] = '\0';
    switch ((enum device_handoff_kind)item->kind) {
    case DEVICE_NAME:
        memcpy(device.name, item->name, sizeof device.name);
        break;
    case DEVICE_REGISTERS:
        take_registers(item);
        break;
    case DEVICE_LINK_DRIVER_HALF:
        device.link.driver = map(item, sizeof *device.link.driver, PROT_READ, "driver's half");
        break;
    case DEVICE_LINK_DEVICE_HALF:
        device.link.device =
            map(item, sizeof *device.link.device, PROT_READ | PROT_WRITE, "device's half");
        break;
    case DEVICE_WAKE:
        device.link.device_wake = item->fd;
        break;
    case DEVICE_DRIVER_WAKE:
        device.link.driver_wake = item->fd;
        break;
    case DEVICE_DMA_REGION:
        take_dma_region(item);
        break;
    case DEVICE_WIRE:
        take_wire_piece(item);
        break;
    case DEVICE_LOG:
        device.log_fd = item->fd;
        break;
    case DEVICE_STATS:
        if (item->value[0] < STATS_PAGE_SIZE) {
            die("statistics: %llu bytes, %d are needed", (unsigned long long)item->value[0],
                STATS_PAGE_SIZE);
        }
        device.stats = map(item, STATS_PAGE_SIZE, PROT_READ | PROT_WRITE, "statistics");
        break;
    case DEVICE_MAC:
        take_mac(item->name);
        break;
    case DEVICE_READY:
        device.ready_fd = item->fd;
        break;
    case DEVICE_IRQ_EDGE:
        device.link.edge = true;
        break;
    default:
        die("handoff: unknown kind %u; build runner and device model from one tree", item->kind);
    }
}

static void receive_handoff(void)
{
    static struct handoff_item items[HANDOFF_ITEMS_MAX];
    size_t count = 0;
    if (!handoff_receive(HANDOFF_FD, items, HANDOFF_ITEMS_MAX, &count)) {
        die("handoff: %s; this program is started by sddf run", strerror(errno));
    }
    close(HANDOFF_FD);
    for (size_t i = 0; i < count; i++) {
        take(&items[i]);
    }
    if (device.link.registers == NULL || device.link.driver == NULL || device.link.device == NULL ||
        device.link.device_wake < 0 || device.link.driver_wake < 0) {
        die("handoff: registers, a half of the link or a wake pipe is missing");
    }
}

/* A locally administered address that follows from the device's name (FNV-1a). */
static void choose_mac(void)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (const char *c = device.name; *c != '\0'; c++) {
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
    device_link_publish(&device.link, offset, value);
}

static void set_irq(void *context, bool up)
{
    (void)context;
    device_link_irq(&device.link, up);
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
        die("wire \"%s\" is gone", device.wire_text);
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
    static struct stats_page private_stats;
    const struct virtio_net_env env = {
        .publish = publish_register, .irq = set_irq, .log = log_text};
    if (!wire_open(&device.wire, device.wire_pieces != 0 ? device.wire_text : "none")) {
        die("%s", device.wire.error);
    }
    if (!device.has_mac) {
        choose_mac();
    }
    device.stats = device.stats != NULL ? device.stats : &private_stats;
    stats_open(device.stats, device.name, virtio_net_counter_names, VIRTIO_NET_COUNTERS);
    device_link_open(&device.link);
    for (uint32_t offset = 0; offset < device.link.registers_size; offset += 4) {
        if (virtio_net_is_synchronous(offset)) {
            device_link_synchronous(&device.link, offset);
        }
    }
    virtio_net_start(&device.net, &env, &device.dma, &device.wire, device.stats, device.name,
                     device.mac);
}

int main(void)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)signal(SIGPIPE, SIG_IGN);
    receive_handoff();
    start();
    if (!sandbox_enter()) {
        die("entering the sandbox: %s", strerror(errno));
    }
    if (device.ready_fd >= 0) {
        ssize_t written = write(device.ready_fd, "", 1);
        (void)written;
        close(device.ready_fd);
    }
    device_loop_run(&device.link, &ops, &device.net, NULL);
}
