/* SPDX-License-Identifier: BSD-2-Clause */
/* A PD with a parent. What it does in init(), or when it is notified, stands in its region
 * "action"; see the tests. */
#include "shared.h"

volatile uint64_t action __attribute__((used));
volatile uint64_t shared_address __attribute__((used));

static uint64_t starts_in_memory = 100; /* .data: kept over restarts */
static uint64_t last_stack;

__attribute__((noinline)) static void write_null(void)
{
    volatile uintptr_t null = 8; /* the compiler must not see it */
    *(volatile uint32_t *)null = 1;
}

__attribute__((noinline)) static void read_null(void)
{
    volatile uintptr_t null = 16;
    (void)*(volatile uint32_t *)null;
}

__attribute__((noinline)) static void execute_nothing(void)
{
    volatile uintptr_t nothing = 0x3000;
    ((void (*)(void))nothing)();
}

#if defined(__x86_64__)
static long call4(long number, long a, long b, long c, long d)
{
    register long r10 __asm__("r10") = d;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
                     : "rcx", "r11", "memory");
    return result;
}

__attribute__((noinline)) static void trap(void)
{
    __asm__ volatile("ud2");
}

/* Those that end the process, or make a frame of its stack; and two that Linux leads past every
 * filter, to end in SIGILL: uretprobe and uprobe. */
static bool is_left_out(long number)
{
    return number == 15 || number == 60 || number == 231 || number == 335 || number == 336;
}

/* Which of all there are, but for those, are made at all: the parent answers the others. No
 * argument is any good. */
static void try_all_system_calls(void)
{
    enum { LAST = 1023, REFUSED = 4711 };
    for (long number = 0; number <= LAST; number++) {
        if (!is_left_out(number) && call4(number, -1, -1, -1, -1) != REFUSED) {
            say("made ");
            microkit_dbg_put32((seL4_Uint32)number);
            say("\n");
        }
    }
    say("all tried\n");
}

static void block_signals(void)
{
    static const uint64_t all = ~UINT64_C(0);
    uint64_t before = 0;
    (void)call4(14, 0, (long)&all, (long)&before, sizeof(all)); /* rt_sigprocmask(SIG_BLOCK) */
    say(before == 0 ? "no signal was blocked\n" : "signals were BLOCKED\n");
}

/* Registers that a C program relies on, before and behind a stop. */
__attribute__((noinline)) static bool trap_keeps_registers(void)
{
    uint64_t good;
    __asm__ volatile("mov $0x1234567890, %%r12\n"
                     "mov $0x42, %%rbx\n"
                     "movq %%r12, %%xmm3\n"
                     "ud2\n"
                     "xor %%eax, %%eax\n"
                     "movq %%xmm3, %%rcx\n"
                     "cmp %%rcx, %%r12\n"
                     "jne 1f\n"
                     "mov $0x1234567890, %%rcx\n"
                     "cmp %%rcx, %%r12\n"
                     "jne 1f\n"
                     "cmp $0x42, %%rbx\n"
                     "jne 1f\n"
                     "mov $1, %%eax\n"
                     "1:\n"
                     : "=a"(good)
                     :
                     : "rbx", "rcx", "r12", "xmm3", "memory");
    return good == 1;
}

/* To code of 32 bits, which lies in a region; see the test. The stack pointer has 32 bits, too, and
 * is kept when this PD is restarted. */
__attribute__((noreturn)) static void leave_64_bits(void)
{
    __asm__ volatile("mov $0x10002ff0, %rsp\n"
                     "pushq $0x23\n" /* Linux's __USER32_CS */
                     "pushq $0x10004000\n"
                     "lretq\n");
    __builtin_unreachable();
}

static void machine_actions(void)
{
    if (is("trap")) {
        shared()->place = (uintptr_t)trap;
        trap();
        say("went on behind the trap\n");
    } else if (is("keep-registers")) {
        say(trap_keeps_registers() ? "all registers kept\n" : "registers LOST\n");
    } else if (is("system-call")) {
        long result = call4(110, 0, 0, 0, 0); /* getppid */
        say("the system call gave ");
        microkit_dbg_put32((seL4_Uint32)result);
        say("\n");
    } else if (is("all-system-calls")) {
        try_all_system_calls();
    } else if (is("block-and-spin")) {
        block_signals();
        shared()->beats = 0;
        microkit_notify(PARENT_CHANNEL);
        for (;;) {
            shared()->beats++;
        }
    } else if (is("breakpoint")) {
        __asm__ volatile("int3");
    } else if (is("icebp")) {
        __asm__ volatile(".byte 0xf1");
    } else if (is("single-step")) { /* each instruction traps, also those of the next start */
        __asm__ volatile("pushfq\n"
                         "orq $0x100, (%rsp)\n"
                         "popfq\n");
    } else if (is("leave-64-bits")) {
        shared()->beats = 0;
        microkit_notify(PARENT_CHANNEL);
        leave_64_bits();
    } else if (is("block-and-fault")) {
        block_signals();
        write_null();
    }
}
#else
static void machine_actions(void)
{
}
#endif

/* Memory is kept, .data too; the stack pointer is what it was, so each start lies deeper. */
static void say_start(void)
{
    uint64_t stack = (uint64_t)__builtin_frame_address(0);
    say("start ");
    microkit_dbg_put32((seL4_Uint32)starts_in_memory);
    say(last_stack == 0 ? "\n" : stack < last_stack ? " deeper\n" : " NOT deeper\n");
    last_stack = stack;
    starts_in_memory++;
}

static void call_server(void)
{
    microkit_mr_set(0, shared()->starts);
    microkit_msginfo answer = microkit_ppcall(SERVER_CHANNEL, microkit_msginfo_new(7, 1));
    shared()->answers++;
    say("answer ");
    microkit_dbg_put32((seL4_Uint32)microkit_mr_get(0));
    say(microkit_msginfo_get_label(answer) == 8 ? "\n" : " with a WRONG label\n");
}

void init(void)
{
    shared()->starts++;
    if (is("null")) {
        shared()->place = (uintptr_t)write_null;
        write_null();
    } else if (is("read")) {
        read_null();
    } else if (is("here-and-there")) {
        if (shared()->starts % 2 != 0) {
            read_null();
        }
        write_null();
    } else if (is("execute")) {
        execute_nothing();
    } else if (is("start")) {
        say_start();
        write_null();
    } else if (is("spin")) {
        shared()->beats = 0;
        microkit_notify(PARENT_CHANNEL);
        for (;;) {
            shared()->beats++;
        }
    } else if (is("wait")) {
        microkit_deferred_notify(PARENT_CHANNEL);
    } else if (is("call")) {
        call_server();
    }
    machine_actions();
}

void notified(microkit_channel ch)
{
    (void)ch;
    shared()->notified++;
}

/* A server that is restarted in the middle. */
microkit_msginfo protected(microkit_channel ch, microkit_msginfo msginfo)
{
    (void)ch;
    if (is("fault-in-protected")) {
        write_null();
    }
    return msginfo;
}
