/* SPDX-License-Identifier: BSD-2-Clause */
/* The work that all transports do in make bench-transport: buffers go round. The sender has as many
 * as the queues hold; it sends bursts of them and, when it runs short, collects what came back. The
 * receiver looks at each and gives it back at once. Both verify what arrives. Each transport comes
 * twice: counting its signals only, and with a system call for each, as a signal between isolated
 * components is. */
#ifndef BENCH_TRANSPORT_CIRCULATE_H
#define BENCH_TRANSPORT_CIRCULATE_H

#include "contender.h"

/* The sender's, on lines of its own. Each transport has one. */
struct sender {
    _Alignas(128) uint32_t free; /* buffers that may be sent */
    uint32_t returned;           /* the number of the entry that comes back next */
    uint64_t wrong;              /* bits that came back other than they were sent */
    uint64_t signals;            /* that the receiver was to be woken */
    int signal_fd;               /* -1: only counted */
};

void sender_open(struct sender *sender, uint32_t buffers, bool with_signals);
/* The system call. */
void sender_call(const struct sender *sender);

static inline void sender_signal(struct sender *sender)
{
    sender->signals++;
    if (sender->signal_fd >= 0) {
        sender_call(sender);
    }
}

/* Returns how many entries came back, which should be number `sender->returned` and on; else sets
 * bits in `sender->wrong`. */
typedef uint32_t collect_entries(struct sender *sender);
/* Sends `burst` entries from number `first` on. False if it cannot now. */
typedef bool send_entries(struct sender *sender, uint32_t first, uint32_t burst);

static inline __attribute__((always_inline)) bool circulate(struct sender *sender, uint32_t first,
                                                            uint32_t burst,
                                                            collect_entries *collect,
                                                            send_entries *send)
{
    if (sender->free < burst) {
        uint32_t count = collect(sender);
        sender->returned += count;
        sender->free += count;
        if (sender->free < burst) {
            return false;
        }
    }
    if (!send(sender, first, burst)) {
        return false;
    }
    sender->free -= burst;
    return true;
}

/* The two contenders of a transport: `prefix` and `prefix`_called. `open` makes the transport for
 * `capacity` buffers; `receive` is a get_burst that gives back what it takes. */
#define CIRCULATION(prefix, title, open_transport, collect, send, receive, audit_transport) \
    static struct sender prefix##_sender;                                                   \
    static bool prefix##_open(uint32_t capacity)                                            \
    {                                                                                       \
        sender_open(&prefix##_sender, capacity, false);                                     \
        return open_transport(capacity);                                                    \
    }                                                                                       \
    static bool prefix##_open_called(uint32_t capacity)                                     \
    {                                                                                       \
        sender_open(&prefix##_sender, capacity, true);                                      \
        return open_transport(capacity);                                                    \
    }                                                                                       \
    static bool prefix##_put(uint32_t first, uint32_t burst)                                \
    {                                                                                       \
        return circulate(&prefix##_sender, first, burst, collect, send);                    \
    }                                                                                       \
    static uint64_t prefix##_signals(void)                                                  \
    {                                                                                       \
        return prefix##_sender.signals;                                                     \
    }                                                                                       \
    static const char *prefix##_audit(void)                                                 \
    {                                                                                       \
        return prefix##_sender.wrong != 0 ? "what came back was not what was sent"          \
                                          : audit_transport();                              \
    }                                                                                       \
    CONTENDER_LOOPS(prefix, prefix##_put, receive)                                          \
    CIRCULATION_CONTENDER(prefix, prefix, title, prefix##_open);                            \
    CIRCULATION_CONTENDER(prefix, prefix##_called, title " called", prefix##_open_called)

#define CIRCULATION_CONTENDER(prefix, which, title, open_contender) \
    const struct contender contender_##which = {                    \
        .name = (title),                                            \
        .open = (open_contender),                                   \
        .produce = prefix##_produce,                                \
        .consume = prefix##_consume,                                \
        .alternate = prefix##_alternate,                            \
        .signals = prefix##_signals,                                \
        .audit = prefix##_audit,                                    \
    }

#endif
