/* SPDX-License-Identifier: BSD-2-Clause */
/* What the transmit virtualiser counts, frames unless said. */
#ifndef VIRT_NET_TX_COUNTERS_H
#define VIRT_NET_TX_COUNTERS_H

enum counter {
    FRAMES,            /* passed on */
    BYTES,             /* of these */
    DROP_BAD_OFFSET,   /* refused: no buffer of the client's begins there */
    DROP_BAD_LENGTH,   /* refused: shorter than its header, or longer than a buffer */
    DROP_IN_FLIGHT,    /* refused: sent already and not back yet */
    DROP_SOURCE_MAC,   /* refused: another's source address */
    BAD_DRIVER_RETURN, /* what the driver returned and did not hold */
    VIOLATIONS,        /* lies about indices, of all peers */
    ACTIVATIONS,
    SIGNALS,
    HELD,           /* turns that a client's rate ended */
    TIMER_FAILURES, /* calls that the timer refused */
    COUNTERS
};

static const char *const counter_names[COUNTERS] = {
    "frames",
    "bytes",
    "drop_bad_offset",
    "drop_bad_length",
    "drop_in_flight",
    "drop_source_mac",
    "bad_driver_return",
    "violations",
    "activations",
    "signals",
    "held",
    "timer_failures",
};

#endif
