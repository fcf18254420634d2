/* SPDX-License-Identifier: BSD-2-Clause */
/* What the target of a component says of it; target.c makes an input's run of that. */
#ifndef FUZZ_TARGET_H
#define FUZZ_TARGET_H

#include <stdbool.h>
#include <stdint.h>

/* Once: configuration, peers, data. */
void target_make(void);
/* For each input: takes its first bytes, starts the component, then its peers. False if the
 * component refused, as it may. */
bool target_start(void);
/* One step, by the input: a peer acts, or the component is entered. */
void target_step(void);
/* Enters the component and asks the oracle. */
void target_enter(uint32_t channel);

#endif
