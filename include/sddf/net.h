/* SPDX-License-Identifier: BSD-2-Clause */
/* The network class: what travels in its queues, and how its components are configured.
 *
 *     driver === receive virtualiser === [copier ===] client          receive
 *     driver === transmit virtualiser ============== client          transmit
 *
 * Every === is a connection (queue.h). Full buffers travel in the direction of the data, empty ones
 * return on the other queue of the same connection. Between driver and virtualisers a descriptor
 * names a buffer by its I/O address, everywhere else by its offset in the client's data region: a
 * client never learns an I/O address, a driver never maps data. */
#ifndef SDDF_NET_H
#define SDDF_NET_H

#include <sddf/config.h>
#include <sddf/queue.h>
#include <stdint.h>

enum {
    NET_CLIENTS_MAX = 56,   /* of one virtualiser; channel ids end at 61 */
    NET_BUFFERS_MAX = 4096, /* of one data region */
    NET_BUFFER_SIZE = 2048, /* bytes, the usual; a power of two up to ... */
    NET_BUFFER_SIZE_MAX = 16384,
    NET_BURST = 64,           /* descriptors that a component moves at once */
    NET_ETHERNET_HEADER = 14, /* bytes; no frame is shorter */
};

#define NET_RATE_MAX        UINT64_C(12500000000) /* bytes per second: 100 Gbit/s */
#define NET_BURST_BYTES_MAX (UINT64_C(1) << 32)   /* that a limited client may save up */

#define NET_MAC_MASK UINT64_C(0xffffffffffff)

/* What a queue of the class carries. */
struct net_desc {
    _Alignas(16)
        uint64_t address; /* I/O address, or offset in bytes from the start of the data region */
    uint16_t length;      /* bytes of the frame; of an empty receive buffer, its size */
    uint16_t flags;       /* NET_* below */
    uint32_t meta;        /* 0; reserved for offloads (checksum start and offset) */
};

_Static_assert(sizeof(struct net_desc) == 16, "net_desc");
_Static_assert(offsetof(struct net_desc, length) == 8, "net_desc.length");

/* Room in a region for one side of a connection of the class. */
#define NET_SIDE_SIZE(capacity) QUEUE_SIDE_SIZE(capacity, sizeof(struct net_desc))

static inline uint32_t net_put(struct connection *c, const struct net_desc *buffers, uint32_t count)
{
    return queue_put(c, buffers, count, sizeof(struct net_desc));
}

/* One entry that queue_space() has granted. */
static inline void net_put_one(struct connection *c, struct net_desc buffer)
{
    uint64_t rest =
        (uint64_t)buffer.length | (uint64_t)buffer.flags << 16 | (uint64_t)buffer.meta << 32;
    shared_write_pair(queue_put_slot(c, sizeof(buffer)),
                      (struct shared_pair){buffer.address, rest});
}

/* One entry of those that queue_available() has found. */
static inline struct net_desc net_get_one(struct connection *c)
{
    struct shared_pair words = shared_read_pair(queue_get_slot(c, sizeof(struct net_desc)));
    return (struct net_desc){.address = words.first,
                             .length = (uint16_t)words.second,
                             .flags = (uint16_t)(words.second >> 16),
                             .meta = (uint32_t)(words.second >> 32)};
}

/* Entries that can be taken now, a burst at most. */
static inline uint32_t net_available(struct connection *c)
{
    uint32_t available = queue_available(c);
    return available < NET_BURST ? available : NET_BURST;
}

static inline uint32_t net_get(struct connection *c, struct net_desc *buffers, uint32_t count)
{
    return queue_get(c, buffers, count, sizeof(struct net_desc));
}

/* ---- Buffers ---- */

/* A data region cut into `count` buffers of 2^shift bytes. */
struct net_buffers {
    uint32_t shift;
    uint32_t count;
};

