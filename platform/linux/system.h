/* SPDX-License-Identifier: BSD-2-Clause */
/* What a .system file says, after every check that needs no more than the file: the reader
 * (description/) makes it, the runner (run.c) starts it. Everything is plain data with fixed
 * limits; `line` is the line of the element in the file, for messages. */
#ifndef LINUX_SYSTEM_H
#define LINUX_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SYSTEM_PDS_MAX = 63,        /* as Microkit */
    SYSTEM_CHANNEL_ID_MAX = 61, /* ids 0 to 61 are shared by channels and IRQs of a PD */
    SYSTEM_REGIONS_MAX = 2048,
    SYSTEM_MAPS_MAX = 512, /* of one PD */
    SYSTEM_SETVARS_MAX = 256,
    SYSTEM_CHANNELS_MAX = 2048,
    SYSTEM_NAME_MAX = 64, /* with the terminating zero */
    SYSTEM_PATH_MAX = 1024,
    SYSTEM_DOMAINS_MAX = 16,         /* KernelNumDomains of Microkit's SDK */
    SYSTEM_DOMAIN_SCHEDULE_MAX = 99, /* KernelNumDomainSchedules less the end */
};

struct system_region {
    char name[SYSTEM_NAME_MAX];
    uint64_t size;      /* bytes, a multiple of page_size */
    uint64_t page_size; /* 4 KiB or 2 MiB */
    bool has_phys_addr; /* given in the file, or chosen because a setvar asks for it */
    bool chosen_phys_addr;
    uint64_t phys_addr;
    char prefill_path[SYSTEM_PATH_MAX]; /* "" = none; resolved against the search path */
    uint64_t prefill_size;              /* exact length of the file */
    unsigned line;
};

struct system_map {
    unsigned region; /* index */
    uint64_t vaddr;
    bool read, write, execute, cached;
    unsigned line;
};

struct system_irq {
    unsigned id;  /* channel id in the PD */
    uint64_t irq; /* number in the interrupt controller */
    bool edge;    /* else level */
    unsigned line;
};

/* A word of the image patched before it is started: an 8-byte symbol and its value, already
 * resolved (address or size of a region, channel or IRQ id ...). */
struct system_setvar {
    char symbol[SYSTEM_NAME_MAX];
    uint64_t value;
    unsigned line;
};

struct system_pd {
    char name[SYSTEM_NAME_MAX];
    char image[SYSTEM_PATH_MAX];   /* resolved against the search path */
    char symbols[SYSTEM_PATH_MAX]; /* ELF file in which setvar symbols are looked up; "" = image */
    int parent;                    /* index of the parent PD, or -1 */
    unsigned id;                   /* child id within the parent */
    unsigned priority;             /* 0 to 254 */
    uint64_t budget_us, period_us;
    bool passive;
    bool serves_several; /* is made to be called by several, whatever one of them does */
    bool fpu;
    unsigned cpu;
    char domain[SYSTEM_NAME_MAX]; /* "" = the system has no domain schedule */
    size_t capability_count;      /* of its <cspace> */
    uint64_t stack_size;          /* bytes */
    struct system_map maps[SYSTEM_MAPS_MAX];
    size_t map_count;
    struct system_irq irqs[SYSTEM_CHANNEL_ID_MAX + 1];
    size_t irq_count;
    struct system_setvar setvars[SYSTEM_SETVARS_MAX];
    size_t setvar_count;
    unsigned line;
};

struct system_end {
    unsigned pd; /* index */
    unsigned id;
    bool pp;     /* may make protected procedure calls to the other end */
    bool notify; /* may notify the other end */
};

struct system_channel {
    struct system_end end[2];
    unsigned line;
};

/* A file that the description names: the name in it, and where that was found. */
struct system_file {
    char name[SYSTEM_PATH_MAX];
    char path[SYSTEM_PATH_MAX];
};

