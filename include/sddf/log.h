/* SPDX-License-Identifier: BSD-2-Clause */
/* Console output of components: short lines for people, rare. Nothing that a peer can cause at will
 * is logged more than once; it is counted (stats.h). */
#ifndef SDDF_LOG_H
#define SDDF_LOG_H

#include <stdint.h>

/* Prints "INSTANCE: TEXT" and a newline; log_value adds " VALUE" in decimal, log_hex in hex. */
void log_open(const char *instance);
void log_line(const char *text);
void log_value(const char *text, uint64_t value);
void log_hex(const char *text, uint64_t value);

/* Stops the component by a fault that the platform reports: a broken invariant of our own. */
_Noreturn void log_stop(void);

/* For our own invariants only, never for what a peer, a device or a network can write. */
#define sddf_assert(condition) \
    ((condition) ? (void)0 : (log_line("assertion failed: " #condition), log_stop()))

#endif
