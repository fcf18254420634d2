/* SPDX-License-Identifier: BSD-2-Clause */
/* The tree's driver.yaml files, built into the tool by embed_drivers.py. */
#ifndef SDDF_DRIVERS_EMBEDDED_H
#define SDDF_DRIVERS_EMBEDDED_H

struct embedded_driver {
    const char *path; /* for messages; NULL ends the list */
    const char *text;
};

extern const struct embedded_driver EMBEDDED_DRIVERS[];

#endif
