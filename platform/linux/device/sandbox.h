/* SPDX-License-Identifier: BSD-2-Clause */
/* Takes from a device model's process what it needs no more once its files are open. */
#ifndef LINUX_DEVICE_SANDBOX_H
#define LINUX_DEVICE_SANDBOX_H

#include <stdbool.h>

/* Gives up user, groups and capabilities, and all system calls but those of the loop, the wires and
 * clocks; any other kills the process. False with errno set when a step failed. Sanitizers need
 * system calls of their own: with them only the privileges go. */
bool sandbox_enter(void);

#endif
