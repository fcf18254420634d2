/* SPDX-License-Identifier: BSD-2-Clause */
/* Linux counts nothing that a sandboxed PD could read. Included by <sddf/utilisation.h> only. */
#ifndef PLATFORM_UTILISATION_H
#define PLATFORM_UTILISATION_H

static inline bool platform_utilisation_start(void)
{
    return false;
}

static inline bool platform_utilisation_stop(struct utilisation *found)
{
    (void)found;
    return false;
}

#endif
