/* SPDX-License-Identifier: BSD-2-Clause */
/* A TCG plugin for QEMU: counts each execution of each instruction, by physical page of code, so
 * that PDs which run the same addresses, even the same image, are told apart; and charges the
 * kernel's instructions and entries to the page that entered it. It writes nothing but a shared
 * file (counts.h), which counts.py reads and gives names. Runs inside QEMU, on one emulated CPU;
 * trusts its arguments and QEMU.
 *
 *   -plugin file=libcount.so,out=FILE[,kernel=FIRST-END][,idle=FIRST-END][,vectors=ADDRESS]
 *
 * kernel: the kernel's virtual addresses; idle: its idle loop; vectors: its exception vectors. */
#include "counts.h"
#include "qemu_plugin.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_INTERFACE;

struct range {
    uint64_t first;
    uint64_t end;
};

static struct {
    const char *out;
    struct range kernel;
    struct range idle;
    uint64_t vectors; /* 0: none */
} told;

static struct counts_header *header;
static struct counts_record *records;

static bool within(const struct range *range, uint64_t address)
{
    return address >= range->first && address < range->end;
}

/* The kernel is entered: what it did since the last entry belongs to who made that one. */
static void enter_kernel(unsigned int cpu, void *data)
{
    (void)cpu;
    uint64_t vector = (uint64_t)(uintptr_t)data;
    records[header->entered_by].kernel += header->kernel - header->kernel_given;
    header->kernel_given = header->kernel;
    header->entered_by = header->current;
    header->in_kernel = 1;
    records[header->current].entries[vector]++;
}

/* Two pages are of one address space: of two names for it, the older stays. */
static void join(uint64_t one, uint64_t other)
{
    uint64_t old = records[one].space;
    uint64_t gone = records[other].space;
    if (old == gone || one == COUNTS_IDLE || other == COUNTS_IDLE) {
        return;
    }
    if (old > gone) {
        uint64_t swap = old;
        old = gone;
        gone = swap;
    }
    for (uint64_t i = 1; i < header->records; i++) {
        records[i].space = records[i].space == gone ? old : records[i].space;
    }
}

/* A block of a user's, or of the idle loop, runs. Without a kernel entry in between, the page that
 * ran before is of the same address space. */
static void enter_page(unsigned int cpu, void *data)
{
    (void)cpu;
    uint64_t index = (uint64_t)((const struct counts_record *)data - records);
    if (header->in_kernel == 0) {
        join(header->current, index);
    }
    header->current = index;
    header->in_kernel = 0;
}

static bool same_page(const struct counts_record *record, uint64_t host, uint64_t address,
                      uint32_t word, uint32_t code)
{
    return record->host == host && record->address == address &&
           (record->code[word] == 0 || record->code[word] == code);
}

/* The record for an instruction; NULL if it has none. Latest first: an old page may be gone. */
static struct counts_record *record_of(uint64_t host, uint64_t address, uint32_t code)
{
    uint64_t host_page = host & ~(uint64_t)(COUNTS_PAGE_SIZE - 1);
    uint64_t page = address & ~(uint64_t)(COUNTS_PAGE_SIZE - 1);
    uint32_t word = (uint32_t)(address - page) / 4;
    if (host == 0) {
        return NULL;
    }
    for (uint64_t i = header->records; i-- > 1;) {
        if (same_page(&records[i], host_page, page, word, code)) {
            records[i].code[word] = code;
            return &records[i];
        }
    }
    if (header->records == COUNTS_RECORDS) {
        return NULL;
    }
    struct counts_record *record = &records[header->records];
    record->host = host_page;
    record->address = page;
    record->kind = within(&told.kernel, page) ? COUNTS_KIND_KERNEL : COUNTS_KIND_USER;
    record->space = header->records;
    record->code[word] = code;
    header->records++;
    return record;
}

