/* SPDX-License-Identifier: BSD-2-Clause */
/* NS16550A: National Semiconductor PC16550D data sheet (June 1995), section 8. Run by the serial
 * driver; owns the registers, which are bytes, next to each other. Speed and format of the line
 * stay what the firmware made them, as the kernel's own console has it. */
#include "../device.h"

#include <sddf/mmio.h>
#include <stddef.h>

enum {          /* section 8, table II; the divisor's latch stays closed (LCR bit 7) */
       RBR = 0, /* read: receiver buffer */
       THR = 0, /* write: transmitter holding */
       IER = 1,
       FCR = 2, /* write */
       LCR = 3,
       MCR = 4,
       LSR = 5,
       SCR = 7,
       REGISTERS_SIZE = 8
};

enum {
    IER_RECEIVED = 1 << 0, /* section 8.7: data available, and the FIFO's timeout */
    IER_EMPTY = 1 << 1,    /* transmitter holding register empty */
    FCR_ENABLE = 1 << 0,   /* section 8.5; trigger level 1 byte */
    FCR_CLEAR_RX = 1 << 1,
    LCR_LATCH = 1 << 7,  /* section 8.1 */
    MCR_OUT2 = 1 << 3,   /* section 8.8: on PCs it lets the interrupt through */
    LSR_READY = 1 << 0,  /* section 8.4: data ready */
    LSR_ERRORS = 0x1e,   /* overrun, parity, framing, break */
    LSR_EMPTY = 1 << 5,  /* the transmit FIFO is empty */
    FIFO_BYTES = 16,     /* section 8.5 */
    SCRATCH_PROBE = 0x5a /* section 8.9: a byte to keep */
};

static uintptr_t registers;
static uint64_t errors;
static uint32_t room;  /* bytes of the transmit FIFO that are free for sure */
static uint8_t wanted; /* as IER has it */

/* Reading it clears its errors (section 8.4), so they are counted with each look. */
static uint8_t line_status(void)
{
    uint8_t status = mmio_read8(registers + LSR);
    errors += (status & LSR_ERRORS) != 0;
    return status;
}

const char *serial_device_start(const struct serial_driver_config *config)
{
    if (config->registers.size < REGISTERS_SIZE) {
        return "the UART's registers take 8 bytes, fewer are mapped";
    }
    registers = (uintptr_t)config->registers.address;
    mmio_write8(registers + SCR, SCRATCH_PROBE);
    if (mmio_read8(registers + SCR) != SCRATCH_PROBE) {
        return "no NS16550A at the configured address: its scratch register keeps nothing";
    }
    wanted = 0;
    room = 0;
    mmio_write8(registers + LCR, (uint8_t)(mmio_read8(registers + LCR) & ~LCR_LATCH));
    mmio_write8(registers + IER, 0);
    mmio_write8(registers + FCR, FCR_ENABLE | FCR_CLEAR_RX);
    mmio_write8(registers + MCR, (uint8_t)(mmio_read8(registers + MCR) | MCR_OUT2));
    return NULL;
}

void serial_device_irq_clear(void)
{
}

uint32_t serial_device_receive(uint8_t *bytes, uint32_t count_max)
{
    uint32_t count = 0;
    while (count < count_max && (line_status() & LSR_READY) != 0) {
        bytes[count++] = mmio_read8(registers + RBR);
    }
    return count;
}

/* The device says when its FIFO is empty, not how full it is (section 8.4): what was written since
 * is counted here. */
uint32_t serial_device_send(const uint8_t *bytes, uint32_t count)
{
    uint32_t done = 0;
    if (room < count && (line_status() & LSR_EMPTY) != 0) {
        room = FIFO_BYTES;
    }
    for (; done < count && room != 0; room--) {
        mmio_write8(registers + THR, bytes[done++]);
    }
    return done;
}

void serial_device_commit(void)
{
}

/* A FIFO that is empty when the interrupt is allowed raises it at once (section 8.7). */
bool serial_device_wait(bool receive, bool send)
{
    uint8_t enable = (uint8_t)((receive ? IER_RECEIVED : 0) | (send ? IER_EMPTY : 0));
    if (enable != wanted) {
        wanted = enable;
        mmio_write8(registers + IER, enable);
    }
    return !receive || (line_status() & LSR_READY) == 0;
}

uint64_t serial_device_errors(void)
{
    return errors;
}
