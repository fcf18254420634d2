/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of serial components share: peers that put and take text. */
#ifndef SERIAL_PEER_H
#define SERIAL_PEER_H

#include "mock_microkit.h"

#include <pthread.h>
#include <sddf/serial.h>
#include <stdio.h>
#include <string.h>

static inline void text_peer(struct peer *peer, struct config_connection *config, uint32_t capacity,
                             uint32_t channel)
{
    peer_make_of(peer, config, capacity, channel, sizeof(uint64_t));
}

/* Puts as much of the text as there is room for, and publishes. Returns how much. */
static inline uint32_t text_put(struct peer *peer, const char *text)
{
    uint32_t put = serial_put(&peer->c, (const uint8_t *)text, (uint32_t)strlen(text));
    queue_publish(&peer->c);
    return put;
}

/* An entry that is no chunk of text: any word. */
static inline void word_put(struct peer *peer, uint64_t word)
{
    assert_true(queue_space(&peer->c, 1) != 0);
    shared_write(queue_put_slot(&peer->c, sizeof(word)), word);
    queue_publish(&peer->c);
}

static inline void flush_put(struct peer *peer)
{
    word_put(peer, 0);
}

/* Takes `chunks` at most, appends their text to `to`, which stays a string, and gives them back. */
static inline void text_take(struct peer *peer, char *to, size_t size, uint32_t chunks)
{
    struct serial_chunk chunk;
    size_t used = strlen(to);
    uint32_t available = queue_available(&peer->c);
    for (uint32_t i = 0; i < available && i < chunks; i++) {
        assert_true(serial_get_chunk(&peer->c, &chunk));
        assert_true(used + chunk.count < size);
        memcpy(to + used, chunk.bytes, chunk.count);
        used += chunk.count;
    }
    to[used] = '\0';
    queue_release(&peer->c);
}

/* A peer on another core that puts rubbish, chunks that are none and flushes of nothing, whenever
 * there is room, until flood_end(). */
struct flood {
    struct peer *peer;
    shared_u32 ends;
    pthread_t thread;
};

static inline void *flood_run(void *argument)
{
    struct flood *flood = argument;
    for (uint32_t i = 0; atomic_load_acquire(&flood->ends) == 0; i++) {
        if (queue_space(&flood->peer->c, 1) != 0) {
            word_put(flood->peer, i % 2 == 0 ? 0 : 255);
        }
    }
    return NULL;
}

static inline void flood_begin(struct flood *flood, struct peer *peer)
{
    *flood = (struct flood){.peer = peer};
    assert_int_equal(pthread_create(&flood->thread, NULL, flood_run, flood), 0);
}

static inline void flood_end(struct flood *flood)
{
    atomic_store_release(&flood->ends, 1);
    assert_int_equal(pthread_join(flood->thread, NULL), 0);
}

/* The header of a serial component's blob. */
static inline void text_header(struct config_header *header, enum config_kind kind, uint32_t size)
{
    mock_header(header, kind, size);
    header->version = SERIAL_CONFIG_VERSION;
}

#endif
