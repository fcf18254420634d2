/* SPDX-License-Identifier: BSD-2-Clause */
/* The sequence tracking that tracker.h describes. */
#include "tracker.h"

#include <string.h>

enum slot_state {
    SLOT_SETTLED = 0, /* its echo came, or it was never used */
    SLOT_OUTSTANDING,
    SLOT_GIVEN_UP,
};

static unsigned slot_of(uint64_t sequence)
{
    return (unsigned)(sequence & (TRACKER_SLOTS - 1));
}

void tracker_measure(struct tracker *tracker)
{
    tracker->measured_from = tracker->next;
    memset(&tracker->counts, 0, sizeof(tracker->counts));
}

void tracker_sent(struct tracker *tracker, uint64_t now_ns)
{
    unsigned slot = slot_of(tracker->next);
    if (tracker->state[slot] == SLOT_OUTSTANDING) {
        tracker->outstanding--;
    }
    tracker->state[slot] = SLOT_OUTSTANDING;
    tracker->sent_ns[slot] = now_ns;
    tracker->outstanding++;
    tracker->next++;
    tracker->counts.sent++;
    if (tracker->next - tracker->oldest > TRACKER_SLOTS) {
        tracker->oldest = tracker->next - TRACKER_SLOTS;
    }
}

static enum tracker_event settle(struct tracker *tracker, uint64_t sequence, bool intact)
{
    bool measured = sequence >= tracker->measured_from;
    tracker->outstanding--;
    if (!intact) {
        tracker->counts.damaged += measured;
        return TRACKER_DAMAGED;
    }
    tracker->counts.received += measured;
    if (sequence < tracker->above_highest) {
        tracker->counts.reordered += measured;
    } else {
        tracker->above_highest = sequence + 1;
    }
    return TRACKER_ARRIVED;
}

enum tracker_event tracker_received(struct tracker *tracker, uint64_t sequence, bool intact)
{
    if (sequence >= tracker->next) {
        return TRACKER_UNKNOWN;
    }
    bool counts = intact && sequence >= tracker->measured_from;
    if (tracker->next - sequence > TRACKER_SLOTS) {
        tracker->counts.late += counts;
        return TRACKER_LATE;
    }
    uint8_t *state = &tracker->state[slot_of(sequence)];
    uint8_t before = *state;
    *state = SLOT_SETTLED;
    switch (before) {
    case SLOT_OUTSTANDING:
        return settle(tracker, sequence, intact);
    case SLOT_GIVEN_UP:
        tracker->counts.late += counts;
        return TRACKER_LATE;
    default:
        tracker->counts.duplicate += counts;
        return TRACKER_DUPLICATE;
    }
}

void tracker_expire(struct tracker *tracker, uint64_t now_ns, uint64_t timeout_ns)
{
    /* Sequences are sent in order of time, so the first that is young ends the search. */
    for (; tracker->oldest < tracker->next; tracker->oldest++) {
        unsigned slot = slot_of(tracker->oldest);
        if (tracker->state[slot] != SLOT_OUTSTANDING) {
            continue;
        }
        if (now_ns - tracker->sent_ns[slot] < timeout_ns) {
            return;
        }
        tracker->state[slot] = SLOT_GIVEN_UP;
        tracker->outstanding--;
    }
}
