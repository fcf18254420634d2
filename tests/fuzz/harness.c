/* SPDX-License-Identifier: BSD-2-Clause */
/* The harness of harness.h. */
#include "harness.h"

#include <sanitizer/asan_interface.h>
#include <sddf/log.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCKS_MAX = 64,
    RACES_MAX = 16,
    FLOOD_PERIOD = 3,    /* reads */
    LOOKS_MAX = 200000,  /* reads of shared memory in one entry: more has no bound */
    SIGNALS_MAX = 20000, /* in one entry */
    CONSOLE_SIZE = 1024,
    LINE = 8, /* words; component.ld begins and ends the state with a line */
    LINES_MAX = 8192,
    LEARN_INPUTS = 2000,
    LEARN_PERIOD = 64,
};

struct fuzz_record fuzz_record;
uint64_t fuzz_looks_left;

char microkit_name[MICROKIT_PD_NAME_LENGTH] = "fuzzed";
seL4_Bool microkit_have_signal;
static uint64_t message[4], answers; /* see microkit_ppcall() */

static char console[CONSOLE_SIZE];
static size_t console_used;
static jmp_buf stopped;
static bool inside, starting;

/* ---- Memory and state ---- */

static struct {
    void *memory;
    size_t cleared;
} blocks[BLOCKS_MAX];
static uint32_t block_count;

/* Words of any object. */
typedef uint64_t __attribute__((may_alias)) any_word;

/* No library's memcpy: the sanitizer's red zones lie between the variables, and it looks. */
#define BARE __attribute__((no_builtin))

static BARE void clear_words(any_word *words, size_t size_bytes)
{
    for (size_t i = 0; i < size_bytes / sizeof(*words); i++) {
        words[i] = 0;
    }
}

void *fuzz_memory(size_t size, size_t cleared)
{
    void *memory = NULL;
    must(block_count < BLOCKS_MAX && cleared <= size, "the target asks for too much memory");
    must(cleared % sizeof(uint64_t) == 0, "the target has half a word cleared");
    must(posix_memalign(&memory, QUEUE_LINE, size) == 0, "no memory");
    memset(memory, 0, size);
    blocks[block_count].memory = memory;
    blocks[block_count++].cleared = cleared;
    return memory;
}

extern uint64_t fuzz_component_start[], fuzz_component_end[]; /* component.ld */

static BARE void copy_words(uint64_t *restrict to, const uint64_t *restrict from, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        to[i] = from[i];
    }
}

static BARE bool words_differ(const uint64_t *a, const uint64_t *b, size_t count)
{
    uint64_t different = 0;
    for (size_t i = 0; i < count; i++) {
        different |= a[i] ^ b[i];
    }
    return different != 0;
}

/* Most of the component's tables are never touched: only lines that any input has changed are put
 * back. Which those are is looked up for each of the first inputs, later for some. */
static void component_reset(void)
{
    static uint64_t *fresh;
    static uint32_t lines[LINES_MAX], line_count; /* that were changed */
    static bool listed[LINES_MAX];
    static uint64_t inputs;
    size_t count = (size_t)(fuzz_component_end - fuzz_component_start);
    if (fresh == NULL) {
        fresh = malloc(count * sizeof(*fresh));
        must(fresh != NULL && count <= LINES_MAX * LINE, "the component's state is too large");
        copy_words(fresh, fuzz_component_start, count);
    }
    if (inputs < LEARN_INPUTS || inputs % LEARN_PERIOD == 0) {
        for (uint32_t line = 0; line < count / LINE; line++) {
            size_t at = line * LINE;
            if (!listed[line] && words_differ(fuzz_component_start + at, fresh + at, LINE)) {
                listed[line] = true;
                lines[line_count++] = line;
            }
        }
    }
    inputs++;
    for (uint32_t i = 0; i < line_count; i++) {
        size_t at = (size_t)lines[i] * LINE;
        copy_words(fuzz_component_start + at, fresh + at, LINE);
    }
}

/* ---- Peers that act while the component reads ---- */

static struct race {
    void *word;
    unsigned size;
    uint64_t value;
    uint32_t after;
} races[RACES_MAX];
static uint32_t race_count, race_next;
static struct queue_side *flood_mine;
static const struct queue_side *flood_component;
static uint32_t flood_count;
static uint64_t looks_total;

void fuzz_race(void *word, unsigned size, uint64_t value, uint32_t after)
{
    if (race_count < RACES_MAX) {
        races[race_count++] = (struct race){word, size, value, after};
    }
}

void fuzz_flood(struct queue_side *mine, const struct queue_side *component, uint32_t count)
{
    flood_mine = mine;
    flood_component = component;
    flood_count = count;
}

static void looks_next(void)
{
    uint64_t next = race_next < race_count ? races[race_next].after + 1 : LOOKS_MAX;
    if (flood_mine != NULL && next > FLOOD_PERIOD) {
        next = FLOOD_PERIOD;
    }
    fuzz_looks_left = next;
    looks_total += next;
}

void fuzz_look(void)
{
    if (!inside) {
        fuzz_looks_left = UINT64_MAX;
        return;
    }
    must(looks_total < LOOKS_MAX, "an activation has no bound");
    if (race_next < race_count) {
        struct race *race = &races[race_next];
        uint32_t passed = flood_mine != NULL ? FLOOD_PERIOD : race->after + 1;
        if (race->after < passed) {
            memcpy(race->word, &race->value, race->size);
            fuzz_record.disturbed = true;
            race_next++;
        } else {
            race->after -= passed;
        }
    }
    if (flood_mine != NULL) {
        fuzz_record.disturbed = true;
        __atomic_store_n(&flood_mine->tail.value, flood_component->head.value + flood_count,
                         __ATOMIC_RELEASE);
    }
    looks_next();
}

