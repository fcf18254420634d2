/* SPDX-License-Identifier: BSD-2-Clause */
/* The agents of machine.h: how a step runs up to the next operation that others can tell, and which
 * transitions a state has: for each agent its next operation, once for each result that this may
 * have, then its death. */
#include "machine.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

/* Regions that exist as names only: nothing is ever stored in them. */
static union {
    struct queue_side side;
    uint8_t bytes[QUEUE_SIDE_SIZE(CAPACITY_MAX, sizeof(struct entry))];
} regions[SIDES_MAX];
struct queue_side *const sim_sides[SIDES_MAX] = {&regions[0].side, &regions[1].side,
                                                 &regions[2].side, &regions[3].side};

const struct run *run;

/* While an agent runs. */
static struct machine *now;
static uint32_t self;
static struct party working;
static uint32_t position; /* operations of this step that ran */
static uint32_t chosen;   /* option of the operation at which the agent stood */
static bool listening;    /* operations count; not while a scenario sets its agents up */
static bool performed;    /* that operation is done: the next one is for another transition */
static const char *failure;
static jmp_buf leave;

void sim_fail(const char *why)
{
    failure = failure == NULL ? why : failure;
}

static uint32_t word_at(const void *address)
{
    size_t offset = (size_t)((const uint8_t *)address - (const uint8_t *)regions);
    uint32_t side = (uint32_t)(offset / sizeof(regions[0]));
    offset %= sizeof(regions[0]);
    uint32_t field = offset == offsetof(struct queue_side, epoch)  ? EPOCH
                     : offset == offsetof(struct queue_side, seen) ? SEEN
                     : offset == offsetof(struct queue_side, tail) ? TAIL
                     : offset == offsetof(struct queue_side, head) ? HEAD
                     : offset == offsetof(struct queue_side, mark) ? MARK
                                                                   : SIDE_WORDS;
    if (offset >= offsetof(struct queue_side, entries)) {
        offset -= offsetof(struct queue_side, entries);
        field = ENTRIES + (uint32_t)(offset / sizeof(uint64_t));
    }
    if (side >= SIDES_MAX || field >= SIDE_WORDS) {
        sim_fail("reached outside the words of a side");
        return 0;
    }
    return side * SIDE_WORDS + field;
}

/* ---- Operations ---- */

/* How many results the next operation of an agent may have; 0: it has to wait. */
static uint32_t options_of(const struct machine *m, uint32_t index)
{
    const struct agent *agent = &m->agents[index];
    uint32_t word = agent->next_word;
    switch (agent->next) {
    case LOAD:
    case LOAD_RELAXED:
    case LOAD_ENTRY:
        return memory_own_store(agent, word) != NULL
                   ? 1
                   : 1 + memory_older_values(agent, word) + memory_pending(m, index, word);
    case SLEEP:
        return agent->notified + memory_pending(m, index, NOTIFIED + index);
    case CHOOSE:
        return agent->next_value;
    case END:
        return 0;
    default:
        return 1;
    }
}

/* Makes true what an option of a load or sleep says about waiting stores: the last options stand
 * for those. Returns which older value a load is to return. */
static uint32_t option_decide(struct machine *m, uint32_t index, uint32_t option)
{
    const struct agent *agent = &m->agents[index];
    bool loads = agent->next == LOAD || agent->next == LOAD_RELAXED || agent->next == LOAD_ENTRY;
    uint32_t word = loads ? agent->next_word : NOTIFIED + index;
    uint32_t without = loads ? 1 + memory_older_values(agent, word) : agent->notified;
    if (loads && memory_own_store(agent, word) != NULL) {
        return 0;
    }
    if (option < without) {
        return option;
    }
    memory_pending_is_seen(m, index, word, option - without);
    return 0;
}

static void entry_touch(uint32_t word)
{
    if (run->memory == WEAK && !memory_touch(now, self, word)) {
        sim_fail("an entry is read or overwritten that the peer may still be writing or reading");
    }
}

static uint32_t perform(enum operation kind, uint32_t word, uint32_t value)
{
    struct agent *agent = &now->agents[self];
    switch (kind) {
    case LOAD:
    case LOAD_RELAXED:
        return memory_load(now, self, word, kind == LOAD, chosen);
    case LOAD_ENTRY:
        entry_touch(word);
        return now->memory[word].value;
    case STORE_ENTRY:
        entry_touch(word);
        if (run->memory == WEAK) {
            now->memory[word].value = value;
        } else {
            memory_store(now, self, word, value, false);
        }
        return 0;
    case STORE:
    case STORE_RELAXED:
        memory_store(now, self, word, value, kind == STORE);
        return 0;
    case FENCE:
        memory_fence(now, self);
        return 0;
    case SLEEP:
        agent->notified = 0;
        memory_loads_are_satisfied(agent); /* the kernel was entered; but stores may still wait */
        return 0;
    case CHOOSE:
        return chosen;
    default:
        return 0;
    }
}

