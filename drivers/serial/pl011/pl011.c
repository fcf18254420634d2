/* SPDX-License-Identifier: BSD-2-Clause */
/* Arm's PrimeCell UART, PL011: ARM DDI 0183G. Run by the serial driver; owns the registers. Speed
 * and format of the line stay what the firmware made them, as the kernel's own console has it.
 *
 * Interrupts are levels (section 2.8): the receive ones go down when the FIFO is read empty; the
 * transmit one comes when the FIFO drains *through* its trigger level, and goes when it is filled
 * above it. So it is asked for only after the FIFO was seen full.
 */
#include "../device.h"

#include <primecell/identity.h>
#include <sddf/mmio.h>
#include <stddef.h>

enum { /* section 3.2, table 3-1 */
       DR = 0x000,
       FR = 0x018,
       LCR_H = 0x02c,
       CR = 0x030,
       IFLS = 0x034,
       IMSC = 0x038,
       ICR = 0x044
};

enum {
    DR_ERRORS = 0xf00,    /* section 3.3.1: framing, parity, break, overrun */
    FR_RXFE = 1 << 4,     /* section 3.3.3: nothing received */
    FR_TXFF = 1 << 5,     /* no room to send */
    LCR_H_FEN = 1 << 4,   /* section 3.3.7: FIFOs, not single characters */
    CR_UARTEN = 1 << 0,   /* section 3.3.8 */
    CR_TXE = 1 << 8,      /* transmitter on */
    CR_RXE = 1 << 9,      /* receiver on */
    IFLS_HALF_EIGHTH = 2, /* section 3.3.9: send at half empty, receive at an eighth full */
    INT_RX = 1 << 4,      /* section 3.3.10 */
    INT_TX = 1 << 5,      /* */
    INT_RT = 1 << 6,      /* fewer than the trigger level wait for 32 bit periods */
    INT_ALL = 0x7ff,      /* section 3.3.13 */
    PART = 0x011,         /* section 3.3.15 */
};

static uintptr_t registers;
static uint64_t errors;
static uint32_t wanted; /* as IMSC has it */

const char *serial_device_start(const struct serial_driver_config *config)
{
    if (config->registers.size < PRIMECELL_REGISTERS_SIZE) {
        return "the UART's registers take 4 KiB, fewer are mapped";
    }
    registers = (uintptr_t)config->registers.address;
    if (!primecell_is(registers, PART)) {
        return "no PL011 at the configured address: its identification is another";
    }
    wanted = 0;
    mmio_write32(registers + IMSC, 0);
    mmio_write32(registers + ICR, INT_ALL);
    /* Section 3.3.7: LCR_H is written before the UART is on. Nobody sends by it any more. */
    uint32_t control = mmio_read32(registers + CR);
    mmio_write32(registers + CR, control & ~(uint32_t)CR_UARTEN);
    mmio_write32(registers + LCR_H, mmio_read32(registers + LCR_H) | LCR_H_FEN);
    mmio_write32(registers + IFLS, IFLS_HALF_EIGHTH);
    mmio_write32(registers + CR, control | CR_UARTEN | CR_TXE | CR_RXE);
    return NULL;
}

void serial_device_irq_clear(void)
{
}

uint32_t serial_device_receive(uint8_t *bytes, uint32_t count_max)
{
    uint32_t count = 0;
    while (count < count_max && (mmio_read32(registers + FR) & FR_RXFE) == 0) {
        uint32_t data = mmio_read32(registers + DR); /* with its errors, section 3.3.1 */
        errors += (data & DR_ERRORS) != 0;
        bytes[count++] = (uint8_t)data;
    }
    return count;
}

uint32_t serial_device_send(const uint8_t *bytes, uint32_t count)
{
    uint32_t done = 0;
    while (done < count && (mmio_read32(registers + FR) & FR_TXFF) == 0) {
        mmio_write32(registers + DR, bytes[done++]);
    }
    return done;
}

void serial_device_commit(void)
{
}

bool serial_device_wait(bool receive, bool send)
{
    uint32_t mask = (receive ? INT_RX | INT_RT : 0U) | (send ? INT_TX : 0U);
    if (mask != wanted) {
        wanted = mask;
        mmio_write32(registers + IMSC, mask);
    }
    return !receive || (mmio_read32(registers + FR) & FR_RXFE) != 0;
}

uint64_t serial_device_errors(void)
{
    return errors;
}
