/* SPDX-License-Identifier: BSD-2-Clause */
/* What the components' tests share: the component under test, loaded anew for every test so that
 * its static state is fresh; a Microkit API that records; peers that play the other ends of its
 * connections, honestly or not. Run by the tests only. Trusts the tests, not the component: its
 * memory lies in blocks of exact size, for AddressSanitizer to watch. */
#ifndef MOCK_MICROKIT_H
#define MOCK_MICROKIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <microkit.h>
#include <sddf/net.h>
#include <sddf/stats.h>

/* ---- What the component did, since mock_start() ---- */

struct mock {
    uint32_t notified[MICROKIT_MAX_CHANNELS]; /* eager and deferred together */
    uint32_t acknowledged[MICROKIT_MAX_CHANNELS];
    uint32_t deferred; /* in this entry point */
    uint32_t cleans, invalidates;
    uintptr_t last_clean, last_invalidate; /* address and size of the newest */
    size_t last_clean_size, last_invalidate_size;
    void (*on_notify)(microkit_channel channel);
    void (*on_cache)(uintptr_t address); /* a peer on another core acts here */
    uint64_t words[20];                  /* message registers */
    uint32_t stopped[64], restarted[64]; /* children */
    uint64_t entry;                      /* where the newest was restarted */
    microkit_msginfo (*on_call)(microkit_channel channel, microkit_msginfo message);
};

extern struct mock mock;
extern char *mock_console; /* shared with children */

/* Whatever a test wants, zeroed, aligned to 64; freed by mock_end(). */
void *mock_memory(size_t size);

/* Takes the path of the component's module from the command line. Not 0 if there is none. */
int mock_module(int argc, char **argv);

/* cmocka's setup and teardown: loads the component; ends it. A test that does not end within half a
 * minute fails. */
int mock_start(void **state);
int mock_end(void **state);

#define SENTENCE(text, function)                       \
    {                                                  \
        (text), (function), mock_start, mock_end, NULL \
    }

/* Gives the component its blob. */
void mock_configure(void *blob, size_t size);
/* Enters the component; at most one deferred call is allowed, nothing may be pending after. */
void mock_init(void);
void mock_enter(microkit_channel channel);
/* Calls its protected(); the words are mock.words. */
microkit_msginfo mock_call(microkit_channel channel, microkit_msginfo message);
/* Tells the component of a fault of a child; the words are mock.words. It must not reply. */
void mock_fault(microkit_child child, uint64_t label);
/* Enters init() in a child. True if it stopped by a trap; then `said` is on the console. */
bool mock_init_refused(const char *said);

/* A blob's header of this kind, with a statistics page. */
void mock_header(struct config_header *header, enum config_kind kind, uint32_t size);
/* A counter of the component's, by name. */
uint64_t mock_counter(const char *name);

/* ---- Peers ---- */

struct peer {
    struct connection c;
    struct queue_side *mine; /* the peer's own side: what it can write */
    struct queue_side *component;
    uint32_t capacity;
    uint32_t channel;
};

/* Makes both sides of a connection and writes the component's end of it to `config`. */
void peer_make(struct peer *peer, struct config_connection *config, uint32_t capacity,
               uint32_t channel);
/* The same for entries of `entry_size` bytes, in memory for so many and no more. */
void peer_make_of(struct peer *peer, struct config_connection *config, uint32_t capacity,
                  uint32_t channel, size_t entry_size);
/* Opens, or reopens: a restart. */
void peer_open(struct peer *peer);
/* What every honest peer does first when it runs. */
void peer_poll(struct peer *peer);
/* (Re)opens and lets component and peer adopt each other. */
void peer_start(struct peer *peer);

void peer_put(struct peer *peer, uint64_t address, uint16_t length);
uint32_t peer_take(struct peer *peer, struct net_desc *buffers, uint32_t count_max);

/* ---- Random numbers (SDDF_SEED repeats a run) ---- */

void random_start(void);
uint64_t random64(void);
uint32_t random_below(uint32_t bound);

#endif
