/* SPDX-License-Identifier: BSD-2-Clause */
/* Linux counts nothing that a sandboxed PD could read. Included by <sddf/utilisation.h> only. */
#ifndef PLATFORM_UTILISATION_H
#define PLATFORM_UTILISATION_H

#endif
