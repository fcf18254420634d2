/* SPDX-License-Identifier: BSD-2-Clause */
/* The proofs' stand-in for Microkit's header: what a component calls touches none of its memory,
 * and what it is told may be anything. */
#ifndef MICROKIT_H
#define MICROKIT_H

#include <stdbool.h>
#include <stdint.h>

typedef unsigned int microkit_channel;
typedef struct {
    uint64_t label, count;
} microkit_msginfo;

extern char microkit_name[64];
extern bool microkit_have_signal;

void init(void);
void notified(microkit_channel channel);

/*@ assigns \nothing; */
void microkit_dbg_puts(const char *text);
/*@ assigns \nothing; */
void microkit_notify(microkit_channel channel);
/*@ assigns \nothing; */
void microkit_deferred_notify(microkit_channel channel);
/*@ assigns \nothing; */
void microkit_mr_set(uint8_t number, uint64_t value);
/*@ assigns \result \from \nothing; */
uint64_t microkit_mr_get(uint8_t number);
/*@ assigns \result \from \nothing; */
microkit_msginfo microkit_ppcall(microkit_channel channel, microkit_msginfo message);
/*@ assigns \result \from \nothing; */
microkit_msginfo microkit_msginfo_new(uint64_t label, uint16_t count);
/*@ assigns \result \from \nothing; */
uint64_t microkit_msginfo_get_label(microkit_msginfo message);
/*@ assigns \result \from \nothing; */
uint64_t microkit_msginfo_get_count(microkit_msginfo message);

#endif