/* Cuts a region of `region_size` bytes into buffers of `buffer_size`. NULL, or why not. */
static inline const char *net_buffers_open(struct net_buffers *buffers, uint64_t region_size,
                                           uint32_t buffer_size)
{
    if (buffer_size < NET_BUFFER_SIZE || buffer_size > NET_BUFFER_SIZE_MAX ||
        (buffer_size & (buffer_size - 1)) != 0) {
        return "the buffer size is not a power of two from 2048 to 16384";
    }
    if (region_size / buffer_size > NET_BUFFERS_MAX) {
        return "a data region has more than 4096 buffers";
    }
    buffers->shift = (uint32_t)__builtin_ctz(buffer_size);
    buffers->count = (uint32_t)(region_size / buffer_size);
    return NULL;
}

/* True if a buffer begins at `offset`, which may be anything; its number in `*number`. The rotation
 * makes one comparison of two: bits below a buffer's start become the highest of the number. */
static inline bool net_buffer_at(const struct net_buffers *buffers, uint64_t offset,
                                 uint32_t *number)
{
    uint64_t rotated = offset >> buffers->shift | offset << (64 - buffers->shift);
    *number = (uint32_t)rotated;
    return rotated < buffers->count;
}

/* Bytes from the region's start to buffer `number`. */
static inline uint64_t net_buffer_offset(const struct net_buffers *buffers, uint32_t number)
{
    return (uint64_t)number << buffers->shift;
}

/* True if a frame of `length` bytes has a header and lies within its buffer. */
static inline bool net_frame_fits(const struct net_buffers *buffers, uint32_t length)
{
    return length >= NET_ETHERNET_HEADER && length <= 1U << buffers->shift;
}

/* MAC addresses as numbers, the first byte in the lowest bits. A frame begins with its
 * destination's and its source's (IEEE 802.3, 3.1.1), and lies at the start of a buffer; each word
 * of it is read once, since a client or a device may change it meanwhile. */
static inline uint64_t net_frame_destination(const shared_u64 *frame)
{
    return shared_read(&frame[0]) & NET_MAC_MASK;
}

static inline uint64_t net_frame_source(const shared_u64 *frame)
{
    return shared_read(&frame[0]) >> 48 | (shared_read(&frame[1]) << 16 & NET_MAC_MASK);
}

static inline uint64_t net_mac_value(const uint8_t mac[6])
{
    uint64_t value = 0;
    for (uint32_t i = 0; i < 6; i++) {
        value |= (uint64_t)mac[i] << (8 * i);
    }
    return value;
}

/* ---- Calls ---- */

/* A passive driver is *called* by the transmit virtualiser where an active one is notified: on
 * their connection's channel, with no word. It does then what it would do for the notification, as
 * far as sending goes, on the caller's time, and where it would notify back it says so in the
 * reply's label. All else is notified in either model, the interrupts' work included. */
enum net_driver_reply {
    NET_DRIVER_DONE,
    NET_DRIVER_LOOK, /* sent buffers have come back for which the caller waits */
};

/* ---- Configuration ---- */

struct net_driver_config {
    struct config_header header; /* CONFIG_NET_DRIVER */
    struct config_region registers;
    struct config_region rings;  /* metadata: the device's own rings, for this driver and device */
    struct config_connection rx; /* puts received frames, gets empty buffers */
    struct config_connection tx; /* puts sent buffers, gets frames to send */
    uint32_t irq_channel;
    uint32_t reserved;
};

enum net_client_flags {
    NET_CLIENT_BROADCAST = 1,   /* wants broadcast frames */
    NET_CLIENT_MULTICAST = 2,   /* wants all multicast frames */
    NET_CLIENT_PROMISCUOUS = 4, /* wants every frame */
};

struct net_virt_rx_client {
    struct config_connection connection; /* puts received frames, gets them back */
    uint8_t mac[6];
    uint16_t flags;    /* enum net_client_flags */
    uint32_t held_max; /* buffers that it may hold at once; more are dropped */
};

