/* SPDX-License-Identifier: BSD-2-Clause */
/* Depth-first search over states of the machine. A state that was seen is not searched again:
 * states are told apart by 128 bits of hash (XXH3), so that two of a billion states coincide with a
 * chance of 1 in 10^20. A path that comes back to itself is an execution without end. */
#include "explore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { DEPTH_MAX = 20000, TRACE_MAX = 400 };

struct frame {
    struct machine machine;
    uint32_t transition; /* to try next */
    XXH128_hash_t hash;
};

struct seen {
    XXH128_hash_t *hash; /* 0, 0 = free place */
    bool *on_path;
    uint64_t places, used;
};

static struct frame *path;
static struct seen seen;

static void *allocate(uint64_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (memory == NULL) {
        perror("tests/weak: memory for the states");
        exit(2);
    }
    return memory;
}

static uint64_t seen_place(XXH128_hash_t hash)
{
    uint64_t place = hash.low64 & (seen.places - 1);
    while ((seen.hash[place].low64 != 0 || seen.hash[place].high64 != 0) &&
           !XXH128_isEqual(seen.hash[place], hash)) {
        place = (place + 1) & (seen.places - 1);
    }
    return place;
}

static void seen_open(uint64_t places)
{
    struct seen old = seen;
    seen = (struct seen){.hash = allocate(places, sizeof(XXH128_hash_t)),
                         .on_path = allocate(places, sizeof(bool)),
                         .places = places,
                         .used = old.used};
    for (uint64_t i = 0; i < old.places; i++) {
        if (old.hash[i].low64 != 0 || old.hash[i].high64 != 0) {
            uint64_t place = seen_place(old.hash[i]);
            seen.hash[place] = old.hash[i];
            seen.on_path[place] = old.on_path[i];
        }
    }
    free(old.hash);
    free(old.on_path);
}

static void seen_close(void)
{
    free(seen.hash);
    free(seen.on_path);
    seen = (struct seen){0};
}

static void print_path(uint32_t depth, const char *why)
{
    char text[120];
    printf("# %s:\n", why);
    for (uint32_t i = depth > TRACE_MAX ? depth - TRACE_MAX : 0; i < depth; i++) {
        machine_describe(&path[i].machine, &path[i + 1].machine, path[i].transition - 1, text);
        printf("#   %s\n", text);
    }
}

/* Enters the state in path[depth]; returns false if it was there before, which *loop says of this
 * very path. */
static bool enter(uint32_t depth, bool *loop)
{
    struct frame *frame = &path[depth];
    frame->transition = 0;
    frame->hash = XXH3_128bits(&frame->machine, sizeof(frame->machine));
    if (2 * seen.used >= seen.places) {
        seen_open(2 * seen.places);
    }
    uint64_t place = seen_place(frame->hash);
    bool known = XXH128_isEqual(seen.hash[place], frame->hash);
    *loop = known && seen.on_path[place];
    seen.hash[place] = frame->hash;
    seen.used += !known;
    seen.on_path[place] |= !known;
    return !known;
}

static const char *search(struct result *result, bool trace)
{
    uint32_t depth = 1; /* frames of the path */
    const char *why = NULL;
    bool loop;
    enter(0, &loop);
    while (depth > 0) {
        struct frame *top = &path[depth - 1], *next = &path[depth];
        memcpy(&next->machine, &top->machine, sizeof(next->machine));
        if (!machine_do(&next->machine, top->transition, &why)) {
            if (top->transition == 0 && !run->scenario->arrived(&top->machine)) {
                why = "nobody can go on, and not all is done: a wake or a buffer was lost";
            }
            seen.on_path[seen_place(top->hash)] = false;
            depth -= why == NULL;
        } else {
            result->transitions++;
            top->transition++;
            if (why == NULL && enter(depth, &loop)) {
                depth++;
            } else if (why == NULL && loop) {
                why = "may go on for ever without getting anywhere";
            }
        }
        if (depth >= DEPTH_MAX) {
            why = "machine: DEPTH_MAX is too small";
        }
        if (why != NULL) {
            if (trace) {
                print_path(depth, why);
            }
            break;
        }
        result->depth = depth > result->depth ? depth : result->depth;
    }
    return why;
}

/* All ways to share out up to `run->restarts` restarts among the agents. */
static bool next_restarts(uint32_t restarts[AGENTS_MAX])
{
    do {
        uint32_t i = 0;
        while (i < run->scenario->agents && restarts[i] == run->restarts) {
            restarts[i++] = 0;
        }
        if (i == run->scenario->agents) {
            return false;
        }
        restarts[i]++;
    } while (restarts[0] + restarts[1] + restarts[2] > run->restarts);
    return true;
}

struct result explore(const struct run *what, bool trace)
{
    struct result result = {0};
    uint32_t restarts[AGENTS_MAX] = {0};
    run = what;
    path = allocate(DEPTH_MAX + 1, sizeof(*path));
    do {
        seen_open(1 << 16);
        result.why = machine_start(&path[0].machine, restarts);
        result.why = result.why == NULL ? search(&result, trace) : result.why;
        result.states += seen.used;
        seen_close();
    } while (result.why == NULL && next_restarts(restarts));
    free(path);
    return result;
}
