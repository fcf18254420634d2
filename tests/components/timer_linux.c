/* SPDX-License-Identifier: BSD-2-Clause */
/* "sddf,timer", as drivers/timer/linux says that it is. */
#include "timer_own.h"

const unsigned timer_own_bytes = 8;

struct timer_facts timer_facts = {.registers_address = TIMER_REGISTERS,
                                  .registers_size = 0x1000,
                                  .rounds = 3000,
                                  .far_ns = UINT64_C(300000000000000000)};

static uint64_t compare;

void timer_own_reset(void)
{
    compare = 0; /* whatever was before us */
}

void timer_own_run(void)
{
}

bool timer_own_line(void)
{
    return timer_world >= compare;
}

bool timer_own_read(uint32_t offset, uint64_t *value)
{
    *value = timer_world;
    return offset == 0x00;
}

bool timer_own_write(uint32_t offset, uint64_t value)
{
    compare = value;
    return offset == 0x08;
}
