/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Remembers what became of each sequence number of one stream: outstanding, back, given up. Used
 * by sddf-load's loop, one tracker per target. It believes no sequence number that it did not send.
 *
 *   0 ... next - SLOTS ... oldest ......... next
 *         |<-- remembered in a ring of slots -->|
 *                         first that may be outstanding
 */
#ifndef SDDF_LOAD_TRACKER_H
#define SDDF_LOAD_TRACKER_H

#include <stdbool.h>
#include <stdint.h>

/* 200 ms at 5 million packets per second. */
#define TRACKER_SLOTS (1u << 20)

/* Of sequences sent since tracker_measure(). Lost, after the drain, is sent - received. */
struct tracker_counts {
    uint64_t sent;
    uint64_t received;  /* came back intact, each counted once */
    uint64_t damaged;   /* came back first with a damaged body */
    uint64_t duplicate; /* came back intact again */
    uint64_t late;      /* came back intact after they were given up */
    uint64_t reordered; /* of received: after one that was sent later */
};

enum tracker_event {
    TRACKER_ARRIVED,   /* the first echo of an outstanding sequence, intact */
    TRACKER_DAMAGED,   /* the first echo of an outstanding sequence, damaged: it is settled, lost */
    TRACKER_DUPLICATE, /* an echo of a settled sequence */
    TRACKER_LATE,      /* an echo of a sequence given up, or too old to be remembered */
    TRACKER_UNKNOWN,   /* never sent */
};

/* 9 MiB: for the heap. Zeroed memory is a tracker that has sent nothing. */
struct tracker {
    uint64_t next;          /* the sequence to be sent next */
    uint64_t oldest;        /* everything before is settled or given up */
    uint64_t above_highest; /* one above the highest sequence received */
    uint64_t measured_from; /* the first sequence that counts */
    uint64_t outstanding;
    struct tracker_counts counts;
    uint64_t sent_ns[TRACKER_SLOTS];
    uint8_t state[TRACKER_SLOTS];
};

/* From here on sequences count; those sent earlier are warm-up. Zeroes the counts. */
void tracker_measure(struct tracker *tracker);

/* Sequence `next` was sent at `now_ns`. Gives up what its slot still held. */
void tracker_sent(struct tracker *tracker, uint64_t now_ns);

/* An echo of `sequence` came, with its body intact or not. */
enum tracker_event tracker_received(struct tracker *tracker, uint64_t sequence, bool intact);

/* Gives up what has been outstanding for `timeout_ns` or longer. */
void tracker_expire(struct tracker *tracker, uint64_t now_ns, uint64_t timeout_ns);

#endif