/* ---- The component ---- */

void fuzz_begin(const uint8_t *data, size_t size)
{
    fuzz_input = (struct fuzz_input){data, data + size};
    component_reset();
    for (uint32_t i = 0; i < block_count; i++) {
        clear_words(blocks[i].memory, blocks[i].cleared);
    }
    race_count = race_next = 0;
    flood_mine = NULL;
    inside = false;
    fuzz_looks_left = UINT64_MAX;
    console_used = 0;
    console[0] = '\0';
}

void fuzz_header(struct config_header *header, enum config_kind kind, uint32_t size)
{
    static struct stats_page *stats;
    if (stats == NULL) {
        stats = fuzz_memory(sizeof(*stats), 0);
    }
    *header = (struct config_header){.magic = CONFIG_MAGIC,
                                     .kind = (uint16_t)kind,
                                     .version = NET_CONFIG_VERSION,
                                     .size = size,
                                     .instance = "fuzzed",
                                     .stats = (uintptr_t)stats};
}

static void enter(void)
{
    clear_words((any_word *)&fuzz_record, sizeof(fuzz_record));
    answers = 0;
    inside = true;
    looks_total = 0;
    looks_next();
}

static void left(void)
{
    inside = false;
    fuzz_looks_left = UINT64_MAX;
    race_count = race_next = 0;
    flood_mine = NULL;
}

bool fuzz_init(const void *blob, size_t size)
{
    sddf_config = (uintptr_t)blob;
    sddf_config_size = size;
    starting = true;
    if (setjmp(stopped) != 0) {
        left();
        return false;
    }
    enter();
    init();
    left();
    starting = false;
    return true;
}

void fuzz_enter(microkit_channel channel)
{
    enter();
    notified(channel);
    left();
    const char *wrong = component_tables();
    must(wrong == NULL, wrong);
}

void fuzz_call(microkit_msginfo (*entry)(microkit_channel, microkit_msginfo),
               microkit_channel channel)
{
    enter();
    (void)entry(channel, microkit_msginfo_new(0, 0));
    left();
    const char *wrong = component_tables();
    must(wrong == NULL, wrong);
}

_Noreturn void fuzz_leave(void)
{
    must(starting, "left outside init()");
    longjmp(stopped, 1);
}

/* A component may stop in init(), having said why; later no peer may make it. Its assertions speak
 * of its own invariants. */
_Noreturn void log_stop(void)
{
    must(starting, "the component stopped after its start");
    must(strstr(console, "assertion failed") == NULL, console);
    must(console_used != 0, "the component stopped without a word");
    longjmp(stopped, 1);
}

/* ---- The Microkit API ---- */

static void count_signal(microkit_channel channel)
{
    if (channel >= MICROKIT_MAX_CHANNELS) { /* Microkit says so and returns */
        return;
    }
    must(++fuzz_record.notified[channel] < SIGNALS_MAX, "an activation signals without bound");
}

void microkit_notify(microkit_channel channel)
{
    count_signal(channel);
    fuzz_before_read(); /* a good moment for a peer to act */
}

void microkit_deferred_notify(microkit_channel channel)
{
    must(fuzz_record.deferred++ == 0, "a second deferred call");
    count_signal(channel);
}

void microkit_irq_ack(microkit_channel channel)
{
    (void)channel;
    fuzz_record.acknowledged++;
}

void microkit_deferred_irq_ack(microkit_channel channel)
{
    must(fuzz_record.deferred++ == 0, "a second deferred call");
    microkit_irq_ack(channel);
}

/* A callee whose answers mean nothing: labels, lengths and words as they come. */
void microkit_mr_set(seL4_Uint8 index, uint64_t value)
{
    must(index < 4, "a message register that does not exist");
    message[index] = value;
}

uint64_t microkit_mr_get(seL4_Uint8 index)
{
    must(index < 4, "a message register that does not exist");
    return message[index];
}

microkit_msginfo microkit_ppcall(microkit_channel channel, microkit_msginfo request)
{
    (void)channel;
    (void)request;
    answers = answers * UINT64_C(6364136223846793005) + 1; /* Knuth's MMIX */
    message[0] = answers;
    return microkit_msginfo_new(answers >> 60 & 1, (uint16_t)(answers >> 56 & 1));
}

void microkit_dbg_puts(const char *text)
{
    size_t size = strlen(text);
    size = size < CONSOLE_SIZE - 1 - console_used ? size : CONSOLE_SIZE - 1 - console_used;
    memcpy(console + console_used, text, size);
    console_used += size;
    console[console_used] = '\0';
}

/* ---- Cache maintenance: a peer may act here, too ---- */

void mock_cache_clean(uintptr_t address, size_t size_bytes);
void mock_cache_invalidate(uintptr_t address, size_t size_bytes);

/* Within memory that is there: the sanitizer knows. */
static void touch(uintptr_t address, size_t size_bytes)
{
    must(size_bytes != 0, "cache maintenance of nothing");
    must(__asan_region_is_poisoned((void *)address, size_bytes) == NULL,
         "cache maintenance of what is not there");
    fuzz_before_read();
}

void mock_cache_clean(uintptr_t address, size_t size_bytes)
{
    touch(address, size_bytes);
}

void mock_cache_invalidate(uintptr_t address, size_t size_bytes)
{
    touch(address, size_bytes);
}
