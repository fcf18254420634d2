/* SPDX-License-Identifier: BSD-2-Clause */
/* A PD with child 1. What it does to it stands in its region "action"; see the tests. */
#include "shared.h"

volatile uint64_t action __attribute__((used));
volatile uint64_t shared_address __attribute__((used));

enum { CHILD = 1, START = 0x200000, MOST_FAULTS = 3, OFTEN = 1000 };

static uint64_t faults;

static void say_state(const char *text, uint64_t number)
{
    say(text);
    microkit_dbg_put32((seL4_Uint32)number);
    say("\n");
}

static void say_fault(microkit_child child, microkit_msginfo info)
{
    say("child ");
    microkit_dbg_put32(child);
    say(" label ");
    microkit_dbg_put32((seL4_Uint32)microkit_msginfo_get_label(info));
    say(" words");
    for (seL4_Word i = 0; i < microkit_msginfo_get_count(info); i++) {
        say(" ");
        say_hex(microkit_mr_get((seL4_Uint8)i));
    }
    uint64_t instruction = microkit_mr_get(0);
    say(instruction - shared()->place < 512 ? " in its function\n" : "\n");
}

/* Until the child's memory says so: it stands still. */
static bool stands_still(void)
{
    uint64_t before = shared()->beats;
    for (volatile int i = 0; i < 20000000; i++) {
    }
    return shared()->beats == before;
}

static void stop_resume_restart(void)
{
    await_change(&shared()->beats, 0);
    microkit_pd_stop(CHILD);
    say(stands_still() ? "stopped\n" : "still RUNS\n");
    uint64_t before = shared()->beats;
    microkit_pd_resume(CHILD);
    await_change(&shared()->beats, before);
    say("resumed\n");
    microkit_pd_restart(CHILD, START);
    await_change(&shared()->starts, 1);
    say_state("restarted: starts ", shared()->starts);
}

void init(void)
{
    if (is("early")) {
        microkit_pd_restart(CHILD, START);
        await_change(&shared()->starts, 0);
        microkit_pd_stop(CHILD);
        say("controlled from init\n");
    } else if (is("no-such-child")) {
        microkit_pd_stop(CHILD + 1);
        say("went on\n");
    }
}

void notified(microkit_channel ch)
{
    static uint64_t times;
    times++;
    if (is("restart-often") && times < OFTEN) {
        shared()->may_answer = 1;
        microkit_pd_restart(CHILD, START);
    } else if (is("restart-often") && times == OFTEN) {
        microkit_pd_stop(CHILD);
        say("restarted often enough\n");
    }
    if (is("stop-resume-restart") && times == 1) {
        stop_resume_restart();
    } else if (is("restart-waiting") && times == 1) {
        microkit_pd_restart(CHILD, START);
    } else if (is("restart-waiting")) {
        say_state("waits again: starts ", shared()->starts);
    } else if (is("notify-stopped") && times == 1) {
        microkit_pd_stop(CHILD);
        microkit_notify(ch);
        say(shared()->notified == 0 ? "nothing delivered\n" : "delivered to a STOPPED one\n");
        microkit_pd_resume(CHILD);
        await_change(&shared()->notified, 0);
        say_state("delivered: ", shared()->notified);
    } else if (is("restart-caller") && times == 1) { /* the server got the call */
        microkit_pd_restart(CHILD, START);
        shared()->may_answer = 1;
    } else if (is("resume-caller") && times == 1) {
        microkit_pd_stop(CHILD);
        microkit_pd_resume(CHILD);
        shared()->may_answer = 1;
    } else if (is("stop-before-call") && times == 1) {
        microkit_pd_stop(CHILD);
        shared()->may_answer = 1;
    }
}

static seL4_Bool skip(microkit_msginfo info, microkit_msginfo *reply)
{
    unsigned at = microkit_msginfo_get_label(info) == 2 ? 15 : 0;
    microkit_mr_set((seL4_Uint8)at, microkit_mr_get((seL4_Uint8)at) + 2); /* ud2, syscall */
    if (at == 15) {
        microkit_mr_set(0, 4711); /* rax */
    }
    *reply = microkit_msginfo_new(0, (uint16_t)(at + 1));
    return seL4_True;
}

seL4_Bool fault(microkit_child child, microkit_msginfo info, microkit_msginfo *reply)
{
    faults++;
    if (is("until-full") && microkit_mr_get(1) == 8) {
        microkit_pd_restart(child, START);
        return seL4_False;
    }
    if (is("until-full")) {
        say_state(faults > 10 && faults < 200 ? "its stack is full: faults " : "WRONG: faults ",
                  faults);
        microkit_pd_stop(child);
        return seL4_False;
    }
    if (is("skip-all")) {
        return skip(info, reply);
    }
    if (is("restart-thousand")) {
        if (faults < OFTEN) {
            microkit_pd_restart(child, START);
        } else {
            say("enough\n");
        }
        return seL4_False;
    }
    say_fault(child, info);
    if (is("keep")) {
        return seL4_False;
    }
    if (faults > MOST_FAULTS) {
        microkit_pd_stop(child);
        say("enough\n");
    } else if (is("restart")) {
        microkit_pd_restart(child, START);
    } else if (is("reply")) {
        *reply = microkit_msginfo_new(0, 0);
        return seL4_True;
    } else if (is("reply-error")) {
        *reply = microkit_msginfo_new(1, 0);
        return seL4_True;
    } else if (is("skip")) {
        return skip(info, reply);
    } else if (is("resume")) {
        microkit_pd_resume(child);
    } else if (is("restart-and-reply")) { /* the reply comes too late and changes nothing */
        microkit_pd_restart(child, START);
        *reply = microkit_msginfo_new(0, 0);
        return seL4_True;
    }
    return seL4_False;
}