/* Nobody opens a connection again in this run. */
static bool is_constant(uint32_t word)
{
    return !run->scenario->opens && (word % SIDE_WORDS == EPOCH || word % SIDE_WORDS == SEEN);
}

/* It may have more than one result, or depend on what others do: a transition of its own. Stores
 * and fences do not, but their agent may die before them. */
static bool is_visible(enum operation kind, uint32_t word)
{
    switch (kind) {
    case LOAD:
    case LOAD_RELAXED:
        return !is_constant(word);
    case STORE:
    case STORE_RELAXED:
    case FENCE:
        return now->agents[self].restarts_left != 0;
    case STORE_ENTRY:
        return false;
    case LOAD_ENTRY:
        return run->memory != WEAK;
    default:
        return true;
    }
}

static uint32_t operation(enum operation kind, uint32_t word, uint32_t value)
{
    struct agent *agent = &now->agents[self];
    if (!listening) {
        return 0;
    }
    if (position < agent->loaded_count) {
        return agent->loaded[position++];
    }
    if (is_visible(kind, word)) {
        if (performed) {
            agent->next = kind;
            agent->next_word = word;
            agent->next_value = value;
            longjmp(leave, 1);
        }
        performed = true;
    }
    uint32_t result = perform(kind, word, value);
    chosen = 0;
    if (agent->loaded_count == LOADS_MAX) {
        sim_fail("machine: LOADS_MAX is too small, or a step does not end");
    }
    if (failure != NULL) {
        longjmp(leave, 1);
    }
    agent->loaded[agent->loaded_count++] = result;
    position++;
    return result;
}

uint32_t sim_load(const void *word, enum sim_order order)
{
    return operation(order == SIM_ORDERED ? LOAD : LOAD_RELAXED, word_at(word), 0);
}

void sim_store(void *word, uint32_t value, enum sim_order order)
{
    operation(order == SIM_ORDERED ? STORE : STORE_RELAXED, word_at(word), value);
}

uint64_t sim_load_entry(const void *word)
{
    return operation(LOAD_ENTRY, word_at(word), 0);
}

void sim_store_entry(void *word, uint64_t value)
{
    SIM_CHECK(value <= UINT32_MAX, "machine: an entry word holds 32 bits");
    operation(STORE_ENTRY, word_at(word), (uint32_t)value);
}

void sim_fence(void)
{
    operation(FENCE, 0, 0);
}

uint32_t sim_choose(uint32_t options)
{
    return options <= 1 ? 0 : operation(CHOOSE, 0, options);
}

/* The stores before it arrive first, but it is no fence. */
void sim_notify(uint32_t agent)
{
    operation(STORE, NOTIFIED + agent, 1);
}

void sim_sleep(void)
{
    operation(SLEEP, 0, 0);
}

void sim_end(void)
{
    operation(END, 0, 0);
}

/* ---- Agents ---- */

/* (Padding is copied, too: at worst it tells equal states apart, which costs time and no more.) */
static void step_done(struct agent *agent)
{
    memcpy(&agent->party, &working, sizeof(working));
    memset(agent->loaded, 0, sizeof(agent->loaded));
    agent->loaded_count = 0;
    if (working.c[0].violations != 0 || working.c[1].violations != 0) {
        sim_fail("an honest peer is accused of a violation");
    }
}

/* Lets an agent perform the operation at which it stands, and go on to the next. */
static void agent_run(uint32_t agent, uint32_t option)
{
    self = agent;
    chosen = option;
    performed = now->agents[agent].next == NOTHING;
    now->agents[agent].next = NOTHING;
    if (setjmp(leave) == 0) {
        while (failure == NULL) {
            memcpy(&working, &now->agents[self].party, sizeof(working));
            position = 0;
            run->scenario->step[self](&working);
            step_done(&now->agents[self]);
        }
    }
}

static void agent_start(uint32_t index)
{
    struct agent *agent = &now->agents[index];
    memset(&agent->party, 0, sizeof(agent->party));
    memset(agent->loaded, 0, sizeof(agent->loaded));
    agent->loaded_count = 0;
    agent->next = NOTHING;
    memory_loads_are_satisfied(agent);
    listening = false;
    run->scenario->start(index, &agent->party);
    listening = true;
    agent_run(index, 0);
}

