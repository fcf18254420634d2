/* SPDX-License-Identifier: BSD-2-Clause */
/* A system as the host tool sees it: what its file and its board say, and what follows from them.
 * The passes, in order, each a function of the model alone:
 *
 *     describe   the YAML file (fields.h): components (describe.c), the classes
 * (network_describe.c) plan       protection domains, regions, channels (network_plan.c,
 * shared_plan.c) check      what must hold of the description (check.c) layout     one virtual
 * address per region, physical ones for DMA (layout.c) rules      what must hold of any .system
 * file (as_system.c, platform/linux/description) fill       the configuration blobs
 * (network_blobs.c) emit       .system, blobs, graph (emit_*.c)
 *
 * A mistake is a finding at the place in the file that can mend it (findings.h); a pass runs only
 * after those before it found no error. Run by the host tool, which trusts no file. */
#ifndef SDDF_MODEL_H
#define SDDF_MODEL_H

#include "platform/linux/system.h"
#include "tools/sddf/drivers.h"
#include "tools/sddf/fields.h"
#include "tools/sddf/yaml.h"

#include <sddf/config.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
    MODEL_PDS_MAX = SYSTEM_PDS_MAX,
    MODEL_COMPONENTS_MAX = 128, /* read; more protection domains than Microkit has are refused */
    MODEL_REGIONS_MAX = SYSTEM_REGIONS_MAX,
    MODEL_MAPS_MAX = 256, /* of one protection domain */
    MODEL_CHANNELS_MAX = 1024,
    MODEL_CONNECTIONS_MAX = 512, /* so that regions and channels fit, too */
    MODEL_NETWORKS_MAX = 16,
    MODEL_SHARED_MAX = 256,          /* regions, and channels, of the file's own */
    MODEL_WORD_MAX = FIELD_NAME_MAX, /* bytes of a name in the file, with the terminating zero */
    MODEL_NAME_MAX = CONFIG_INSTANCE_MAX,
    MODEL_IMAGE_MAX = 64,
    PAGE_4K = 0x1000,
    PAGE_2M = 0x200000,
};

enum driver_model { DRIVER_ACTIVE, DRIVER_PASSIVE };

struct model_sched {
    unsigned priority;
    unsigned cpu;
    uint64_t budget_us, period_us; /* 0: Microkit's default */
    uint64_t stack_size;           /* bytes; 0: Microkit's default */
    uint32_t model;                /* of a driver, enum driver_model */
    uint32_t restarts;             /* how often the monitor starts it anew */
    bool passive;
    bool no_fpu; /* leaves the floating-point registers alone: cheaper switches on seL4 */
};

/* A program of the user's, from "components". */
struct model_component {
    char name[MODEL_WORD_MAX];
    char image_name[FIELD_NAME_MAX]; /* as the file has it */
    char image[MODEL_IMAGE_MAX];     /* with its ending */
    struct model_sched sched;
    bool fpu;
    const struct yaml_node *node;
    const struct yaml_node *client;       /* where it is a device's client first; NULL: nowhere */
    unsigned network_count, serial_count; /* devices that it is a client of */
    struct model_pd *pd;                  /* NULL until planned */
};

/* A component's part in a region of the file's own. */
struct model_map_wish {
    uint32_t permissions; /* r, rw, rx, rwx */
    char symbol[FIELD_SYMBOL_MAX], size_symbol[FIELD_SYMBOL_MAX], io_symbol[FIELD_SYMBOL_MAX];
    bool cached;
    struct model_component *component;
    const struct yaml_node *node;
};

/* A region of the file's own, from "regions". */
struct model_shared {
    char name[MODEL_WORD_MAX];
    uint64_t size, address, physical;
    uint32_t large_pages; /* if the file says so */
    bool dma;
    struct model_map_wish maps[MODEL_PDS_MAX];
    size_t map_count;
    const struct yaml_node *node;
};

/* An end of a channel of the file's own, from "channels". */
struct model_end_wish {
    uint32_t id;
    char symbol[FIELD_SYMBOL_MAX];
    bool call, notify;
    struct model_component *component;
    const struct yaml_node *node;
};

struct model_link {
    struct model_end_wish end[2];
    const struct yaml_node *node;
};

enum model_use {
    USE_REGISTERS, /* of a device, at its physical address */
    USE_DMA,       /* reached by a device; physical address given by the layout */
    USE_QUEUE,     /* one side of a connection */
    USE_STATS,
    USE_CONFIG, /* prefilled with a protection domain's blob */
    USE_SHARED, /* of the file's own */
};

