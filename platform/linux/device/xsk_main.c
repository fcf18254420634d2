/* SPDX-License-Identifier: BSD-2-Clause */
/* sddf-xsk: the process (process.h) that makes an AF_XDP socket a network card, and holds what must
 * live as long as the card does. The driver's PD, which has the socket too, moves the frames with
 * the kernel alone; nothing of them passes here.
 *
 * The UMEM are the DMA regions of the device, and the kernel the IOMMU: it takes no address outside
 * of the UMEM. Between regions, which keep the distances that their I/O addresses have, lie pages
 * that nobody else maps. */
#include "process.h"
#include "xsk_socket.h"

#include <errno.h>
#include <linux/if_xdp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    REGIONS_MAX = 64,
    LEAD = 4096, /* before the first region: the headroom of a buffer at its start */
    LOOK_MS = 20 /* how often statistics are fetched */
};
#define UMEM_MAX (UINT64_C(128) << 20) /* the driver's table has room for so many bytes */

static struct {
    struct handoff_item regions[REGIONS_MAX];
    size_t region_count;
    int socket;
    struct xsk_socket xsk;
} device = {.socket = -1};

enum counter {
    RX_DROPPED, /* longer than a buffer, or without one */
    RX_RING_FULL,
    RX_NO_BUFFER,
    TX_BAD_FRAMES, /* outside of the UMEM; of such buffers the kernel counts nothing */
    COUNTERS
};
static const char *const counter_names[COUNTERS] = {"rx_dropped", "rx_ring_full", "rx_no_buffer",
                                                    "tx_bad_frames"};

static bool take(const struct handoff_item *item)
{
    switch ((enum device_handoff_kind)item->kind) {
    case DEVICE_DMA_REGION:
        if (device.region_count == REGIONS_MAX) {
            process_die("DMA region %s: more than %d; share regions", item->name, REGIONS_MAX);
        }
        device.regions[device.region_count++] = *item;
        return true;
    case DEVICE_SOCKET:
        device.socket = item->fd;
        return true;
    default:
        return false;
    }
}

struct device_process process = {.model = "xsk",
                                 .registers_size_min = XSK_INTERRUPT_ENABLE + 4,
                                 .without_link = true,
                                 .take = take};

/* All regions in one piece; *io is the I/O address of its start. */
static uint8_t *map_umem(uint64_t *io, uint64_t *size)
{
    uint64_t start = UINT64_MAX, end = 0;
    for (size_t i = 0; i < device.region_count; i++) {
        uint64_t address = device.regions[i].value[0];
        start = address < start ? address : start;
        end =
            address + device.regions[i].value[1] > end ? address + device.regions[i].value[1] : end;
    }
    if (start > end || start < LEAD || end - start > UMEM_MAX - LEAD) {
        process_die("its DMA regions lie at 0x%llx to 0x%llx: they must take 128 MiB at most, and "
                    "not begin at 0; use fewer or smaller buffers",
                    (unsigned long long)start, (unsigned long long)end);
    }
    *io = start - LEAD;
    *size = end - *io;
    uint8_t *umem = mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (umem == MAP_FAILED) {
        process_die("mapping %llu bytes: %s", (unsigned long long)*size, strerror(errno));
    }
    for (size_t i = 0; i < device.region_count; i++) {
        const struct handoff_item *region = &device.regions[i];
        (void)process_map_at(umem + (region->value[0] - *io), region, region->value[1],
                             PROT_READ | PROT_WRITE, region->name);
    }
    return umem;
}

static void tell_runner(void)
{
    ssize_t written = write(process.ready_fd, "", 1);
    (void)written;
}

/* The PD writes to the pipe once it has mapped the rings; one that never does, the runner does not
 * wait for. */
static void wait_for_driver(void)
{
    struct pollfd wake = {.fd = process.link.device_wake, .events = POLLIN};
    while (poll(&wake, 1, -1) < 0 && errno == EINTR) {
    }
}

static void start(void)
{
    struct xsk_socket *xsk = &device.xsk;
    struct xsk_wire wire;
    uint64_t io = 0, size = 0;
    if (device.socket < 0 || process.ready_fd < 0) {
        process_die("handoff: the socket is missing");
    }
    if (!xsk_wire_parse(process.wire, &wire, xsk->error)) {
        process_die("%s", xsk->error);
    }
    uint8_t *umem = map_umem(&io, &size);
    if (!xsk_socket_open(xsk, device.socket, umem, size, io) || !xsk_socket_attach(xsk, &wire)) {
        process_die("%s", xsk->error);
    }
    memcpy(process.link.registers, xsk->registers, sizeof(xsk->registers));
    tell_runner();
    wait_for_driver();
    if (!xsk_socket_bind(xsk)) {
        process_die("%s", xsk->error);
    }
}

/* The one error of such a socket is that its interface was deleted. */
static void look(void)
{
    struct xdp_statistics found;
    socklen_t length = sizeof(found);
    if (getsockopt(device.socket, SOL_XDP, XDP_STATISTICS, &found, &length) != 0) {
        return;
    }
    stats_set(process.stats, RX_DROPPED, found.rx_dropped);
    stats_set(process.stats, TX_BAD_FRAMES, found.tx_invalid_descs);
    if (length == sizeof(found)) { /* Linux 5.9 */
        stats_set(process.stats, RX_RING_FULL, found.rx_ring_full);
        stats_set(process.stats, RX_NO_BUFFER, found.rx_fill_ring_empty_descs);
    }
    int error = 0;
    socklen_t error_length = sizeof(error);
    if (getsockopt(device.socket, SOL_SOCKET, SO_ERROR, &error, &error_length) == 0 && error != 0) {
        process_die("interface %s is gone", device.xsk.wire.interface);
    }
}

int main(void)
{
    process_start();
    start();
    process_open_stats(counter_names, COUNTERS);
    process_enter();
    for (;;) {
        look();
        (void)ppoll(NULL, 0, &(struct timespec){0, LOOK_MS * 1000L * 1000L}, NULL);
    }
}
