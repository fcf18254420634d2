/* SPDX-License-Identifier: BSD-2-Clause */
/* Configuration blobs: a component (component_kind) is given a good blob some of whose bytes are
 * changed, or that is cut. It says what is wrong and stops, or it runs, and then nothing that its
 * peers say leads it outside. Only addresses stay right, and what the tool alone can know: how much
 * lies behind them (the most that any blob may ask for, and a page that faults after it). */
#include "peer.h"
#include "registers.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    CLIENTS = 3,
    BUFFERS = 16,
    CAPACITY = 16,
    SLOTS = 2 * (NET_CLIENTS_MAX + 1), /* sides of connections */
    SLOT = 2 << 20,                    /* from one to the next */
    SLOT_USED = (1 << 20) + 4096,      /* the largest side */
    SLOT_CLEARED = 1024,
    CLEARED = 64 * 1024, /* of the data */
    DATA = NET_BUFFERS_MAX * NET_BUFFER_SIZE_MAX,
    CUT = 1, /* bits of the input's first byte */
    NONE = 2,
};

union blob {
    struct config_header header;
    struct net_driver_config driver;
    struct net_virt_rx_config virt_rx;
    struct net_virt_tx_config virt_tx;
    struct net_copier_config copier;
    struct net_client_config client;
};

extern const enum config_kind component_kind;

static union blob blob;
static uint32_t size;  /* of this kind's blob */
static uint8_t *slots; /* SLOTS of them */
static uint8_t *data;  /* DATA bytes, all regions' */
static uint32_t used;  /* slots of this blob */