const char *machine_start(struct machine *m, const uint32_t restarts[AGENTS_MAX])
{
    memset(m, 0, sizeof(*m));
    now = m;
    failure = NULL;
    for (uint32_t w = 0; w < WORDS && !run->scenario->opens; w++) {
        uint32_t field = w % SIDE_WORDS;
        m->memory[w].value = field == TAIL || field == HEAD ? run->start
                             : field == MARK                ? run->start - 1
                                                            : 0;
    }
    for (uint32_t i = 0; i < run->scenario->agents; i++) {
        m->agents[i].known = m->agents[i].known_fence = UINT32_MAX;
        m->agents[i].restarts_left = restarts[i];
        agent_start(i);
    }
    return failure;
}

/* ---- Transitions ---- */

/* A death between two loads equals one at the next store, fence or sleep. */
static bool may_die(const struct agent *agent)
{
    return agent->restarts_left != 0 &&
           (agent->next == STORE || agent->next == STORE_RELAXED || agent->next == FENCE ||
            agent->next == SLEEP || agent->next == END);
}

enum what { OPERATES, DIES, NONE };

/* A choice is nobody else's business: while an agent stands at one, only that is searched. */
static enum what transition_find(const struct machine *m, uint32_t transition, uint32_t *agent,
                                 uint32_t *option)
{
    *option = transition;
    for (*agent = 0; *agent < run->scenario->agents; ++*agent) {
        if (m->agents[*agent].next == CHOOSE) {
            return transition < options_of(m, *agent) ? OPERATES : NONE;
        }
    }
    for (*agent = 0; *agent < run->scenario->agents; ++*agent) {
        uint32_t options = options_of(m, *agent);
        if (*option < options) {
            return OPERATES;
        }
        *option -= options;
        if (may_die(&m->agents[*agent]) && (*option)-- == 0) {
            return DIES;
        }
    }
    return NONE;
}

bool machine_do(struct machine *m, uint32_t transition, const char **why)
{
    uint32_t agent, option;
    now = m;
    failure = NULL;
    switch (transition_find(m, transition, &agent, &option)) {
    case OPERATES:
        if (m->agents[agent].next != CHOOSE) {
            option = option_decide(m, agent, option);
        }
        agent_run(agent, option);
        break;
    case DIES:
        m->agents[agent].restarts_left--;
        agent_start(agent);
        break;
    case NONE:
        return false;
    }
    *why = failure;
    return true;
}

static void word_name(uint32_t word, char text[16])
{
    static const char *const names[] = {"epoch", "seen", "tail", "head", "mark"};
    uint32_t field = word % SIDE_WORDS, side = word / SIDE_WORDS;
    if (word >= NOTIFIED) {
        snprintf(text, 16, "agent %u", (word - NOTIFIED) % AGENTS_MAX);
    } else if (field < ENTRIES) {
        snprintf(text, 16, "%s[%u]", names[field], side % SIDES_MAX);
    } else {
        snprintf(text, 16, "entry[%u].%u", side % SIDES_MAX, (field - ENTRIES) % ENTRY_WORDS_MAX);
    }
}

void machine_describe(const struct machine *before, const struct machine *after,
                      uint32_t transition, char text[120])
{
    static const char *const names[] = {[NOTHING] = "",
                                        [LOAD] = "load-acquire",
                                        [LOAD_RELAXED] = "load-relaxed",
                                        [LOAD_ENTRY] = "load",
                                        [STORE] = "store-release",
                                        [STORE_RELAXED] = "store-relaxed",
                                        [STORE_ENTRY] = "store",
                                        [FENCE] = "fence",
                                        [CHOOSE] = "chooses",
                                        [SLEEP] = "wakes",
                                        [END] = "ends"};
    uint32_t agent, option;
    char word[16];
    bool dies = transition_find(before, transition, &agent, &option) == DIES;
    const struct agent *a = &before->agents[agent];
    int length =
        snprintf(text, 120, "agent %u: %s", agent, dies ? "dies, and starts anew" : names[a->next]);
    word_name(a->next_word, word);
    if (dies || length < 0) {
        return;
    }
    text += length;
    size_t room = 120 - (size_t)length;
    if (a->next == LOAD || a->next == LOAD_RELAXED || a->next == LOAD_ENTRY) {
        const struct agent *b = &after->agents[agent];
        bool known = b->loaded_count > a->loaded_count;
        snprintf(text, room, known ? " %s = %d" : " %s", word, (int)b->loaded[a->loaded_count]);
    } else if (a->next == STORE || a->next == STORE_RELAXED) {
        snprintf(text, room, " %s = %d", word, (int)a->next_value);
    } else if (a->next == CHOOSE) {
        snprintf(text, room, " %u of %u", option + 1, a->next_value);
    }
}
