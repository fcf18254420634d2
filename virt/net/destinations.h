/* SPDX-License-Identifier: BSD-2-Clause */
/* Which clients a frame is for, by its destination MAC: a table of the receive virtualiser's,
 * filled once at start and read for every frame. Open addressing; at most half full, so that a
 * search ends. Clients are bits of a set. */
#ifndef VIRT_NET_DESTINATIONS_H
#define VIRT_NET_DESTINATIONS_H

#include <sddf/net.h>

enum { DESTINATIONS_BITS = 7, DESTINATIONS = 1 << DESTINATIONS_BITS };

_Static_assert(NET_CLIENTS_MAX + 1 <= DESTINATIONS / 2, "each client's MAC, and the broadcast");

struct destination {
    uint64_t mac; /* as net_frame_destination() gives it */
    uint64_t clients;
};

struct destinations {
    uint64_t promiscuous;                   /* of all others, unicast */
    uint64_t multicast;                     /* of all other groups, the promiscuous included */
    struct destination table[DESTINATIONS]; /* clients 0: free */
};

/* Where the search for a MAC begins: Knuth's multiplicative hash, 2^64 over the golden ratio. */
static inline uint32_t destinations_hash(uint64_t mac)
{
    return (uint32_t)(mac * UINT64_C(0x9e3779b97f4a7c15) >> (64 - DESTINATIONS_BITS));
}

static inline struct destination *destinations_entry(struct destinations *d, uint64_t mac)
{
    uint32_t at = destinations_hash(mac);
    while (d->table[at].clients != 0 && d->table[at].mac != mac) {
        at = (at + 1) % DESTINATIONS;
    }
    return &d->table[at];
}

static inline uint64_t destinations_find(struct destinations *d, uint64_t mac)
{
    uint64_t clients = destinations_entry(d, mac)->clients;
    if (__builtin_expect(clients != 0, 1)) {
        return clients;
    }
    return (mac & 1) != 0 ? d->multicast : d->promiscuous; /* IEEE 802.3, 3.2.3: the group bit */
}

static inline void destinations_add(struct destinations *d, uint64_t mac, uint64_t clients)
{
    struct destination *entry = destinations_entry(d, mac);
    if ((entry->clients | clients) != 0) {
        *entry = (struct destination){mac, entry->clients | clients};
    }
}

/* Fills an empty table. */
static inline void destinations_open(struct destinations *d,
                                     const struct net_virt_rx_client *clients, uint32_t count)
{
    uint64_t broadcast = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t bit = 1ULL << i;
        broadcast |= (clients[i].flags & NET_CLIENT_BROADCAST) != 0 ? bit : 0;
        d->multicast |= (clients[i].flags & NET_CLIENT_MULTICAST) != 0 ? bit : 0;
        d->promiscuous |= (clients[i].flags & NET_CLIENT_PROMISCUOUS) != 0 ? bit : 0;
    }
    d->multicast |= d->promiscuous;
    for (uint32_t i = 0; i < count; i++) {
        destinations_add(d, net_mac_value(clients[i].mac), 1ULL << i | d->promiscuous);
    }
    destinations_add(d, NET_MAC_MASK, broadcast | d->promiscuous);
}

#endif
