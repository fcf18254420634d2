/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of lib/net and lib/mem share: cmocka's prelude, seeded random numbers, memory that
 * ends where a fault begins. Run by the tests only. SDDF_SEED in the environment repeats a run.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include <cmocka.h>

#define SENTENCE(text, function)                \
    {                                           \
        .name = (text), .test_func = (function) \
    }

static uint64_t random_state;

/* SplitMix64 (Steele, Lea, Flood 2014). */
static inline uint64_t random64(void)
{
    uint64_t z = random_state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static inline size_t random_below(size_t bound)
{
    return (size_t)(random64() % bound);
}

static inline void random_bytes(uint8_t *to, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        to[i] = (uint8_t)random64();
    }
}

/* Prints the seed as a TAP comment: it stands above whatever fails. */
static inline void random_start(void)
{
    const char *wanted = getenv("SDDF_SEED");
    random_state = wanted != NULL ? strtoull(wanted, NULL, 0) : (uint64_t)time(NULL);
    printf("# SDDF_SEED=%llu\n", (unsigned long long)random_state);
    (void)fflush(stdout);
}

enum { GUARDED_SIZE = 1 << 17 };

/* GUARDED_SIZE bytes; the return value is their end, and touching it is a fault. Lives as long as
 * the test. */
static inline uint8_t *guarded_end(void)
{
    uint8_t *base =
        mmap(NULL, GUARDED_SIZE + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED || mprotect(base + GUARDED_SIZE, 4096, PROT_NONE) != 0) {
        fail_msg("no guarded memory: mmap or mprotect failed");
    }
    return base + GUARDED_SIZE;
}
