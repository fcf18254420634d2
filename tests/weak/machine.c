/* SPDX-License-Identifier: BSD-2-Clause */
/* The memory of machine.h: what loads, stores and fences do.
 *
 * That a store leaves its buffer can be told only by the one agent that loads its word (or is woken
 * by it). So it needs no transition of its own: a load decides which of the waiting stores to its
 * word have left, and with them those that they may not pass; a fence empties the buffer. */
#include "machine.h"

#include <string.h>

static uint32_t side_of(uint32_t word)
{
    return word / SIDE_WORDS;
}

/* Connection c is between the agents c and c + 1; sides 2c and 2c + 1 are theirs. */
static uint32_t owner_of(uint32_t word)
{
    uint32_t side = side_of(word);
    return side / 2 + side % 2;
}

static uint32_t reader_of(uint32_t word)
{
    uint32_t side = side_of(word);
    return side / 2 + 1 - side % 2;
}

/* ---- Happens-before on entries ---- */

bool memory_touch(struct machine *m, uint32_t self, uint32_t word)
{
    struct agent *agent = &m->agents[self];
    struct agent *peer = &m->agents[owner_of(word) == self ? reader_of(word) : owner_of(word)];
    uint32_t bit = 1U << (side_of(word) * ENTRY_WORDS_MAX + word % SIDE_WORDS - ENTRIES);
    bool ordered = (agent->known & bit) != 0;

    agent->since_fence |= bit;
    for (uint32_t w = 0; w < WORDS; w++) {
        m->memory[w].uncovered |= owner_of(w) == self ? bit : 0;
    }
    for (uint32_t i = 0; i < agent->waiting_count; i++) {
        agent->waiting[i].message.uncovered |= bit;
    }
    peer->known &= ~bit;
    peer->known_fence &= ~bit;
    for (uint32_t i = 0; i < peer->change_count; i++) {
        peer->changes[i].before.uncovered |= owner_of(peer->changes[i].word) == self ? bit : 0;
    }
    return ordered;
}

/* ---- Stores ---- */

static void remember_change(struct agent *reader, const struct machine *m, uint32_t word)
{
    if (run->memory != WEAK || (!reader->loose && reader->next != LOAD_RELAXED)) {
        return;
    }
    if (reader->change_count == CHANGES_MAX) {
        sim_fail("machine: CHANGES_MAX is too small");
        return;
    }
    reader->changes[reader->change_count++] =
        (struct change){.before = m->memory[word], .word = word};
}

static void store_leaves(struct machine *m, uint32_t writer, uint32_t slot)
{
    struct agent *agent = &m->agents[writer];
    uint32_t word = agent->waiting[slot].word;
    if (word >= NOTIFIED) {
        m->agents[word - NOTIFIED].notified = 1;
    } else {
        remember_change(&m->agents[reader_of(word)], m, word);
        m->memory[word] = agent->waiting[slot].message;
    }
    agent->waiting_count--;
    memmove(&agent->waiting[slot], &agent->waiting[slot + 1],
            (agent->waiting_count - slot) * sizeof(agent->waiting[0]));
    memset(&agent->waiting[agent->waiting_count], 0, sizeof(agent->waiting[0]));
}

/* A waiting store leaves, and first those that it may not pass. Those that leave together do so in
 * program order. */
static void store_is_seen(struct machine *m, uint32_t writer, uint32_t slot)
{
    const struct agent *agent = &m->agents[writer];
    uint64_t leaving = 1ULL << slot;
    uint32_t left = 0;
    for (uint32_t i = slot; i > 0; i--) {
        bool all = run->memory == TSO || agent->waiting[i].release != 0;
        for (uint32_t earlier = 0; earlier < i && (leaving >> i & 1) != 0; earlier++) {
            bool same_word = agent->waiting[earlier].word == agent->waiting[i].word;
            leaving |= (uint64_t)(all || same_word) << earlier;
        }
    }
    for (uint32_t i = 0; i <= slot; i++) {
        if ((leaving >> i & 1) != 0) {
            store_leaves(m, writer, i - left++);
        }
    }
}

