/* SPDX-License-Identifier: BSD-2-Clause */
/* An AF_XDP socket as a device: its four rings (Linux, Documentation/networking/af_xdp.rst) lie in
 * the driver's rings region, and these registers, which are the platform's invention, say where.
 * All but the last two are constants that the platform writes before the driver starts.
 *
 * The UMEM is the memory that the socket may touch: all DMA regions of the device, at the same
 * distances as their I/O addresses. It is in unaligned chunk mode, where the kernel leaves
 * XSK_HEADROOM bytes free from wherever an empty buffer is said to begin; so a driver says
 * "XSK_HEADROOM before it", and the frame begins where the buffer does. */
#ifndef XSK_REGISTERS_H
#define XSK_REGISTERS_H

#include <stdint.h>

enum xsk_register { /* 32 bits each unless said */
                    XSK_MAGIC_VALUE = 0x000,
                    XSK_HEADROOM =
                        0x004, /* bytes that the kernel leaves free before a received frame */
                    XSK_UMEM_IO = 0x008,   /* 64 bits: I/O address of offset 0 of the UMEM */
                    XSK_UMEM_SIZE = 0x010, /* 64 bits: bytes */
                    XSK_CHUNK_SIZE =
                        0x018, /* bytes that a received frame and its headroom may take */
                    XSK_RINGS =
                        0x040, /* XSK_RING_REGISTERS for each ring, in the order of enum xsk_ring */
                    XSK_KICK = 0x100, /* write: look at these rings, enum xsk_direction */
                    XSK_INTERRUPT_ENABLE =
                        0x104, /* write: the line is up while one of these has something */
};

enum { XSK_MAGIC = 0x314b5358 /* "XSK1" */, XSK_RING_REGISTERS = 0x20 };

/* Of one ring, from its first: */
enum xsk_ring_register {
    XSK_RING_SIZE = 0x00,     /* entries, a power of two */
    XSK_RING_PRODUCER = 0x04, /* these four: bytes from the start of the rings region to the word */
    XSK_RING_CONSUMER = 0x08,
    XSK_RING_FLAGS = 0x0c,
    XSK_RING_ENTRIES = 0x10,
};

enum xsk_ring {
    XSK_RING_FILL,       /* empty buffers to the kernel: 64-bit offsets */
    XSK_RING_COMPLETION, /* sent buffers back: 64-bit offsets */
    XSK_RING_RX,         /* received frames: descriptors */
    XSK_RING_TX,         /* frames to send: descriptors */
    XSK_RING_COUNT,
};

enum xsk_direction { XSK_RECEIVE = 1, XSK_SEND = 2 };

/* linux/if_xdp.h: a descriptor is two 64-bit words, the offset in the UMEM (in unaligned mode with
 * the frame's distance from it in the highest 16 bits), and length | options << 32. */
enum {
    XSK_DESC_SIZE = 16,
    XSK_OFFSET_SHIFT = 48,
    XSK_NEED_WAKEUP = 1, /* in a ring's flags: XDP_RING_NEED_WAKEUP */
};

#endif
