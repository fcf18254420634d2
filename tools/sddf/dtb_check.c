/* SPDX-License-Identifier: BSD-2-Clause */
/* Checks a device tree blob before libfdt reads it (dtb_check.h). fdt_check_full() of libfdt 1.6.1,
 * Debian 12's, is not up to hostile blobs: a property's length near 2^32 takes it back to where it
 * was, for ever, and the unnamed root of a blob older than version 16 through a null pointer; our
 * fuzz target found both. So every token of the structure block is stepped over here first. Section
 * numbers are those of the Devicetree Specification 0.4. Run by the host tool. */
#include "tools/sddf/dtb_check.h"

#include <libfdt.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { VERSION = 17 };

struct block {
    const unsigned char *bytes;
    size_t size, at; /* `at` is a multiple of the token's size */
};

/* Steps over `length` bytes and what aligns them; false if there are not so many. */
static bool skip(struct block *block, size_t length)
{
    size_t left = block->size - block->at;
    if (length > left)
        return false;
    size_t aligned = (length + FDT_TAGSIZE - 1) / FDT_TAGSIZE * FDT_TAGSIZE;
    if (aligned > left)
        return false;
    block->at += aligned;
    return true;
}

static bool take(struct block *block, uint32_t *word)
{
    fdt32_t value = 0;
    const unsigned char *from = block->bytes + block->at;
    if (!skip(block, sizeof(value)))
        return false;
    memcpy(&value, from, sizeof(value));
    *word = fdt32_to_cpu(value);
    return true;
}

/* 5.4.1: a name ends with a zero byte. */
static bool skip_name(struct block *block)
{
    const unsigned char *name = block->bytes + block->at;
    const unsigned char *end = memchr(name, 0, block->size - block->at);
    return end != NULL && skip(block, (size_t)(end - name) + 1);
}

/* 5.4.1: length, where its name is, and the value. */
static bool skip_property(struct block *block)
{
    uint32_t length = 0;
    uint32_t name = 0;
    return take(block, &length) && take(block, &name) && skip(block, length);
}

/* Each round steps forward, so it ends. */
static bool walk(struct block *block)
{
    uint32_t token = 0;
    while (take(block, &token)) {
        bool good = token == FDT_NOP || token == FDT_END_NODE ||
                    (token == FDT_BEGIN_NODE && skip_name(block)) ||
                    (token == FDT_PROP && skip_property(block));
        if (token == FDT_END)
            return true;
        if (!good)
            return false;
    }
    return false;
}

int dtb_check(const void *blob, size_t size)
{
    if (size < sizeof(struct fdt_header))
        return -FDT_ERR_TRUNCATED;
    if (fdt_magic(blob) != FDT_MAGIC)
        return -FDT_ERR_BADMAGIC;
    if (fdt_version(blob) < VERSION)
        return -FDT_ERR_BADVERSION;
    size_t start = fdt_off_dt_struct(blob);
    struct block block = {
        .bytes = (const unsigned char *)blob + start,
        .size = fdt_size_dt_struct(blob),
    };
    if (start > size || block.size > size - start)
        return -FDT_ERR_TRUNCATED;
    if (start % FDT_TAGSIZE != 0)
        return -FDT_ERR_ALIGNMENT;
    return walk(&block) ? fdt_check_full(blob, size) : -FDT_ERR_BADSTRUCTURE;
}
