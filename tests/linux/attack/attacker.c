/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes every word that it can reach, its stack, its code and the plan excepted, over and over,
 * and fills every pipe that it holds. From the first pass on it has nothing left but what stands in
 * registers and on its stack: it calls nothing outside this function. */
#include "shared.h"
#include <microkit.h>
#include <stddef.h>

volatile uint64_t plan_address __attribute__((used));

enum { LEFT = 1, RIGHT = 2, SYS_X86_WRITE = 1, SYS_X86_MPROTECT = 10, FDS = 64, PIPE_WRITES = 130 };

__attribute__((always_inline)) static inline long call3(long number, uint64_t a, uint64_t b,
                                                        uint64_t c)
{
#if defined(__x86_64__)
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c)
                     : "rcx", "r11", "memory");
    return result;
#else
    (void)number, (void)a, (void)b, (void)c;
    return -1;
#endif
}

__attribute__((always_inline)) static inline uint64_t thread_pointer(void)
{
    uint64_t pointer = 0;
#if defined(__x86_64__)
    __asm__ volatile("mov %%fs:0, %0" : "=r"(pointer));
#endif
    return pointer;
}

__attribute__((noreturn)) static void attack(struct plan *plan)
{
    enum { READ_WRITE = 3, MARK = 1 };
    uint64_t random = 88172645463325252U;
    const uint64_t rseq = thread_pointer() + plan->rseq_offset;
    const uint64_t rseq_size = plan->rseq_size;
    for (uint64_t i = 0; plan->unlock != 0 && i < plan->count; i++) {
        uint64_t size = plan->range[i][1] - (plan->range[i][0] & ~(uint64_t)MARK);
        bool writable = (plan->range[i][0] & MARK) != 0;
        if (call3(SYS_X86_MPROTECT, plan->range[i][0] & ~(uint64_t)MARK, size, READ_WRITE) == 0) {
            plan->opened = plan->opened + !writable;
            plan->range[i][0] = plan->range[i][0] | MARK;
        }
    }
    for (uint64_t pass = 0;; pass++) {
        for (uint64_t i = 0; i < plan->count; i++) {
            uint64_t start = plan->range[i][0];
            if ((start & MARK) == 0) {
                continue;
            }
            for (uint64_t at = start & ~(uint64_t)MARK; at < plan->range[i][1]; at += 8) {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                if (at - rseq < rseq_size) {
                    continue;
                }
                uint64_t value = pass % 3 == 0 ? random : pass % 3 == 1 ? UINT64_MAX : pass;
                *(volatile uint64_t *)at = value;
            }
        }
        for (uint64_t fd = 0; pass % 8 == 0 && fd < FDS; fd++) {
            for (uint64_t i = 0; i < PIPE_WRITES; i++) {
                (void)call3(SYS_X86_WRITE, fd, (uint64_t)(uintptr_t)plan, 512);
            }
        }
        plan->passes = pass + 1;
    }
}

void init(void)
{
    struct plan *plan = (struct plan *)plan_address;
    plan->stack = (uint64_t)(uintptr_t)__builtin_frame_address(0);
    microkit_dbg_puts("ready\n");
    while (plan->count == 0) {
    }
    microkit_notify(LEFT);
    attack(plan);
}

void notified(microkit_channel ch)
{
    (void)ch;
}
