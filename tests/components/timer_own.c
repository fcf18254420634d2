/* SPDX-License-Identifier: BSD-2-Clause */
/* What our models of timers share (timer_own.h): the world's time, and how a device lies. */
#include "timer_own.h"

#include "mock_microkit.h"

#include <platform/mmio.h>

uint64_t timer_world;
static enum { HONEST, ANOTHER, LYING } manner;
static uint64_t creep;

bool timer_model_open(const char *name)
{
    (void)name;
    return true;
}

void timer_reset(void)
{
    timer_world = 0;
    manner = HONEST;
    creep = 0;
    timer_own_reset();
}

void timer_pass(uint64_t ns)
{
    timer_world += ns;
    timer_own_run();
}

uint64_t timer_world_ns(void)
{
    return timer_world;
}

bool timer_interrupt(void)
{
    return timer_own_line();
}

void timer_be_another(void)
{
    manner = ANOTHER;
}

void timer_lie(void)
{
    manner = LYING;
}

void timer_creep(uint64_t ns)
{
    creep = ns;
}

static void time_goes_by(void)
{
    if (creep != 0) {
        timer_pass(random64() % creep);
    }
}

bool timer_own_identity(uint32_t offset, uint32_t part, uint64_t *value)
{
    const uint8_t bytes[] = {(uint8_t)part, (uint8_t)(0x10 | part >> 8), 0x14, 0, 0x0d, 0xf0, 0x05,
                             0xb1};
    if (offset < TIMER_IDENTITY || offset >= 0x1000 || offset % 4 != 0) {
        return false;
    }
    *value = bytes[(offset - TIMER_IDENTITY) / 4];
    return true;
}

/* Small numbers as often as large ones. */
uint64_t mock_mmio_read(uintptr_t address, unsigned size_bytes)
{
    uint32_t offset = (uint32_t)(address - TIMER_REGISTERS);
    uint64_t value = 0;
    time_goes_by();
    assert_int_equal(size_bytes, timer_own_bytes);
    assert_true(timer_own_read(offset, &value));
    if (manner == LYING) {
        value = random64() >> random_below(64);
    }
    return manner == ANOTHER && offset >= TIMER_IDENTITY ? value ^ 1 : value;
}

void mock_mmio_write(uintptr_t address, unsigned size_bytes, uint64_t value)
{
    time_goes_by();
    assert_int_equal(size_bytes, timer_own_bytes);
    assert_true(timer_own_write((uint32_t)(address - TIMER_REGISTERS), value));
    timer_own_run();
}

void mock_mmio_barrier(void)
{
}
