/* SPDX-License-Identifier: BSD-2-Clause */
/* The monitor: parent of every other protection domain, told by the kernel when one faults. Its
 * blob says what its children are called and how often each is started anew. */
#ifndef SDDF_MONITOR_H
#define SDDF_MONITOR_H

#include <sddf/config.h>
#include <stdint.h>

enum {
    MONITOR_CHILDREN_MAX = 62, /* Microkit's child ids are 0 to 61 */
    MONITOR_RESTARTS_MAX = 1000,
    MONITOR_CONFIG_VERSION = 1,
};

/* Where every image starts: Microkit's linker script (microkit.ld) puts _start first, there. */
#define MONITOR_IMAGE_START 0x200000U

struct monitor_child {
    char name[CONFIG_INSTANCE_MAX]; /* empty: there is no child of this id */
    uint32_t restarts;              /* how often it is started anew; then it stays stopped */
    uint32_t shows;                 /* not 0: what the monitor prints is not shown without it */
};

struct monitor_config {
    struct config_header header;     /* CONFIG_MONITOR */
    struct config_connection serial; /* puts its reports; mine 0 = there is no serial device */
    struct monitor_child children[MONITOR_CHILDREN_MAX]; /* by id */
};

_Static_assert(sizeof(struct monitor_child) == 56, "monitor_child");
_Static_assert(sizeof(struct monitor_config) == 136 + 56 * MONITOR_CHILDREN_MAX, "monitor_config");

#endif
