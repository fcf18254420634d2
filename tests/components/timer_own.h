/* SPDX-License-Identifier: BSD-2-Clause */
/* What each of our models of timers gives timer_own.c, which gives it the world's time. */
#ifndef TIMER_OWN_H
#define TIMER_OWN_H

#include "timer_model.h"

enum { TIMER_IDENTITY = 0xfe0 }; /* from here on registers say what it is */

extern uint64_t timer_world; /* ns since timer_reset() */

void timer_own_reset(void);
/* Does what is due by now. */
void timer_own_run(void);
bool timer_own_line(void);
/* All its registers have this size. */
extern const unsigned timer_own_bytes;
/* False if the device has no such register, or none to read or to write. */
bool timer_own_read(uint32_t offset, uint64_t *value);
bool timer_own_write(uint32_t offset, uint64_t value);
/* The identity of a PrimeCell of this part, for its read. */
bool timer_own_identity(uint32_t offset, uint32_t part, uint64_t *value);

#endif
