/* SPDX-License-Identifier: BSD-2-Clause */
/* The transports of make bench-transport: the talk's listing, a table of descriptors, ours, and
 * what is left of ours without one of its parts. meson.build has the same names. */
#ifndef BENCH_TRANSPORT_CONTENDERS_H
#define BENCH_TRANSPORT_CONTENDERS_H

#include "contender.h"

#define TRANSPORTS(each)                                                               \
    each(listing) each(listing_full) each(table) each(sddf) each(index_not_cached)     \
        each(mark_beside_head) each(words_on_one_line) each(no_fences) each(no_checks) \
            each(each_published) each(each_signalled) each(always_armed) each(always_signalled)

#define TRANSPORT_DECLARED(prefix) \
    extern const struct contender contender_##prefix, contender_##prefix##_called;
TRANSPORTS(TRANSPORT_DECLARED)

#endif
