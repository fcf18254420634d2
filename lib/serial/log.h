/* SPDX-License-Identifier: BSD-2-Clause */
/* What a component logs (sddf/log.h), for its serial client: if the description makes it a client
 * of a serial device, lines go there, whole and with its name before them, in release builds too.
 * Lines for which there is no room yet, or no virtualiser, are kept; once SERIAL_LOG_KEPT bytes
 * wait, those that follow are dropped whole. What a component says last, it waits for a moment to
 * get rid of. */
#ifndef SERIAL_LOG_H
#define SERIAL_LOG_H

#include <stdbool.h>

enum { SERIAL_LOG_KEPT = 1024 }; /* bytes */

/* Sends to the component's first serial device what is logged from now on. False if it is the
 * client of none: then nothing changes. First thing in init(), so that what is wrong with the rest
 * is seen. */
bool serial_log_open(void);

/* Passes on what waits, and takes what was typed; whenever a channel of the serial device has
 * notified, or may have. True if a line was typed. Sends its signals itself, at once. */
bool serial_log_serve(void);

#endif
