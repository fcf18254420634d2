/* SPDX-License-Identifier: BSD-2-Clause */
/* The side that starts each round, and waits for its answer before the next. The component that is
 * made of it says how many rounds there are, and what comes after them. */
#ifndef INITIATOR_H
#define INITIATOR_H

#include <stdint.h>

enum initiator_counter { ROUNDS, WRONG, VIOLATIONS, WRITES, INITIATOR_COUNTERS };

extern const uint64_t initiator_rounds;

/* The peer's region, which this PD may only read. */
extern volatile uint64_t peer_side;

/* Called once, after the last round's answer. */
void initiator_end(void);

void initiator_count(enum initiator_counter counter);

/* Answers that were not those to the round. */
uint64_t initiator_wrong(void);

#endif