struct system_description {
    char file[SYSTEM_PATH_MAX];
    struct system_file *files; /* each name once */
    size_t file_count;
    struct system_region *regions;
    size_t region_count;
    struct system_pd *pds; /* a parent stands before its children */
    size_t pd_count;
    struct system_channel *channels;
    size_t channel_count;
};

struct findings; /* tools/sddf/findings.h */
struct system_package;
struct board;

/* Reads and checks `path`; images and prefill files are looked up in `search` (`search_count`
 * directories), then beside the file. Returns NULL if there is an error; every finding is printed
 * to stderr as "FILE:LINE: what was found, what is allowed; what to do". Freed by system_free(). */
struct system_description *system_read(const char *path, const char *const *search,
                                       size_t search_count);
void system_free(struct system_description *system);

/* The same of a file, or of a text in memory if `text` is not NULL, into a list of findings. */
struct system_source {
    const char *name; /* path, or what messages call the text */
    const char *text;
    size_t size;                          /* bytes of `text` */
    const struct system_package *package; /* where the files are then, else NULL */
    const char *const *search;
    size_t search_count;
    bool files_may_miss;       /* images and prefill files need not be there yet */
    const struct board *board; /* if its devices are to be looked at; else NULL */
    bool thorough;             /* find what seL4 would suffer from too (docs/rules) */
    bool not_for_linux;        /* seL4 alone need have what the file asks for */
};
struct system_description *system_read_from(const struct system_source *source,
                                            struct findings *findings);
/* One with nothing in it and room for all that the limits above allow; NULL: out of memory. */
struct system_description *system_new(const char *path);
/* The same for a description that came with all files it names: none is looked for elsewhere. Its
 * messages call it `shown`. */
struct system_package {
    const char *path, *shown;
    const struct system_file *files;
    size_t file_count;
};
struct system_description *system_read_package(const struct system_package *package);
/* What messages call a file: its name, when its path in a package says nothing to anybody. */
const char *system_file_shown(const struct system_description *system, const char *path);

/* A board: which device backend answers at which physical range (boards/NAME.yaml). */
enum { BOARD_DEVICES_MAX = 64, BOARD_DMA_REGIONS_MAX = 64 };

struct board_device {
    char name[SYSTEM_NAME_MAX];       /* "eth0" */
    char compatible[SYSTEM_NAME_MAX]; /* "virtio,mmio" */
    char class_name[SYSTEM_NAME_MAX]; /* "network" */
    char backend[SYSTEM_NAME_MAX];    /* "virtio-net": the device model that answers; "" = none */
    uint64_t reg_address, reg_size;   /* bytes */
    uint64_t irq;
    bool irq_edge;
    uint32_t clock_hz; /* how fast it counts, if it is a timer that does not say so; 0: unknown */
    bool coherent;     /* its DMA sees the caches ("dma-coherent" in a device tree) */
    /* Regions that the device may reach by DMA, by name; none listed: every region with a phys_addr
     * that its driver or a PD with a channel to its driver maps, and that is not registers. */
    char dma[BOARD_DMA_REGIONS_MAX][SYSTEM_NAME_MAX];
    size_t dma_count;
    unsigned line;
};

struct board {
    char file[SYSTEM_PATH_MAX];
    char name[SYSTEM_NAME_MAX];
    char arch[SYSTEM_NAME_MAX];     /* "x86_64", "aarch64", "riscv64" or "host" */
    uint64_t dma_address, dma_size; /* window of I/O addresses for DMA regions */
    struct board_device devices[BOARD_DEVICES_MAX];
    size_t device_count;
};

/* Reads and checks a board file, or its text in memory, which messages call `name`; false if there
 * was an error. Findings are added to `findings`; board_read() prints them to stderr. */
bool board_read(const char *path, struct board *board);
bool board_read_into(const char *path, struct board *board, struct findings *findings);
bool board_parse(const char *name, const char *text, size_t size, struct board *board,
                 struct findings *findings);

#endif
