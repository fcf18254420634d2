/* SPDX-License-Identifier: BSD-2-Clause */
/* Which clients a frame is for, by its destination MAC: a table of the receive virtualiser's,
 * filled once at start and read for every frame. Open addressing; at most half full, so that a
 * search ends. Clients are bits of a set. */
#ifndef VIRT_NET_DESTINATIONS_H
#define VIRT_NET_DESTINATIONS_H

#include <sddf/net.h>

enum { DESTINATIONS_BITS = 7, DESTINATIONS = 1 << DESTINATIONS_BITS };

_Static_assert(NET_CLIENTS_MAX + 1 <= DESTINATIONS / 2, "each client's MAC, and the broadcast");

#define DESTINATION_FREE UINT64_MAX /* no MAC */

struct destination {
    uint64_t mac; /* as net_frame_destination() gives it */
    uint64_t clients;
};

struct destinations {
    uint64_t promiscuous; /* of all others, unicast */
    uint64_t multicast;   /* of all other groups, the promiscuous included */
    struct destination table[DESTINATIONS];
};

/* Where the search for a MAC begins: its last two bytes, in which machines differ most. */
static inline uint32_t destinations_hash(uint64_t mac)
{
    return (uint32_t)(mac >> 40 ^ mac >> 32) % DESTINATIONS;
}

/* The entry of a MAC, or the free one where it would be. */
static inline struct destination *destinations_entry(struct destinations *d, uint64_t mac)
{
    uint32_t at = destinations_hash(mac);
    while (d->table[at].mac != mac && d->table[at].mac != DESTINATION_FREE) {
        at = (at + 1) % DESTINATIONS;
    }
    return &d->table[at];
}

/* Of a MAC that is not in the first place. */
static __attribute__((noinline, unused)) uint64_t destinations_search(struct destinations *d,
                                                                      uint64_t mac)
{
    const struct destination *entry = destinations_entry(d, mac);
    if (entry->mac == mac) {
        return entry->clients;
    }
    return (mac & 1) != 0 ? d->multicast : d->promiscuous; /* IEEE 802.3, 3.2.3: the group bit */
}

static inline uint64_t destinations_find(struct destinations *d, uint64_t mac)
{
    const struct destination *first = &d->table[destinations_hash(mac)];
    return __builtin_expect(first->mac == mac, 1) ? first->clients : destinations_search(d, mac);
}

static inline void destinations_add(struct destinations *d, uint64_t mac, uint64_t clients)
{
    struct destination *entry = destinations_entry(d, mac);
    uint64_t before = entry->mac == mac ? entry->clients : 0;
    *entry = (struct destination){mac, before | clients};
}

static inline void destinations_open(struct destinations *d,
                                     const struct net_virt_rx_client *clients, uint32_t count)
{
    uint64_t broadcast = 0;
    d->multicast = d->promiscuous = 0;
    for (uint32_t at = 0; at < DESTINATIONS; at++) {
        d->table[at].mac = DESTINATION_FREE;
    }
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
