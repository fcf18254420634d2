/* SPDX-License-Identifier: BSD-2-Clause */
/* A timer device as test_timer_device.c plays with one: registers, a world in which time passes as
 * the test says, an interrupt. One of our models (timer_NAME.c), or one of QEMU's (timer_qemu.c).
 */
#ifndef TIMER_MODEL_H
#define TIMER_MODEL_H

#include <stdbool.h>
#include <stdint.h>

struct timer_facts {
    uint64_t registers_address;
    uint32_t registers_size;
    uint32_t clock_hz; /* for the driver's configuration */
    uint64_t tick_ns;  /* its time is no further from the world's */
    uint64_t late_ns;  /* a timeout comes so much after its moment at most */
    uint64_t far_ns;   /* a time of several laps of its counter, or of years */
    uint32_t rounds;   /* how many things a test does: some worlds are slow */
    const char *other; /* what the driver says of another device; NULL: nothing tells them apart */
};

enum { TIMER_REGISTERS = 0x09010000 }; /* where those of our models are */

extern struct timer_facts timer_facts;

/* Before anything else; false, and said so, if this machine cannot play it. */
bool timer_model_open(const char *name);
void timer_reset(void);
uint64_t timer_world_ns(void);
void timer_pass(uint64_t ns);
bool timer_interrupt(void);

/* Of our models only: another device answers at the address; it answers at random; time passes with
 * every access, up to so much. */
void timer_be_another(void);
void timer_lie(void);
void timer_creep(uint64_t ns);

#endif