static struct counts_record *instrument(struct qemu_plugin_insn *insn)
{
    uint64_t address = qemu_plugin_insn_vaddr(insn);
    uint32_t code;
    memcpy(&code, qemu_plugin_insn_data(insn), sizeof(code));
    struct counts_record *record =
        record_of((uint64_t)(uintptr_t)qemu_plugin_insn_haddr(insn), address, code);
    uint64_t *word =
        record == NULL ? &header->lost : &record->count[address % COUNTS_PAGE_SIZE / sizeof(code)];
    qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, word, 1);
    if (within(&told.kernel, address) && !within(&told.idle, address)) {
        qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64,
                                                   &header->kernel, 1);
    }
    uint64_t offset = address - told.vectors;
    if (told.vectors != 0 && offset < (uint64_t)COUNTS_VECTORS * 0x80 && offset % 0x80 == 0) {
        qemu_plugin_register_vcpu_insn_exec_cb(insn, enter_kernel, QEMU_PLUGIN_CB_NO_REGS,
                                               (void *)(uintptr_t)(offset / 0x80));
    }
    return record;
}

/* The record that a block enters when it starts at `address`; NULL if the kernel's. */
static struct counts_record *entered_at(uint64_t address, struct counts_record *own)
{
    if (within(&told.idle, address)) {
        return &records[COUNTS_IDLE];
    }
    return within(&told.kernel, address) ? NULL : own;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
    (void)id;
    struct counts_record *first = NULL;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(block, i);
        struct counts_record *record = instrument(insn);
        if (i == 0) {
            first = entered_at(qemu_plugin_insn_vaddr(insn), record);
        } else if (first != NULL && record != NULL) { /* a block may reach into the next page */
            join((uint64_t)(record - records), (uint64_t)(first - records));
        }
        if (i == 0 && first != NULL) {
            qemu_plugin_register_vcpu_tb_exec_cb(block, enter_page, QEMU_PLUGIN_CB_NO_REGS, first);
        }
    }
}

static bool number(const char *text, char end, uint64_t *value, const char **rest)
{
    char *stop;
    *value = strtoull(text, &stop, 0);
    *rest = stop + 1;
    return stop != text && *stop == end;
}

static bool read_argument(const char *argument)
{
    const char *equals = strchr(argument, '=');
    if (equals == NULL) {
        return false;
    }
    size_t length = (size_t)(equals - argument);
    const char *value = equals + 1;
    const char *rest;
    if (length == 3 && memcmp(argument, "out", 3) == 0) {
        told.out = value;
        return *value != '\0';
    }
    if (length == 7 && memcmp(argument, "vectors", 7) == 0) {
        return number(value, '\0', &told.vectors, &rest);
    }
    struct range *range = length == 6 && memcmp(argument, "kernel", 6) == 0 ? &told.kernel
                          : length == 4 && memcmp(argument, "idle", 4) == 0 ? &told.idle
                                                                            : NULL;
    return range != NULL && number(value, '-', &range->first, &rest) &&
           number(rest, '\0', &range->end, &rest) && range->first < range->end;
}

/* Sparse: only records in use take room. */
static bool open_file(void)
{
    size_t size = COUNTS_PAGE_SIZE + COUNTS_RECORDS * sizeof(struct counts_record);
    int file = open(told.out, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file < 0 || ftruncate(file, (off_t)size) != 0) {
        perror(told.out);
        return false;
    }
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (memory == MAP_FAILED) {
        perror(told.out);
        return false;
    }
    header = memory;
    records = (struct counts_record *)((char *)memory + COUNTS_PAGE_SIZE);
    header->records = 1;
    header->magic = COUNTS_MAGIC;
    return true;
}

QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc,
                                           char **argv)
{
    for (int i = 0; i < argc; i++) {
        if (!read_argument(argv[i])) {
            fprintf(stderr,
                    "count: found argument \"%s\", expected out=FILE, kernel=FIRST-END, "
                    "idle=FIRST-END or vectors=ADDRESS\n",
                    argv[i]);
            return -1;
        }
    }
    if (told.out == NULL) {
        fprintf(stderr, "count: no file for the counts: say out=FILE\n");
        return -1;
    }
    if (!info->system_emulation || info->system.smp_vcpus != 1) {
        fprintf(stderr, "count: expected a machine with one CPU: counts are not atomic\n");
        return -1;
    }
    if (!open_file()) {
        return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}
