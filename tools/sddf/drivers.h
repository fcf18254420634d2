/* SPDX-License-Identifier: BSD-2-Clause */
/* What the drivers' driver.yaml files say: which compatible strings each serves and what it needs.
 * The list is built into the tool; --drivers DIR reads DIR/CLASS/DEVICE/driver.yaml instead. */
#ifndef SDDF_DRIVERS_H
#define SDDF_DRIVERS_H

#include "tools/sddf/findings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DRIVERS_MAX = 64,
    DRIVER_COMPATIBLE_MAX = 16,
    DRIVER_TEXT_MAX = 64, /* bytes, with the terminating zero */
};

struct driver {
    char name[DRIVER_TEXT_MAX];
    char class_name[DRIVER_TEXT_MAX];
    char compatible[DRIVER_COMPATIBLE_MAX][DRIVER_TEXT_MAX];
    size_t compatible_count;
    char image[DRIVER_TEXT_MAX];
    uint64_t rings_size; /* bytes for the device's rings, a multiple of 4 KiB */
    bool clock;          /* the board must say how fast the device counts */
};

struct drivers {
    struct driver list[DRIVERS_MAX];
    size_t count;
};

/* From the directory, or the built-in list if it is NULL. False after adding a finding. */
bool drivers_read(const char *directory, struct drivers *drivers, struct findings *findings);

/* NULL if none of that class serves the compatible string. */
const struct driver *driver_find(const struct drivers *drivers, const char *class_name,
                                 const char *compatible);

#endif
