/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of arp_cache.h. Linear search: sixteen entries are four cache lines. */
#include <net/arp_cache.h>
#include <stddef.h>

struct net_arp_entry *net_arp_cache_find(struct net_arp_cache *cache, uint32_t address)
{
    for (unsigned i = 0; i < NET_ARP_CACHE_ENTRIES; i++) {
        struct net_arp_entry *entry = &cache->entries[i];
        if (entry->state != NET_ARP_FREE && entry->address == address) {
            return entry;
        }
    }
    return NULL;
}

/* A free entry; else, in turn, one that may be replaced; else NULL. */
static struct net_arp_entry *take_entry(struct net_arp_cache *cache, bool replace_asked)
{
    for (unsigned i = 0; i < NET_ARP_CACHE_ENTRIES; i++) {
        if (cache->entries[i].state == NET_ARP_FREE) {
            return &cache->entries[i];
        }
    }
    for (unsigned i = 0; i < NET_ARP_CACHE_ENTRIES; i++) {
        struct net_arp_entry *entry = &cache->entries[cache->next_victim++ % NET_ARP_CACHE_ENTRIES];
        if (replace_asked || entry->state == NET_ARP_KNOWN) {
            return entry;
        }
    }
    return NULL;
}

void net_arp_cache_ask(struct net_arp_cache *cache, uint32_t address)
{
    struct net_arp_entry *entry = net_arp_cache_find(cache, address);

    if (entry == NULL) {
        entry = take_entry(cache, true);
    }
    *entry = (struct net_arp_entry){.address = address, .state = NET_ARP_ASKED, .fresh = true};
}

void net_arp_cache_learn(struct net_arp_cache *cache, uint32_t address, uint64_t mac)
{
    struct net_arp_entry *entry = net_arp_cache_find(cache, address);

    if (entry == NULL) {
        entry = take_entry(cache, false);
    }
    if (entry != NULL) {
        *entry = (struct net_arp_entry){
            .mac = mac, .address = address, .state = NET_ARP_KNOWN, .fresh = true};
    }
}

bool net_arp_cache_answer(struct net_arp_cache *cache, uint32_t address, uint64_t mac)
{
    struct net_arp_entry *entry = net_arp_cache_find(cache, address);

    if (entry == NULL || (entry->state == NET_ARP_KNOWN && entry->mac != mac)) {
        return false;
    }
    entry->mac = mac;
    entry->state = NET_ARP_KNOWN;
    entry->fresh = true;
    return true;
}

void net_arp_cache_age(struct net_arp_cache *cache)
{
    for (unsigned i = 0; i < NET_ARP_CACHE_ENTRIES; i++) {
        struct net_arp_entry *entry = &cache->entries[i];
        if (!entry->fresh) {
            entry->state = NET_ARP_FREE;
        }
        entry->fresh = false;
    }
}
