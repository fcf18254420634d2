/* SPDX-License-Identifier: BSD-2-Clause */
/* Who takes part in make bench-queue. */
#include "contenders.h"

const struct contender *const contenders[] = {
    &contender_sddf,       &contender_sddf_plain,
    &contender_sddf_runs,  &contender_sddf_runs_plain,
    &contender_sddf_slots, &contender_sddf_slots_plain,
    &contender_rte_ring,   &contender_rte_ring_zc,
    &contender_ck_ring,    &contender_wfcqueue,
};
const uint32_t contender_count = sizeof(contenders) / sizeof(contenders[0]);