static uint8_t *guarded(size_t room)
{
    uint8_t *memory = mmap(NULL, room + 4096, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    must(memory != MAP_FAILED && mprotect(memory + room, 4096, PROT_NONE) == 0, "no memory");
    return memory;
}

static void make(void)
{
    slots = guarded((size_t)SLOTS * SLOT);
    data = guarded(DATA);
    for (size_t i = 0; i < SLOTS; i++) {
        must(mprotect(slots + i * SLOT + SLOT_USED, SLOT - SLOT_USED, PROT_NONE) == 0, "no guard");
    }
}

/* ---- A good blob ---- */

static void good_connection(struct config_connection *connection, uint32_t channel)
{
    connection->put_capacity = connection->get_capacity = CAPACITY;
    connection->channel = channel;
}

static void good_region(struct config_region *region)
{
    region->io_address = UINT64_C(0x80000000);
    region->size = BUFFERS * NET_BUFFER_SIZE;
}

static void good_virt_rx(struct net_virt_rx_config *config)
{
    good_connection(&config->driver, 0);
    good_region(&config->data);
    config->buffer_size = NET_BUFFER_SIZE;
    config->buffer_count = BUFFERS;
    config->client_count = CLIENTS;
    for (uint32_t i = 0; i < NET_CLIENTS_MAX; i++) {
        good_connection(&config->clients[i].connection, 1 + i);
        config->clients[i].mac[0] = (uint8_t)(2 * i);
        config->clients[i].held_max = BUFFERS;
    }
}

static void good_virt_tx(struct net_virt_tx_config *config)
{
    good_connection(&config->driver, 0);
    config->buffer_size = NET_BUFFER_SIZE;
    config->client_count = CLIENTS;
    for (uint32_t i = 0; i < NET_CLIENTS_MAX; i++) {
        good_connection(&config->clients[i].connection, 1 + i);
        good_region(&config->clients[i].data);
        config->clients[i].data.io_address += (uint64_t)i * DATA;
        config->clients[i].per_round = 4;
    }
}

static void good_client(struct net_client_config *config)
{
    good_connection(&config->rx, 0);
    good_connection(&config->tx, 1);
    good_region(&config->rx_data);
    good_region(&config->tx_data);
    config->buffer_size = NET_BUFFER_SIZE;
    config->rx_buffers = BUFFERS / 2;
    config->mac[0] = 2;
    config->ip[0] = 10;
    config->ip[3] = 1;
    config->prefix_length = 24;
}

/* Returns its size. */
static uint32_t good_blob(void)
{
    memset(&blob, 0, sizeof(blob));
    switch ((int)component_kind) { /* the network's kinds; a timer's have no target yet */
    case CONFIG_NET_VIRT_RX:
        good_virt_rx(&blob.virt_rx);
        return sizeof(blob.virt_rx);
    case CONFIG_NET_VIRT_TX:
        good_virt_tx(&blob.virt_tx);
        return sizeof(blob.virt_tx);
    case CONFIG_NET_COPIER:
        good_connection(&blob.copier.virt, 0);
        good_connection(&blob.copier.client, 1);
        good_region(&blob.copier.virt_data);
        good_region(&blob.copier.client_data);
        blob.copier.buffer_size = NET_BUFFER_SIZE;
        return sizeof(blob.copier);
    case CONFIG_NET_CLIENT:
        good_client(&blob.client);
        return sizeof(blob.client);
    case CONFIG_NET_DRIVER:
        good_connection(&blob.driver.rx, 0);
        good_connection(&blob.driver.tx, 1);
        blob.driver.rings.size = 64 * 1024;
        blob.driver.irq_channel = 2;
        return sizeof(blob.driver);
    }
    fuzz_fail("a component of a kind that this target does not know");
}

/* ---- Its addresses, which stay ---- */

static void map_connection(struct config_connection *connection)
{
    connection->mine = (uintptr_t)(slots + (size_t)used++ * SLOT);
    connection->theirs = (uintptr_t)(slots + (size_t)used++ * SLOT);
}

/* A region of that size, a page that faults behind it. One for all is enough. */
static uintptr_t map_region(uint64_t bytes)
{
    uint64_t room = bytes < DATA ? bytes : DATA;
    return (uintptr_t)data + (DATA - room) / 64 * 64;
}

static void map_client(struct net_client_config *config)
{
    map_connection(&config->rx);
    map_connection(&config->tx);
    config->rx_data.size %= DATA + 1; /* the device's, which nothing else bounds */
    config->tx_data.address = map_region(config->tx_data.size);
    config->rx_data.address =
        config->rx_buffers != 0 ? config->tx_data.address : map_region(config->rx_data.size);
}

static void map_blob(void)
{
    used = 0;
    switch ((int)component_kind) { /* the network's kinds; a timer's have no target yet */
    case CONFIG_NET_VIRT_RX:
        map_connection(&blob.virt_rx.driver);
        blob.virt_rx.data.address = map_region(blob.virt_rx.data.size);
        for (uint32_t i = 0; i < NET_CLIENTS_MAX; i++) {
            map_connection(&blob.virt_rx.clients[i].connection);
        }
        break;
    case CONFIG_NET_VIRT_TX:
        map_connection(&blob.virt_tx.driver);
        for (uint32_t i = 0; i < NET_CLIENTS_MAX; i++) {
            map_connection(&blob.virt_tx.clients[i].connection);
            struct config_region *region = &blob.virt_tx.clients[i].data;
            region->address = map_region(region->size);
        }
        break;
    case CONFIG_NET_COPIER:
        map_connection(&blob.copier.virt);
        map_connection(&blob.copier.client);
        blob.copier.virt_data.address = map_region(blob.copier.virt_data.size);
        blob.copier.client_data.address = map_region(blob.copier.client_data.size);
        break;
    case CONFIG_NET_CLIENT:
        map_client(&blob.client);
        break;
    case CONFIG_NET_DRIVER:
        map_connection(&blob.driver.rx);
        map_connection(&blob.driver.tx);
        blob.driver.registers.address = REGISTERS_ADDRESS;
        blob.driver.rings.address = map_region(blob.driver.rings.size);
        break;
    }
}

/* ---- An input ---- */

static void change(void)
{
    static const uint8_t widths[] = {1, 2, 4, 8};
    uint8_t choice = input8();
    uint32_t width = widths[choice & 3], at = input16() % size;
    uint64_t value = (choice & 4) != 0 ? input64() : (choice & 8) != 0 ? input16() : input8();
    value = (choice & 16) != 0 ? ~value : (choice & 32) != 0 ? 1ULL << (value & 63) : value;
    at = at + width <= size ? at : size - width;
    memcpy((uint8_t *)&blob + at, &value, width);
}

/* A blob that is taken is one that the component can live with. */
static void check_taken(uint32_t given)
{
    must(given == size && blob.header.magic == CONFIG_MAGIC && blob.header.size == size &&
             blob.header.kind == component_kind && blob.header.version == NET_CONFIG_VERSION,
         "a blob of another kind, version or size is taken");
    const struct config_connection *ends[2] = {0}; /* those that every blob has, as far as two */
    switch ((int)component_kind) { /* the network's kinds; a timer's have no target yet */
    case CONFIG_NET_VIRT_RX:
        ends[0] = &blob.virt_rx.driver;
        break;
    case CONFIG_NET_VIRT_TX:
        ends[0] = &blob.virt_tx.driver;
        break;
    case CONFIG_NET_COPIER:
        ends[0] = &blob.copier.virt;
        ends[1] = &blob.copier.client;
        break;
    case CONFIG_NET_CLIENT:
        ends[0] = &blob.client.rx;
        ends[1] = &blob.client.tx;
        must((uint64_t)blob.client.rx_buffers * blob.client.buffer_size <= blob.client.tx_data.size,
             "more buffers are taken than there are");
        break;
    case CONFIG_NET_DRIVER:
        ends[0] = &blob.driver.rx;
        ends[1] = &blob.driver.tx;
        break;
    }
    for (uint32_t i = 0; i < 2 && ends[i] != NULL; i++) {
        must(queue_capacity_valid(ends[i]->put_capacity) &&
                 queue_capacity_valid(ends[i]->get_capacity),
             "a capacity that is none is taken");
    }
    must(memchr(blob.header.instance, 0, CONFIG_INSTANCE_MAX) != NULL &&
             blob.header.instance[0] != '\0',
         "an instance without a name is taken");
}

/* A peer of connection `n` that is there and offers something. */
static void peer_acts(uint32_t n)
{
    struct queue_side *component = (void *)(slots + (size_t)(2 * n) * SLOT);
    struct queue_side *peer = (void *)(slots + (size_t)(2 * n + 1) * SLOT);
    peer->epoch.value = 2;
    peer->seen.value = component->epoch.value;
    uint32_t entry = input_below(32);
    uint8_t choice = input8();
    peer->entries[2 * entry].value =
        choice < 128 ? (uint64_t)choice * NET_BUFFER_SIZE + (choice & 1) * UINT64_C(0x80000000)
                     : input64();
    peer->entries[2 * entry + 1].value = input16();
    peer->tail.value = component->head.value + input_below(64);
    peer->head.value = component->tail.value;
}

static void run(void)
{
    while (!input_ended()) {
        peer_acts(input_below(1 + CLIENTS < used / 2 ? 1 + CLIENTS : used / 2));
        fuzz_enter(input_below(4));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t byte_count);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t byte_count)
{
    if (slots == NULL) {
        make();
    }
    for (uint32_t i = 0; i < used; i++) {
        memset(slots + (size_t)i * SLOT, 0, SLOT_CLEARED);
    }
    fuzz_begin(bytes, byte_count);
    registers_reset(true, false);
    memset(data + DATA - CLEARED, 0, CLEARED);
    uint8_t flags = input8();
    size = good_blob();
    fuzz_header(&blob.header, component_kind, size);
    uint64_t stats = blob.header.stats;
    for (uint32_t i = flags >> 4; i != 0; i--) {
        change();
    }
    map_blob();
    blob.header.stats = blob.header.stats != 0 ? stats : 0;
    uint32_t given = (flags & CUT) != 0 ? input16() % (size + 64) : size;
    uint8_t *exact = malloc(given != 0 ? given : 1); /* AddressSanitizer watches its end */
    must(exact != NULL, "no memory");
    memset(exact, 0, given);
    memcpy(exact, &blob, given < size ? given : size);
    if (fuzz_init((flags & NONE) != 0 ? NULL : exact, given)) {
        check_taken(given);
        run();
    }
    free(exact);
    return 0;
}