struct model_region {
    char name[SYSTEM_NAME_MAX];
    enum model_use use;
    uint64_t size;             /* bytes, a multiple of page_size */
    uint64_t page_size;        /* PAGE_4K or PAGE_2M */
    uint64_t phys_addr;        /* of USE_REGISTERS and USE_DMA */
    uint64_t vaddr;            /* the same in each protection domain that maps it */
    bool has_phys_addr, fixed; /* fixed: vaddr is the file's choice */
    const struct yaml_node *node;
};

struct model_map {
    const struct model_region *region;
    bool write, execute, uncached;
    const struct model_map_wish *wish; /* NULL: a class's */
};

struct model_irq {
    bool used;
    unsigned id; /* channel */
    uint64_t number;
    bool edge;
};

/* What a component is, for those who look at the system as a whole; in the order of trust. */
enum model_role { ROLE_MONITOR, ROLE_DRIVER, ROLE_VIRTUALISER, ROLE_COPIER, ROLE_COMPONENT };

struct model_pd {
    char name[MODEL_NAME_MAX];
    char image[MODEL_IMAGE_MAX];
    enum model_role role;
    const struct model_pd *parent; /* told of its faults; NULL: nobody is */
    unsigned child_id;             /* that the parent calls it by */
    struct model_sched sched;
    struct model_map maps[MODEL_MAPS_MAX];
    size_t map_count;
    struct model_irq irq;
    unsigned channel_count;           /* ids from 0 that classes took; an IRQ takes one too */
    uint64_t ids;                     /* all that are taken, a bit each */
    const struct model_region *stats; /* NULL: not configured by us */
    struct model_region *config;      /* likewise */
    unsigned char *blob;              /* calloc'ed; NULL until filled */
    size_t blob_size, blob_used;      /* bytes */
    const struct yaml_node *node;
};

/* Ends: 0 is nearer to the device, 1 to the client. */
struct model_channel {
    struct model_pd *pd[2];
    unsigned id[2];
    bool call;                     /* end 1 may call end 0 */
    const struct model_link *link; /* NULL: a class's */
    const struct yaml_node *node;
};

/* Two queues (sddf/queue.h): a region per side, which that side alone writes. */
struct model_connection {
    const struct model_channel *channel;
    const struct model_region *side[2];
    uint32_t put_capacity[2]; /* of the queue that this side produces */
};

struct network; /* network.h */
struct serial;  /* serial.h */
struct timer;   /* timer.h */

/* The parent of all other protection domains (monitor.h). */
struct model_monitor {
    const struct yaml_node *node; /* NULL: there is none */
    struct model_sched sched;
    char serial_name[MODEL_WORD_MAX]; /* "" = the first */
    struct serial *serial;            /* NULL: it reports by Microkit's debug output */
    struct model_pd *pd;
};

struct model {
    char name[MODEL_WORD_MAX];
    const struct yaml_node *root;
    const struct board *board;
    const struct drivers *drivers;

    struct model_component components[MODEL_COMPONENTS_MAX];
    size_t component_count;
    struct network *networks; /* MODEL_NETWORKS_MAX */
    size_t network_count;
    struct model_shared *shared; /* MODEL_SHARED_MAX */
    size_t shared_count;
    struct model_link *links; /* MODEL_SHARED_MAX */
    size_t link_count;
    struct timer *timers; /* TIMERS_MAX */
    size_t timer_count;
    struct serial *serials; /* SERIALS_MAX */
    size_t serial_count;
    struct model_monitor monitor;

    struct model_pd pds[MODEL_PDS_MAX];
    size_t pd_count;
    struct model_region regions[MODEL_REGIONS_MAX];
    size_t region_count;
    struct model_channel channels[MODEL_CHANNELS_MAX];
    size_t channel_count;
    struct model_connection connections[MODEL_CONNECTIONS_MAX];
    size_t connection_count;
};

/* A model with every pass up to `fill` run, or NULL after adding every finding of the first pass
 * that found an error. The file, board and drivers outlive it. Freed by model_free(). */
struct model *model_make(const struct yaml_file *file, const struct board *board,
                         const struct drivers *drivers);
void model_free(struct model *model);

/* ---- describe ---- */

