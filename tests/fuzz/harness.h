/* SPDX-License-Identifier: BSD-2-Clause */
/* What the fuzz targets of components share: the input as a stream of bytes, a Microkit API that
 * records, memory in blocks of exact size for AddressSanitizer to watch, the component's static
 * state put back for each input, and peers that act while the component reads. Run by the fuzzers
 * and the replays only. Trusts the targets, not the component.
 *
 * An input is a header of a few bytes, then steps: a peer acts, or the component is entered. After
 * each entry the target asks its oracle; whatever must hold and does not ends the process. */
#ifndef FUZZ_HARNESS_H
#define FUZZ_HARNESS_H

#include <microkit.h>
#include <sddf/net.h>
#include <sddf/stats.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- The input; zeros after its end ---- */

struct fuzz_input {
    const uint8_t *at, *end;
};

extern struct fuzz_input fuzz_input;

static inline bool input_ended(void)
{
    return fuzz_input.at == fuzz_input.end;
}

static inline uint8_t input8(void)
{
    return input_ended() ? 0 : *fuzz_input.at++;
}

static inline uint16_t input16(void)
{
    uint16_t low = input8();
    return (uint16_t)(low | input8() << 8);
}

static inline uint32_t input32(void)
{
    uint32_t low = input16();
    return low | (uint32_t)input16() << 16;
}

static inline uint64_t input64(void)
{
    uint64_t low = input32();
    return low | (uint64_t)input32() << 32;
}

/* Below `bound`, at most 256; 0 for a bound of 0. */
static inline uint32_t input_below(uint32_t bound)
{
    uint32_t byte = input8();
    return bound == 0 ? 0 : byte % bound;
}

/* A word near `near`, or any. */
static inline uint32_t input_near(uint32_t near)
{
    uint8_t choice = input8();
    return choice == 0x80 ? input32() : near + (uint32_t)(int8_t)choice;
}

/* ---- Memory ---- */

/* Made once, kept; of each block the first `cleared` bytes are zero at the start of an input. */
void *fuzz_memory(size_t size, size_t cleared);

/* ---- The component ---- */

struct fuzz_record {
    _Alignas(8) uint32_t notified[MICROKIT_MAX_CHANNELS]; /* in this entry, eager and deferred */
    uint32_t acknowledged;
    uint32_t deferred;
    bool disturbed; /* a peer wrote while the component ran */
};

extern struct fuzz_record fuzz_record;

/* Fresh state for a new input. */
void fuzz_begin(const uint8_t *data, size_t size);
/* A blob's header of this kind, with a statistics page. */
void fuzz_header(struct config_header *header, enum config_kind kind, uint32_t size);
/* Enters init() with this blob. False if the component refused it. */
bool fuzz_init(const void *blob, size_t size);
/* Enters notified(). */
void fuzz_enter(microkit_channel channel);
/* Enters `entry`, which is the component's protected(), with a message of no word. */
void fuzz_call(microkit_msginfo (*entry)(microkit_channel, microkit_msginfo),
               microkit_channel channel);
/* Ends the input from within the component, as if it had stopped. */
_Noreturn void fuzz_leave(void);

/* "fuzz: TEXT" on stderr and the end of the process: what a fuzzer looks for. */
_Noreturn void fuzz_fail(const char *text);
#define must(condition, text) ((condition) ? (void)0 : fuzz_fail(text))

/* The component's own tables, each target's NAME_tables.c: NULL, or what does not hold in them.
 * Compiled with the component, since its tables are static. */
const char *component_tables(void);

/* ---- Peers that act while the component reads ---- */

/* Writes `value` to the `size` bytes (2, 4 or 8) at `word`, `after` reads of shared memory into the
 * next entry, or after the one before. */
void fuzz_race(void *word, unsigned size, uint64_t value, uint32_t after);
/* In the next entry, every few reads: offers `count` entries more than are taken. */
void fuzz_flood(struct queue_side *mine, const struct queue_side *component, uint32_t count);

#endif
