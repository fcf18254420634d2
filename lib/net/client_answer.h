/* SPDX-License-Identifier: BSD-2-Clause */
/* Answering received frames, the client library's most trodden path: inline, so that the client's
 * own part is compiled into the loop. A client's event loop is
 *
 *     net_client_begin(&net);
 *     do {
 *         net_client_answer(&net, handler);
 *         net_client_push(&net);
 *     } while (!net_client_may_wait(&net));
 *     net_client_end(&net);                    the last thing that the entry point does
 */
#pragma once

#include <net/client.h>

/* What a client makes of a received frame of `length` bytes: the length of the answer that it has
 * built at `answer`, or 0 for none. */
typedef uint32_t net_client_handler(const uint8_t *frame, uint32_t length, uint8_t *answer);

/* A received frame's buffer, which goes from the copier to the client; false if the copier did not
 * have it. Those that did go are to be taken off net->at_copier. */
static inline bool net_client_take(struct net_client *net, uint64_t offset, uint32_t *buffer)
{
    if (__builtin_expect(!net_buffer_at(&net->buffers, offset, buffer) ||
                             net->holder[*buffer] != NET_HELD_COPIER,
                         0)) {
        net->bad_returns++;
        return false;
    }
    net->holder[*buffer] = NET_HELD_CLIENT;
    return true;
}

/* Without a copier, answers are built in buffers of our own. */
uint32_t net_client_answer_beside(struct net_client *net, net_client_handler *handler);

/* Drops `count` received frames, for which there is no room to answer. */
void net_client_drop(struct net_client *net, uint32_t count);

/* Lets `handler` answer what was received, a burst at most, and sends the answers. With a copier
 * they are built where the frames lie: then `frame` and `answer` are the same. Returns how many
 * frames there were. */
static inline __attribute__((always_inline)) uint32_t net_client_answer(struct net_client *net,
                                                                        net_client_handler *handler)
{
    if (!net_client_in_place(net)) {
        return net_client_answer_beside(net, handler);
    }
    uint8_t *data = (uint8_t *)(uintptr_t)net->config->tx_data.address;
    const uint32_t length_max = net->config->buffer_size;
    const uint32_t count = net_available(&net->rx);
    if (count == 0) {
        return 0;
    }
    const uint32_t space = queue_space(&net->tx, count);
    uint32_t buffer, left = count < space ? count : space;
    net->at_copier -= left;
    for (; left != 0; left--) {
        struct net_desc frame = net_get_one(&net->rx);
        if (!net_client_take(net, frame.address, &buffer)) {
            net->at_copier++;
            continue;
        }
        uint8_t *at = data + frame.address;
        const bool fits = frame.length <= length_max;
        const uint32_t length = __builtin_expect(fits, 1) ? handler(at, frame.length, at) : 0;
        if (__builtin_expect(length == 0, 0)) {
            net->bad_returns += !fits;
            net_client_return(net, &frame);
            continue;
        }
        net->holder[buffer] = NET_HELD_TX;
        net_put_one(&net->tx,
                    (struct net_desc){.address = frame.address, .length = (uint16_t)length});
    }
    if (__builtin_expect(count > space, 0)) { /* only while the virtualiser is down */
        net_client_drop(net, count - space);
    }
    queue_release(&net->rx);
    return count;
}