void describe_system(struct model *model);
/* Checks what the keys of a protection domain's scheduling say together. */
void describe_sched(const struct yaml_node *map, const struct model_sched *sched);
/* The same of a driver's, whose model it may say. */
void describe_driver_sched(const struct yaml_node *map, struct model_sched *sched);
/* The component of that name; else adds a finding at the node and returns NULL. */
struct model_component *describe_find_component(struct model *model, const struct yaml_node *node,
                                                const char *name);
/* The same, which is a client there. */
struct model_component *describe_find_client(struct model *model, const struct yaml_node *node,
                                             const char *name);
/* The board's device of that name and class, and its driver; else adds a finding at the node. */
struct found_device {
    const struct board_device *device;
    const struct driver *driver;
};
struct found_device describe_find_device(const struct model *model, const struct yaml_node *node,
                                         const char *name, const char *class_name);
/* "regions" and "channels" (shared_describe.c). */
void shared_describe(struct model *model);

/* ---- plan: what these are given fits, because check_..._count() came first ---- */

__attribute__((format(printf, 2, 3))) const char *model_name(char name[SYSTEM_NAME_MAX],
                                                             const char *format, ...);
struct model_pd *model_add_pd(struct model *model, const struct yaml_node *node, const char *name,
                              const char *image, enum model_role role,
                              const struct model_sched *sched);
/* `size` is rounded up to whole pages. */
/* Lets end 1 of the connection call end 0, which then is passive. */
void model_let_call(struct model *model, const struct model_connection *connection);
struct model_region *model_add_region(struct model *model, const struct yaml_node *node,
                                      const char *name, enum model_use use, uint64_t size,
                                      uint64_t page_size);
/* The page or pages of the device's registers, NAME_regs, which the driver maps. */
const struct model_region *model_add_registers(struct model *model, struct model_pd *driver,
                                               const struct yaml_node *node, const char *name,
                                               const struct board_device *device);
/* The next channel id, for a class. */
unsigned model_take_id(struct model_pd *pd);
void model_map(struct model_pd *pd, const struct model_region *region, bool write);
/* "r", "rw", "rx" or "rwx". */
const char *model_map_perms(const struct model_map *map);
/* A page of statistics NAME_stats. */
const struct model_region *model_add_stats(struct model *model, struct model_pd *pd,
                                           const char *name);
/* Statistics, and a blob of one part of `part_size` bytes. */
void model_configure(struct model *model, struct model_pd *pd, size_t part_size);
/* The component's protection domain, which gets room for one more part of its blob. */
struct model_pd *model_add_client(struct model *model, struct model_component *component,
                                  size_t part_size);
/* What the names of a client's regions begin with: its own, and the device's if it has several of
 * that class. */
const char *model_client_name(char name[SYSTEM_NAME_MAX], const struct model_component *component,
                              unsigned device_count, const char *device);
/* Regions NAME_SIDE0 and NAME_SIDE1, each to be written by its side and read by the other. */
const struct model_connection *model_connect(struct model *model, const struct yaml_node *node,
                                             const char *name, struct model_pd *const pd[2],
                                             const char *const side[2], uint32_t capacity,
                                             size_t entry_size);

/* ---- check, layout ---- */

void shared_plan(struct model *model);
void check_pd_count(const struct model *model);
void check_connection_count(const struct model *model);
void check_model(const struct model *model);
void layout_system(struct model *model);
/* Adds what the checks of .system files find in what would be written; false if there is an error.
 */
bool check_as_system(const struct model *model);
/* How much is left of what is limited, a line each. */
void headroom_print(const struct model *model, FILE *out);

/* ---- fill ---- */

/* What a part of a blob begins with. */
struct config_header model_header(const char *instance, const char *device, enum config_kind kind,
                                  uint16_t version, size_t size, const struct model_region *stats);
/* The next part of the protection domain's blob, of `size` bytes, all zero but for its header. */
void *model_blob(struct model_pd *pd, const char *device, enum config_kind kind, uint16_t version,
                 size_t size);
struct config_region model_config_region(const struct model_region *region);
struct config_region model_config_registers(const struct model_region *registers,
                                            const struct board_device *device);
struct config_connection model_config_connection(const struct model_connection *connection,
                                                 unsigned side);

/* ---- emit: bytes depend on nothing but the model; false after adding a finding ---- */

bool emit_all(const struct model *model, const char *directory, struct findings *findings);

#endif
