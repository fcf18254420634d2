/* SPDX-License-Identifier: BSD-2-Clause */
/* A machine with store buffers, on which the transport's real code runs (include/sddf/atomic.h of
 * this folder). Its whole state is one flat struct, so that a search can copy, compare and return
 * to it.
 *
 * An agent is a program made of steps. A step is a C function of the agent's private state
 * (struct party) and of what it has loaded since it began: so the machine keeps just these two, and
 * goes on with a step by running it again from its start with the same loads (no stack is saved).
 *
 * What each memory does:
 *   TSO   a store waits in its agent's buffer for any time; stores leave in program order (x86)
 *   WEAK  a store may also pass earlier ones to other words unless it is a release; a load may be
 *         satisfied before an earlier relaxed load, back to the last acquire or fence (Armv8,
 * RISC-V and C11 without speculated stores); and the entries are held to C11's happens-before: who
 *         reads or overwrites an entry word must have acquired what its peer released after it
 *         touched that word. Under that rule no machine or compiler can tear an entry or show an
 *         old one, so on WEAK the entries themselves take no buffer. */
#ifndef WEAK_MACHINE_H
#define WEAK_MACHINE_H

#include <sddf/queue.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    AGENTS_MAX = 3,
    CONNECTIONS_MAX = 2, /* agents 0 and 1, agents 1 and 2 */
    SIDES_MAX = 2 * CONNECTIONS_MAX,
    CAPACITY_MAX = 4,
    ENTRY_WORDS_MAX = 2 * CAPACITY_MAX, /* entries of two words */

    EPOCH = 0, /* the words of a side */
    SEEN,
    TAIL,
    HEAD,
    MARK,
    ENTRIES,
    SIDE_WORDS = ENTRIES + ENTRY_WORDS_MAX,
    WORDS = SIDES_MAX * SIDE_WORDS,
    NOTIFIED = WORDS, /* + agent: a notification on its way, buffered as stores are */

    BUFFER_MAX = 40,  /* stores that wait; no run has more, so that none is forced to leave */
    LOADS_MAX = 48,   /* operations of one step */
    CHANGES_MAX = 24, /* that a load may be satisfied before */
};

enum memory_model { TSO, WEAK };

struct entry {
    uint64_t a, b;
};

/* An agent's private state; each scenario uses what it needs. Index of connections: 0 to the agent
 * before, or the only one; 1 to the agent behind. */
struct party {
    struct connection c[2];
    uint32_t step;
    uint32_t sent, taken, unchecked;
    uint32_t at_home, away, waiting; /* sets of buffers */
    bool short_of_space;
};

/* A store as others will see it. */
struct message {
    uint32_t value;
    uint32_t uncovered; /* entry words that its writer touched after the release, or without one */
};

struct change {
    struct message before;
    uint32_t word;
};

struct waiting_store {
    struct message message;
    uint16_t word;
    uint16_t release;
};

enum operation {
    NOTHING,
    LOAD,
    LOAD_RELAXED,
    LOAD_ENTRY,
    STORE,
    STORE_RELAXED,
    STORE_ENTRY,
    FENCE,
    CHOOSE,
    SLEEP,
    END,
};

struct agent {
    struct party party;         /* when its present step began */
    uint32_t loaded[LOADS_MAX]; /* result of each operation since */
    uint32_t loaded_count;
    enum operation next; /* the operation at which it stands */
    uint32_t next_word, next_value;
    uint32_t restarts_left;
    uint32_t notified;

    uint32_t known;       /* entry words whose last touch by the peer happened before now */
    uint32_t known_fence; /* or will have, after a fence */
    uint32_t since_fence; /* entry words touched since the last fence */

    uint32_t waiting_count;
    struct waiting_store waiting[BUFFER_MAX];

    uint32_t loose;        /* loads may be satisfied in the past: a relaxed one came before */
    uint32_t change_count; /* of its peers' words, which such loads may not see */
    struct change changes[CHANGES_MAX];
    uint8_t not_before[WORDS]; /* by word: loads of it come after so many of the changes */
};

struct machine {
    struct message memory[WORDS];
    struct agent agents[AGENTS_MAX];
};

/* What the agents are and do. */
struct scenario {
    const char *name;
    bool opens; /* its connections itself: memory is all zero at first */
    uint32_t agents;
    void (*start)(uint32_t agent, struct party *party);
    void (*const step[AGENTS_MAX])(struct party *party);
    bool (*arrived)(const struct machine *machine); /* asked when nothing can happen any more */
};

/* One exhaustive run; its bounds. */
struct run {
    const struct scenario *scenario;
    enum memory_model memory;
    uint32_t capacity;
    uint32_t entries;   /* how many are sent */
    uint32_t publishes; /* before one check of the mark, at most */
    uint32_t threshold; /* queue_arm(k), 1 <= k <= threshold */
    uint32_t restarts;
    bool one_way;  /* only agent 0 sends */
    uint32_t room; /* queue_arm_space(k), 1 <= k <= room; 0: who gives back slots always notifies */
    uint32_t start; /* both indices begin here */
};

extern const struct run *run;
extern struct queue_side *const sim_sides[SIDES_MAX];

/* For steps. */
uint32_t sim_choose(uint32_t options); /* any of 0 to options - 1 */
void sim_notify(uint32_t agent);
void sim_sleep(void); /* until notified */
void sim_end(void);   /* for ever */
void sim_fail(const char *why);
#define SIM_CHECK(condition, why) ((condition) ? (void)0 : sim_fail(why))

/* The memory (machine.c), for the agents (agent.c). */
void memory_store(struct machine *m, uint32_t self, uint32_t word, uint32_t value, bool release);
/* Older values that a load may return: those since the last acquire or fence. */
uint32_t memory_older_values(const struct agent *agent, uint32_t word);
/* `older`: 0 for the present value, k for the one before the k-th last change. */
uint32_t memory_load(struct machine *m, uint32_t self, uint32_t word, bool acquire, uint32_t older);
void memory_fence(struct machine *m, uint32_t self);
/* No later load is satisfied before now. */
void memory_loads_are_satisfied(struct agent *agent);
/* The last store of its own to `word` that still waits, or NULL. */
const struct message *memory_own_store(const struct agent *agent, uint32_t word);
/* How many stores of others to `word` wait; and: the nth of them is seen by now. */
uint32_t memory_pending(const struct machine *m, uint32_t self, uint32_t word);
void memory_pending_is_seen(struct machine *m, uint32_t self, uint32_t word, uint32_t nth);
/* `self` reads or writes an entry word. False: its peer's last access did not happen before. */
bool memory_touch(struct machine *m, uint32_t self, uint32_t word);

/* The agents, for the search. Transitions of a machine are numbered from 0; machine_do() returns
 * false when there is no such transition; *why says what went wrong, if anything did. */
const char *machine_start(struct machine *m, const uint32_t restarts[AGENTS_MAX]);
bool machine_do(struct machine *m, uint32_t transition, const char **why);
void machine_describe(const struct machine *before, const struct machine *after,
                      uint32_t transition, char text[120]);

#endif
