/* SPDX-License-Identifier: BSD-2-Clause */
/* A parent that has no fault(). */
#include <microkit.h>

void init(void)
{
}

void notified(microkit_channel ch)
{
    (void)ch;
}
