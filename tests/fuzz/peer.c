/* SPDX-License-Identifier: BSD-2-Clause */
/* The peers of peer.h. */
#include "peer.h"

void peer_make(struct fuzz_peer *peer, struct config_connection *config, uint32_t capacity,
               uint32_t channel)
{
    size_t size = NET_SIDE_SIZE(capacity);
    *peer = (struct fuzz_peer){.capacity = capacity,
                               .mine = fuzz_memory(size, size),
                               .component = fuzz_memory(size, size)};
    *config = (struct config_connection){.mine = (uintptr_t)peer->component,
                                         .theirs = (uintptr_t)peer->mine,
                                         .put_capacity = capacity,
                                         .get_capacity = capacity,
                                         .channel = channel};
}

void peer_open(struct fuzz_peer *peer)
{
    must(connection_open(&peer->c, peer->mine, peer->component, peer->capacity, peer->capacity),
         "the harness cannot open a peer");
    peer->entries = 0;
}

void peer_poll(struct fuzz_peer *peer)
{
    if (connection_poll(&peer->c) == CONNECTION_RESTARTED && connection_adopt(&peer->c)) {
        (void)connection_poll(&peer->c);
    }
}

void peer_entered(struct fuzz_peer *peer)
{
    peer_poll(peer);
    peer->entries++;
}

void peer_start(struct fuzz_peer *peer)
{
    peer_open(peer);
    peer_poll(peer);
}

bool peer_settled(const struct fuzz_peer *peer)
{
    return peer->c.ready && peer->entries >= 2;
}

bool peer_put(struct fuzz_peer *peer, struct net_desc buffer)
{
    if (queue_space(&peer->c, 1) == 0) {
        return false;
    }
    net_put_one(&peer->c, buffer);
    queue_publish(&peer->c);
    return true;
}

bool peer_take(struct fuzz_peer *peer, struct net_desc *buffer)
{
    if (queue_available(&peer->c) == 0) {
        return false;
    }
    *buffer = net_get_one(&peer->c);
    queue_release(&peer->c);
    return true;
}

void peer_drain(struct fuzz_peer *peer)
{
    struct net_desc taken;
    while (peer_take(peer, &taken)) {
    }
    must(peer->c.violations == 0, "the component's indices lie");
}

/* `seen` is the component's word, and it never reads it. Where it still holds what nobody adopts,
 * an odd epoch, nothing was adopted; the epoch alone does not tell: a hostile peer's may go and
 * come back while the component looks. */
enum { NOT_ADOPTED = 1 };

void peer_watch(struct fuzz_peer *peer)
{
    peer->watched_seen = peer->component->seen.value;
    peer->component->seen.value = NOT_ADOPTED;
}

bool peer_offered(struct fuzz_peer *peer, struct net_desc *buffer)
{
    uint32_t tail = peer->component->tail.value;
    if (peer->watched_seen != NOT_ADOPTED) { /* the first call */
        if (peer->component->seen.value == NOT_ADOPTED) {
            peer->component->seen.value = peer->watched_seen;
        } else {
            peer->scanned = 0;
        }
        peer->watched_seen = NOT_ADOPTED;
    }
    if (tail - peer->scanned > peer->capacity) { /* as a peer that moves its head makes it */
        must(fuzz_record.disturbed, "more is offered than the queue holds");
        peer->scanned = tail - peer->capacity;
    }
    if (peer->scanned == tail) {
        return false;
    }
    const shared_u64 *slot = &peer->component->entries[2 * (peer->scanned++ % peer->capacity)];
    *buffer = (struct net_desc){.address = slot[0].value, .length = (uint16_t)slot[1].value};
    return true;
}

struct net_desc peer_desc(const struct fuzz_buffers *buffers)
{
    uint8_t choice = input8();
    struct net_desc desc = {.length = 60};
    desc.address = buffers->base + (uint64_t)(choice % buffers->count) * NET_BUFFER_SIZE;
    switch (choice / 64) {
    case 0:
        break;
    case 1:
        desc.length = input16();
        break;
    case 2:
        desc.address += (uint64_t)(int64_t)(int8_t)input8();
        break;
    default:
        desc.address = input64();
        desc.length = input16();
        break;
    }
    return desc;
}

static shared_u32 *peer_word(struct fuzz_peer *peer, uint32_t *near)
{
    switch (input_below(5)) {
    case 0:
        *near = peer->c.epoch;
        return &peer->mine->epoch;
    case 1:
        *near = peer->component->epoch.value;
        return &peer->mine->seen;
    case 2:
        *near = peer->component->head.value;
        return &peer->mine->tail;
    case 3:
        *near = peer->component->tail.value;
        return &peer->mine->head;
    default:
        *near = peer->component->tail.value;
        return &peer->mine->mark;
    }
}

static void write_entry(struct fuzz_peer *peer, const struct fuzz_buffers *buffers)
{
    shared_u64 *slot = &peer->mine->entries[2 * input_below(peer->capacity)];
    struct net_desc desc = peer_desc(buffers);
    slot[0].value = desc.address;
    slot[1].value = desc.length;
}

void peer_move(struct fuzz_peer *peer, const struct fuzz_buffers *buffers)
{
    struct net_desc desc;
    uint32_t near;
    shared_u32 *word;
    switch (input_below(10)) {
    case 0:
        (void)peer_put(peer, peer_desc(buffers));
        break;
    case 1:
        (void)peer_take(peer, &desc);
        break;
    case 2:
        peer_poll(peer);
        break;
    case 3:
        (void)queue_arm(&peer->c, 1 + input_below(4));
        break;
    case 4:
        peer_open(peer);
        break;
    case 5:
        word = peer_word(peer, &near);
        word->value = input_near(near);
        break;
    case 6:
        word = peer_word(peer, &near);
        near = input_near(near);
        fuzz_race(word, sizeof(*word), near, input8());
        break;
    case 7:
        if (!peer->paced) {
            fuzz_flood(peer->mine, peer->component, 1 + input_below(peer->capacity));
        }
        break;
    case 8:
        fuzz_race(&peer->mine->entries[2 * input_below(peer->capacity)], 8,
                  peer_desc(buffers).address, input8());
        break;
    default:
        write_entry(peer, buffers);
        break;
    }
}
