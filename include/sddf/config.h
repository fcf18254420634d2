/* SPDX-License-Identifier: BSD-2-Clause */
/* Configuration: what a component instance is told at start. The host tool writes one blob per
 * instance, the platform maps it read-only and sets the two variables below to its address and its
 * exact length. So one image serves any number of instances.
 *
 * A blob is a list of *parts*, one after the other, each a versioned C struct that begins with
 * struct config_header. A driver, a virtualiser and a copier have one part; a client has one for
 * each device that it is a client of, those of one class in the order of the description.
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
    CONFIG_DEVICE_MAX = 32,    /* likewise */
};

/* What kind of component a part is for. A new kind gets a new number; numbers are never reused. */
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
    CONFIG_MONITOR = 0x0401,
};

struct config_header {
    uint32_t magic;
    uint16_t kind;    /* enum config_kind */
    uint16_t version; /* of the kind's struct */
    uint32_t size;    /* bytes of the part, a multiple of 8 */
    uint32_t reserved;
    char instance[CONFIG_INSTANCE_MAX];
    char device[CONFIG_DEVICE_MAX]; /* that the part is about, as the description calls it */
    uint64_t stats;                 /* address of the component's statistics page */
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

_Static_assert(sizeof(struct config_header) == 104, "config_header");
_Static_assert(sizeof(struct config_region) == 24, "config_region");
_Static_assert(sizeof(struct config_connection) == 32, "config_connection");

/* Set by the platform (setvar_vaddr, setvar_prefill_size); defined in lib/config. */
extern volatile uint64_t sddf_config;
extern volatile uint64_t sddf_config_size;

/* Part `index`, from 0, of those of this kind; NULL if there are no more. The blob was checked to
 * be for this instance, which is called as its PD is, and the part to be of this version and size.
 * What is wrong is said on the console by instance, and the component stopped. */
const void *config_find(enum config_kind kind, uint16_t version, uint32_t size, uint32_t index);

/* The first part of this kind, which the component cannot do without: never returns NULL. */
const void *config_get(enum config_kind kind, uint16_t version, uint32_t size);

/* Checks what lies within a part: that of one of several components in one PD. Its instance is
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

/* Logs "bad configuration: WHAT" (log_last) and stops the component. */
_Noreturn void config_refuse(const char *what);

#endif
