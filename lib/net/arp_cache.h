/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which MAC has which IPv4 address: the translation table of RFC 826, of fixed size, inside a
 * client's stack.
 *
 *      free --ask--> asked --reply--> known --age twice without news--> free
 *        \------------- request from that host -------^
 *
 * Any host on the link can lie in ARP. What the table bounds is the harm: a reply counts only if
 * asked for, and strangers' requests never push out an address that we are asking for.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { NET_ARP_CACHE_ENTRIES = 16 };

enum net_arp_state { NET_ARP_FREE, NET_ARP_ASKED, NET_ARP_KNOWN };

struct net_arp_entry {
    uint64_t mac; /* when known */
    uint32_t address;
    uint8_t state; /* enum net_arp_state */
    bool fresh;    /* asked or confirmed since the table last aged */
};

struct net_arp_cache {
    struct net_arp_entry entries[NET_ARP_CACHE_ENTRIES];
    uint32_t next_victim;
};

/* The entry of `address`, asked or known, or NULL. */
struct net_arp_entry *net_arp_cache_find(struct net_arp_cache *cache, uint32_t address);

/* We are asking for `address`. Takes the place of the next entry in turn if all are taken. */
void net_arp_cache_ask(struct net_arp_cache *cache, uint32_t address);

/* A request came from that host. Takes the place of a known entry if none is free, never of an
 * asked one. */
void net_arp_cache_learn(struct net_arp_cache *cache, uint32_t address, uint64_t mac);

/* A reply came. False if it answers nothing that we asked and tells nothing that we know. */
bool net_arp_cache_answer(struct net_arp_cache *cache, uint32_t address, uint64_t mac);

/* Forgets the entries that were neither asked nor confirmed since the call before. */
void net_arp_cache_age(struct net_arp_cache *cache);
