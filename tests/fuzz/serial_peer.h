/* SPDX-License-Identifier: BSD-2-Clause */
/* Peers of serial components: text, as entries of one word in the regions that peer.h makes. */
#ifndef FUZZ_SERIAL_PEER_H
#define FUZZ_SERIAL_PEER_H

#include "peer.h"

#include <sddf/serial.h>

/* Puts what fits of the text. Returns how much. */
static inline uint32_t peer_put_text(struct fuzz_peer *peer, const char *text, uint32_t count)
{
    uint32_t put = serial_put(&peer->c, (const uint8_t *)text, count);
    queue_publish(&peer->c);
    return put;
}

/* Puts any word, mostly a chunk. */
static inline void peer_put_word(struct fuzz_peer *peer)
{
    uint64_t word = input64();
    if (queue_space(&peer->c, 1) != 0) {
        shared_write(queue_put_slot(&peer->c, sizeof(word)),
                     input_below(4) == 0 ? word : (word & ~UINT64_C(0xff)) | word % 8);
        queue_publish(&peer->c);
    }
}

/* Hands each byte that the component offers to `take`, and gives them back. */
static inline void peer_take_text(struct fuzz_peer *peer, void (*take)(uint8_t byte))
{
    struct serial_chunk chunk;
    for (uint32_t n = queue_available(&peer->c); n != 0; n--) {
        must(serial_get_chunk(&peer->c, &chunk), "the component puts what is no chunk");
        for (uint32_t i = 0; i < chunk.count; i++) {
            take(chunk.bytes[i]);
        }
    }
    queue_release(&peer->c);
    must(peer->c.violations == 0, "the component's indices lie");
}

/* A hostile client's move: text, or any word of its region. */
static inline void text_move(struct fuzz_peer *peer)
{
    static const struct fuzz_buffers none = {0, 1};
    if (input_below(2) == 0) {
        peer_put_word(peer);
    } else {
        peer_move(peer, &none);
    }
}

#endif
