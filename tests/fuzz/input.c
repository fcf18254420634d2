/* SPDX-License-Identifier: BSD-2-Clause */
/* The input as a stream, and the end of a target (harness.h). */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>

struct fuzz_input fuzz_input;

_Noreturn void fuzz_fail(const char *text)
{
    (void)fprintf(stderr, "fuzz: %s\n", text);
    abort();
}

/* ---- The input ---- */

bool input_ended(void)
{
    return fuzz_input.at == fuzz_input.end;
}

uint8_t input8(void)
{
    return input_ended() ? 0 : *fuzz_input.at++;
}

uint16_t input16(void)
{
    uint16_t low = input8();
    return (uint16_t)(low | input8() << 8);
}

uint32_t input32(void)
{
    uint32_t low = input16();
    return low | (uint32_t)input16() << 16;
}

uint64_t input64(void)
{
    uint64_t low = input32();
    return low | (uint64_t)input32() << 32;
}

uint32_t input_below(uint32_t bound)
{
    uint32_t byte = input8();
    return bound == 0 ? 0 : byte % bound;
}

uint32_t input_near(uint32_t near)
{
    uint8_t choice = input8();
    return choice == 0x80 ? input32() : near + (uint32_t)(int8_t)choice;
}
