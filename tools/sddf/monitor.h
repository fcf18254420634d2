/* SPDX-License-Identifier: BSD-2-Clause */
/* The monitor in the host tool: what "monitor" in a system's file says, and what follows from it
 * (sddf/monitor.h): one protection domain, the parent of all others. */
#ifndef SDDF_TOOL_MONITOR_H
#define SDDF_TOOL_MONITOR_H

#include "tools/sddf/serial.h"

#include <sddf/monitor.h>

/* Microkit has a monitor of its own, whose name no other protection domain may have. */
#define MONITOR_NAME "system_monitor"

enum { MONITOR_PRIORITY = 200 /* above all its children */ };

/* What holds without a key. */
void monitor_begin(struct model_monitor *monitor);
/* After the serial class. */
void monitor_describe(struct model *model, const struct yaml_node *map);
/* What components and drivers ask of a monitor. */
void monitor_check(const struct model *model);
/* First of all, since a parent stands before its children. */
void monitor_plan(struct model *model);
/* Last of all: its children, and its connection to the serial device. */
void monitor_plan_children(struct model *model);
void monitor_fill(const struct model *model);

#endif
