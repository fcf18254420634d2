/* SPDX-License-Identifier: BSD-2-Clause */
/* Exhaustive search of a run: every interleaving, every delay of every store. */
#ifndef WEAK_EXPLORE_H
#define WEAK_EXPLORE_H

#include "machine.h"

struct result {
    const char *why; /* NULL: it holds; otherwise what went wrong, with its trace on request */
    uint64_t states, transitions;
    uint32_t depth; /* longest path */
};

struct result explore(const struct run *run, bool trace);

#endif
