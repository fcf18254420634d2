/* SPDX-License-Identifier: BSD-2-Clause */
/* sddf-pl011: the process (process.h) of one PL011 (pl011.h) on Linux, whose line ends in a
 * pseudoterminal (line.h). No DMA. What nobody reads from the line stays in the UART's FIFO, as
 * with flow control by RTS and CTS; nothing is lost on the way. */
#include "line.h"
#include "pl011.h"
#include "process.h"

#include <stdio.h>

enum counter { RX_BYTES, TX_BYTES, INTERRUPTS, BAD_ACCESSES, COUNTERS };

static const char *const counter_names[COUNTERS] = {
    "rx_bytes",
    "tx_bytes",
    "interrupts",
    "bad_accesses",
};

static struct {
    struct pl011 uart;
    struct line line;
    bool line_up; /* the interrupt's */
    bool blocked; /* the line had no room for all that was to be sent */
} device;

struct device_process process = {.model = "pl011", .registers_size_min = PL011_REGISTERS_SIZE};

static void update_irq(void)
{
    bool up = pl011_line(&device.uart);
    if (up && !device.line_up) {
        stats_add(process.stats, INTERRUPTS, 1);
    }
    device.line_up = up;
    device_link_irq(&process.link, up);
}

static void bad_access(void *unused)
{
    (void)unused;
    stats_add(process.stats, BAD_ACCESSES, 1);
}

static bool move_out(void)
{
    uint8_t bytes[PL011_FIFO];
    uint32_t count = pl011_tx_peek(&device.uart, bytes, sizeof bytes);
    uint32_t sent = count != 0 ? line_write(&device.line, bytes, count) : 0;
    pl011_tx_sent(&device.uart, sent);
    stats_add(process.stats, TX_BYTES, sent);
    device.blocked = sent != count;
    return sent != 0;
}

static bool move_in(void)
{
    uint8_t bytes[PL011_FIFO];
    uint32_t room = pl011_rx_room(&device.uart);
    uint32_t count = room != 0 ? line_read(&device.line, bytes, room) : 0;
    for (uint32_t i = 0; i < count; i++) {
        pl011_rx_put(&device.uart, bytes[i]);
    }
    if (count != 0) {
        pl011_rx_idle(&device.uart); /* a burst ends here, as far as anybody can tell */
    }
    stats_add(process.stats, RX_BYTES, count);
    return count != 0;
}

static void write_register(void *unused, uint32_t offset, uint32_t size, uint64_t value)
{
    if (!pl011_write(&device.uart, offset, size, (uint32_t)value)) {
        bad_access(unused);
    }
    update_irq();
}

static uint64_t read_register(void *unused, uint32_t offset, uint32_t size)
{
    uint32_t value = 0;
    if (!pl011_read(&device.uart, offset, size, &value)) {
        bad_access(unused);
        return UINT64_MAX;
    }
    update_irq();
    return value;
}

static bool work(void *unused)
{
    (void)unused;
    bool any = move_out();
    any |= move_in();
    if (any) {
        update_irq();
    }
    return any;
}

static bool arm(void *unused)
{
    (void)unused;
    return true;
}

static int wait_fd(void *unused)
{
    (void)unused;
    return line_wait_fd(&device.line, pl011_rx_room(&device.uart) != 0, device.blocked);
}

static void wait_error(void *unused)
{
    (void)unused;
    process_die("its line %s is gone", device.line.name);
}

static const struct device_ops ops = {
    .write = write_register,
    .read = read_register,
    .bad_access = bad_access,
    .work = work,
    .arm = arm,
    .wait_fd = wait_fd,
    .wait_error = wait_error,
};

int main(void)
{
    char said[PROCESS_LINE_MAX];
    process_start();
    if (!line_open(&device.line, process.wire[0] != '\0' ? process.wire : "pty")) {
        process_die("%s", device.line.error);
    }
    snprintf(said, sizeof said, "%s: its line is %s", process.name, device.line.name);
    process_log(said);
    pl011_reset(&device.uart);
    process_open_stats(counter_names, COUNTERS);
    device_link_open(&process.link);
    for (uint32_t offset = 0; offset < process.link.registers_size; offset += 4) {
        device_link_synchronous(&process.link, offset);
    }
    process_serve(&ops, &device);
}
