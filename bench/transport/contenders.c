/* SPDX-License-Identifier: BSD-2-Clause */
/* Who takes part in make bench-transport. */
#include "contenders.h"

#define TRANSPORT_LISTED(prefix) &contender_##prefix, &contender_##prefix##_called,

const struct contender *const contenders[] = {TRANSPORTS(TRANSPORT_LISTED)};
const uint32_t contender_count = sizeof(contenders) / sizeof(contenders[0]);
