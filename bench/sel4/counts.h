/* SPDX-License-Identifier: BSD-2-Clause */
/* The file that count.c shares with whoever reads the counts (counts.py): one header, then records.
 * All words are little-endian. Read it while the machine is stopped: then it is exact. */
#pragma once

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#define COUNTS_MAGIC 0x31746e7546444473ull /* "sDDFunt1" */

enum {
    COUNTS_RECORDS = 2048,
    COUNTS_PAGE_SIZE = 4096, /* also the header's */
    COUNTS_WORDS = COUNTS_PAGE_SIZE / 4,
    COUNTS_VECTORS = 16, /* Arm ARM D1.10.2: 16 vectors, 0x80 bytes each */
    COUNTS_IDLE = 0,     /* the record of the kernel's idle loop */
};

enum counts_kind { COUNTS_KIND_IDLE, COUNTS_KIND_USER, COUNTS_KIND_KERNEL };

struct counts_header {
    uint64_t magic;
    uint64_t records;      /* how many are in use */
    uint64_t lost;         /* instructions outside memory, or after all records were in use */
    uint64_t kernel;       /* instructions of the kernel in all, without the idle loop */
    uint64_t kernel_given; /* those of them that are charged to a record already */
    uint64_t entered_by;   /* the record to which the rest will be charged */
    uint64_t current;      /* the user's or idle record that ran last */
    uint64_t in_kernel;    /* 1 since the last entry of the kernel, 0 since user or idle code ran */
};

/* One page of code. A page that is overwritten with other code gets another record. */
struct counts_record {
    uint64_t host;    /* of the page in QEMU's memory */
    uint64_t address; /* of the page, virtual */
    uint64_t kind;
    uint64_t space;  /* records with the same have run without a kernel entry between: one PD */
    uint64_t kernel; /* instructions of the kernel in entries from this page */
    uint64_t entries[COUNTS_VECTORS];
    uint32_t code[COUNTS_WORDS];  /* the instructions that were translated; 0: none */
    uint64_t count[COUNTS_WORDS]; /* how often each was executed */
};

static_assert(sizeof(struct counts_header) <= COUNTS_PAGE_SIZE, "the header is one page");
static_assert(offsetof(struct counts_record, entries) == 40, "counts.py knows");
static_assert(offsetof(struct counts_record, code) == 168, "counts.py knows");
static_assert(offsetof(struct counts_record, count) == 4264, "counts.py knows");
static_assert(sizeof(struct counts_record) == 12456, "counts.py knows");
