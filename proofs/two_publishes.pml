/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Several publishes, one check of the mark.
 *
 * Question: a component publishes several small batches in one activation and checks the mark once,
 * at its end. Which tail must the check compare with, so that no wake is lost?
 * Answer: the tail at the last check (t_checked). The tail before the last publish misses a mark
 * that an earlier publish crossed.
 *
 * Mapping, assumptions and macros: marks.pml, of which this is an instance; PUBLISHES is how many
 * publishes one check may cover, at most.
 * Variant that must fail: COMPARE_WITH_LAST_PUBLISH.
 */
#ifndef PUBLISHES
#define PUBLISHES 2
#endif
#ifndef CAPACITY
#define CAPACITY 4
#endif
#include "marks.pml"