void memory_drain(struct machine *m, uint32_t self)
{
    while (m->agents[self].waiting_count != 0) {
        store_leaves(m, self, 0);
    }
}

void memory_store(struct machine *m, uint32_t self, uint32_t word, uint32_t value, bool release)
{
    struct agent *agent = &m->agents[self];
    if (agent->waiting_count == BUFFER_MAX) {
        sim_fail("machine: BUFFER_MAX is too small");
        return;
    }
    agent->waiting[agent->waiting_count++] = (struct waiting_store){
        .message = {.value = value, .uncovered = release ? 0 : agent->since_fence},
        .word = (uint16_t)word,
        .release = release,
    };
}

uint32_t memory_pending(const struct machine *m, uint32_t self, uint32_t word)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < run->scenario->agents; i++) {
        for (uint32_t slot = 0; slot < m->agents[i].waiting_count && i != self; slot++) {
            count += m->agents[i].waiting[slot].word == word;
        }
    }
    return count;
}

void memory_pending_is_seen(struct machine *m, uint32_t self, uint32_t word, uint32_t nth)
{
    for (uint32_t i = 0; i < run->scenario->agents; i++) {
        for (uint32_t slot = 0; slot < m->agents[i].waiting_count && i != self; slot++) {
            if (m->agents[i].waiting[slot].word == word && nth-- == 0) {
                store_is_seen(m, i, slot);
                return;
            }
        }
    }
}

/* ---- Loads ---- */

const struct message *memory_own_store(const struct agent *agent, uint32_t word)
{
    for (uint32_t i = agent->waiting_count; i > 0; i--) {
        if (agent->waiting[i - 1].word == word) {
            return &agent->waiting[i - 1].message;
        }
    }
    return NULL;
}

uint32_t memory_older_values(const struct agent *agent, uint32_t word)
{
    uint32_t values = 0;
    for (uint32_t i = agent->not_before[word]; i < agent->change_count; i++) {
        values += agent->changes[i].word == word;
    }
    return values;
}

/* What happened before `since` can no longer be passed by a load. */
static void forget_changes(struct agent *agent, uint32_t since)
{
    uint32_t left = agent->change_count - since;
    memmove(agent->changes, agent->changes + since, left * sizeof(agent->changes[0]));
    memset(agent->changes + left, 0, since * sizeof(agent->changes[0]));
    agent->change_count = left;
    for (uint32_t w = 0; w < WORDS; w++) {
        uint32_t seen = agent->not_before[w];
        agent->not_before[w] = (uint8_t)(seen > since ? seen - since : 0);
    }
    agent->loose = left != 0;
}

void memory_loads_are_satisfied(struct agent *agent)
{
    forget_changes(agent, agent->change_count);
}

uint32_t memory_load(struct machine *m, uint32_t self, uint32_t word, bool acquire, uint32_t older)
{
    struct agent *agent = &m->agents[self];
    const struct message *own = memory_own_store(agent, word);
    struct message message = m->memory[word];
    uint32_t since = agent->change_count; /* the earliest time at which the word had that value */
    if (own != NULL) {
        return own->value;
    }
    while (since > agent->not_before[word]) {
        const struct change *change = &agent->changes[since - 1];
        if (change->word == word) {
            if (older == 0) {
                break;
            }
            older--;
            message = change->before;
        }
        since--;
    }
    agent->known_fence |= ~message.uncovered;
    if (acquire || run->memory == TSO) {
        agent->known |= ~message.uncovered;
        forget_changes(agent, since);
    } else {
        agent->not_before[word] = (uint8_t)since;
        agent->loose = true;
    }
    return message.value;
}

void memory_fence(struct machine *m, uint32_t self)
{
    struct agent *agent = &m->agents[self];
    memory_drain(m, self);
    memory_loads_are_satisfied(agent);
    agent->known = agent->known_fence;
    agent->since_fence = 0;
}
