/* SPDX-License-Identifier: BSD-2-Clause */
/* Configuration: what a component instance is told at start. The host tool writes one blob per
 * instance, a versioned C struct that begins with struct config_header; the platform maps it
 * read-only and sets the two variables below to its address and its exact length. So one image
 * serves any number of instances.
 *
 * Blobs are little-endian with natural alignment, the layout of every target we have. The class's
 * header (net.h ...) declares its structs once, for tool and component alike. */
#ifndef SDDF_CONFIG_H
#define SDDF_CONFIG_H

#include <sddf/queue.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CONFIG_MAGIC = 0x46444473, /* "sDDF" */
    CONFIG_INSTANCE_MAX = 48,  /* bytes, with the terminating zero */
};

/* What kind of component a blob is for. A new kind gets a new number; numbers are never reused. */
enum config_kind {
    CONFIG_NET_DRIVER = 0x0101,
    CONFIG_NET_VIRT_RX = 0x0102,
    CONFIG_NET_VIRT_TX = 0x0103,
    CONFIG_NET_COPIER = 0x0104,
    CONFIG_NET_CLIENT = 0x0105,
    CONFIG_NET_VIRT = 0x0106,
    CONFIG_TIMER_DRIVER = 0x0201,
    CONFIG_TIMER_CLIENT = 0x0202,
    CONFIG_SERIAL_DRIVER = 0x0301,
    CONFIG_SERIAL_VIRT_RX = 0x0302,
    CONFIG_SERIAL_VIRT_TX = 0x0303,
    CONFIG_SERIAL_CLIENT = 0x0304,
};

struct config_header {
    uint32_t magic;
    uint16_t kind;    /* enum config_kind */
    uint16_t version; /* of the kind's struct */
    uint32_t size;    /* bytes of the whole blob */
    uint32_t reserved;
    char instance[CONFIG_INSTANCE_MAX];
    uint64_t stats; /* address of the component's statistics page */
};

/* Memory as a component sees it; address 0 = not mapped here, io_address 0 = not for DMA. */
struct config_region {
    uint64_t address;
    uint64_t io_address;
    uint64_t size; /* bytes */
};

/* One end of a connection (queue.h). */
struct config_connection {
    uint64_t mine;         /* address of the region that only this component writes */
    uint64_t theirs;       /* address of the peer's */
    uint32_t put_capacity; /* entries of the queue that this component produces */
    uint32_t get_capacity; /* entries of the queue that it consumes */
    uint32_t channel;      /* Microkit channel to the peer */
    uint32_t by_call;      /* not 0: the peer is called where it would be notified (net.h) */
};

_Static_assert(sizeof(struct config_header) == 72, "config_header");
_Static_assert(sizeof(struct config_region) == 24, "config_region");
_Static_assert(sizeof(struct config_connection) == 32, "config_connection");

/* Set by the platform (setvar_vaddr, setvar_prefill_size); defined in lib/config. */
extern volatile uint64_t sddf_config;
extern volatile uint64_t sddf_config_size;

/* The blob, after checking that it is of this kind, version and size, and for this instance, which
 * is called as its PD is. Says on the console by instance what is wrong, and stops the component,
 * when it is not: never returns NULL. */
const void *config_get(enum config_kind kind, uint16_t version, uint32_t size);

/* The same of a blob within the PD's: that of one of several components in one PD. Its instance is
 * called as it likes. */
const void *config_part(const struct config_header *part, enum config_kind kind, uint16_t version,
                        uint32_t size);

/* Opens this side of a connection; false if a capacity is out of range. Then notify the peer. */
static inline bool config_connect(struct connection *c, const struct config_connection *config)
{
    return connection_open(c, (struct queue_side *)(uintptr_t)config->mine,
                           (const struct queue_side *)(uintptr_t)config->theirs,
                           config->put_capacity, config->get_capacity);
}

/* Says "PD: bad configuration: WHAT" on the console and stops the component. */
_Noreturn void config_refuse(const char *what);

#endif
