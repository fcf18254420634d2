/* SPDX-License-Identifier: BSD-2-Clause */
/* What components tell people: short lines, rare. Nothing that a peer can cause at will is logged
 * more than once; it is counted (stats.h). */
#ifndef SDDF_LOG_H
#define SDDF_LOG_H

#include <stdint.h>

enum { LOG_LINE_MAX = 200 }; /* bytes, with the terminating zero; what is longer is cut */

/* Lines go to Microkit's debug output, each as "INSTANCE: TEXT"; release builds have none there. */
void log_open(const char *instance);

/* From now on lines go to `sink` instead, each without the name and without a newline, and NULL
 * when the component is about to stop: what the sink keeps it must pass on before it returns. */
typedef void log_sink(const char *line);
void log_to(log_sink *sink);

/* Logs TEXT; log_value adds " VALUE" in decimal, log_hex in hex. */
void log_line(const char *text);
void log_value(const char *text, uint64_t value);
void log_hex(const char *text, uint64_t value);

/* Stops the component by a fault that the platform reports: a broken invariant of our own. */
_Noreturn void log_stop(void);

/* The last line before log_stop(), "TEXT: MORE", which goes both ways. */
void log_last(const char *text, const char *more);

/* For our own invariants only, never for what a peer, a device or a network can write. */
#define sddf_assert(condition) \
    ((condition) ? (void)0 : (log_last("assertion failed", #condition), log_stop()))

#endif