struct net_virt_rx_config {
    struct config_header header;     /* CONFIG_NET_VIRT_RX */
    struct config_connection driver; /* puts empty buffers, gets received frames */
    struct config_region data;       /* mapped for reading; the device writes it */
    uint32_t buffer_size;
    uint32_t buffer_count;
    uint32_t client_count;
    uint32_t dma_coherent; /* not 0: the device sees the caches, no maintenance is needed */
    struct net_virt_rx_client clients[NET_CLIENTS_MAX];
};

struct net_virt_tx_client {
    struct config_connection connection; /* puts sent buffers back, gets frames to send */
    struct config_region data;           /* mapped for reading; the client writes it */
    uint8_t mac[6];                      /* the only source address that it may use */
    uint16_t reserved;
    uint32_t per_round; /* frames that it may send before the next client's turn */
    uint64_t rate;      /* bytes of frames per second; 0 = no limit, needs no timer */
    uint64_t burst;     /* bytes that it may send at once */
};

struct net_virt_tx_config {
    struct config_header header;     /* CONFIG_NET_VIRT_TX */
    struct config_connection driver; /* puts frames to send, gets sent buffers */
    uint32_t buffer_size;
    uint32_t client_count;
    uint32_t dma_coherent;  /* as of the receive virtualiser */
    uint32_t timer_channel; /* NET_NO_TIMER: none */
    struct net_virt_tx_client clients[NET_CLIENTS_MAX];
};

/* Both virtualisers in one PD: each has its own blob, name and statistics page; those of the PD are
 * the receive virtualiser's. */
struct net_virt_config {
    struct config_header header; /* CONFIG_NET_VIRT */
    struct net_virt_rx_config rx;
    struct net_virt_tx_config tx;
};

/* A copier's two sides name buffers of different regions: frames of the device's, empty buffers of
 * the client's. */
struct net_copier_config {
    struct config_header header;     /* CONFIG_NET_COPIER */
    struct config_connection virt;   /* gets received frames, puts them back */
    struct config_connection client; /* puts copies, gets empty buffers */
    struct config_region virt_data;  /* mapped for reading */
    struct config_region client_data;
    uint32_t buffer_size;
    uint32_t reserved;
};

/* With a copier the client has one data region for both directions, so that a frame can be answered
 * in place; without, `rx_data` is the device's, mapped for reading. */
struct net_client_config {
    struct config_header header; /* CONFIG_NET_CLIENT */
    struct config_connection rx; /* gets received frames, puts empty buffers */
    struct config_connection tx; /* puts frames to send, gets sent buffers */
    struct config_region rx_data;
    struct config_region tx_data;
    uint32_t buffer_size;
    uint32_t rx_buffers; /* of tx_data, given to the copier at start; 0 without a copier */
    uint8_t mac[6];
    uint8_t ip[4];         /* network byte order */
    uint8_t gateway[4];    /* 0.0.0.0 = none */
    uint8_t prefix_length; /* bits of the network part of `ip` */
    uint8_t reserved[9];
};

enum { NET_CONFIG_VERSION = 4 };

#define NET_NO_TIMER UINT32_MAX

_Static_assert(sizeof(struct net_driver_config) == 224, "net_driver_config");
_Static_assert(sizeof(struct net_virt_rx_client) == 48, "net_virt_rx_client");
_Static_assert(sizeof(struct net_virt_rx_config) == 176 + 48 * NET_CLIENTS_MAX, "net_virt_rx");
_Static_assert(sizeof(struct net_virt_tx_client) == 88, "net_virt_tx_client");
_Static_assert(sizeof(struct net_virt_tx_config) == 152 + 88 * NET_CLIENTS_MAX, "net_virt_tx");
_Static_assert(sizeof(struct net_virt_config) == 328 + 136 * NET_CLIENTS_MAX + 104, "net_virt");
_Static_assert(sizeof(struct net_copier_config) == 224, "net_copier_config");
_Static_assert(sizeof(struct net_client_config) == 248, "net_client_config");

#endif
