/* SPDX-License-Identifier: BSD-2-Clause */
/* What the targets of the host tool's readers share: an input as a file. */
#ifndef FUZZ_READER_H
#define FUZZ_READER_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Ends the process: what a fuzzer looks for. */
static inline void must(int condition, const char *text)
{
    if (!condition) {
        (void)fprintf(stderr, "fuzz: %s\n", text);
        abort();
    }
}

/* The input as a file in memory, made once and rewritten; its path. */
static inline const char *file_of(const uint8_t *bytes, size_t size)
{
    static char path[64];
    static int file = -1;
    if (file < 0) {
        file = memfd_create("input", 0);
        (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
    }
    must(file >= 0 && ftruncate(file, 0) == 0, "no file in memory");
    must(pwrite(file, bytes, size, 0) == (ssize_t)size, "the input is not written");
    return path;
}

#endif
