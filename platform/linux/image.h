/* SPDX-License-Identifier: BSD-2-Clause */
/* A component's image on Linux. It has one of two forms:
 *
 *   a shared object  that needs no library and runs nothing before init(); what our own components
 *                    are, and what `sddf cc` makes
 *   a program        a static executable linked at 0x200000 with an SDK's libmicrokit.a, as others'
 *                    Makefiles do it (pd/program.h); it runs nothing before the sandbox either
 *
 * It is read into private memory, checked, patched and handed to its PD as a memfd. Every offset
 * and count in it is checked before use: an image may come from anybody. */
#ifndef LINUX_IMAGE_H
#define LINUX_IMAGE_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { IMAGE_SIZE_MAX = 64 * 1024 * 1024, IMAGE_ERROR_MAX = 256, IMAGE_PAGE = 4096 };

struct image {
    const char *path;
    uint8_t *bytes;
    uint64_t size;
    const Elf64_Phdr *segments;
    unsigned segment_count;
    bool program;         /* the form; a program's load address is 0 */
    uint64_t memory_size; /* highest address of a loaded segment, relative to the load address */
    const Elf64_Sym *symbols; /* .symtab, or .dynsym of a stripped image */
    uint64_t symbol_count;
    const char *strings;
    uint64_t strings_size;
    char error[IMAGE_ERROR_MAX]; /* what is wrong, when a function below returns false */
};

/* Reads the file and finds its tables. A failed image may be passed to image_close() too. */
bool image_open(struct image *image, const char *path);
void image_close(struct image *image);

/* Whether the file may be started as a PD: right type and machine, needs no library, nothing runs
 * before init(), resolves only against what the PD host provides. `constructors`: those of a
 * sanitizer build are let through. */
bool image_check(struct image *image, bool constructors);
bool image_check_program(struct image *image); /* that of a program, called by image_check() */

/* Finds a defined symbol by name, a global one first; NULL when there is none. */
const Elf64_Sym *image_symbol(const struct image *image, const char *name);

/* The bytes of the file behind `size` bytes at an address of the image; NULL when the file does not
 * hold them all (they are zero at start, or outside). */
void *image_at(const struct image *image, uint64_t address, uint64_t size);
/* Whether all of it lies in one loaded segment, which has (all of) the flags PF_*. */
bool image_in_memory(const struct image *image, uint64_t address, uint64_t size, uint32_t flags);
/* Whether a loaded segment has a page in common with that range. */
bool image_touches(const struct image *image, uint64_t address, uint64_t size);

/* The function that `address` is in, and the offset in it; NULL when unknown. */
const char *image_symbolise(const struct image *image, uint64_t address, uint64_t *offset);

bool image_fail(struct image *image, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
