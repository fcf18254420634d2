/* SPDX-License-Identifier: BSD-2-Clause */
/* ping: an initiator that plays its rounds and is content. */
#include "initiator.h"

#include <sddf/log.h>

const uint64_t initiator_rounds = 100000;

void initiator_end(void)
{
    log_value("all rounds done:", initiator_rounds);
    log_value("wrong", initiator_wrong());
}
