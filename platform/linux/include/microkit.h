/* SPDX-License-Identifier: BSD-2-Clause */
/* The Microkit API on Linux, as Microkit's manual (2.3, section "libmicrokit") gives it. A
 * component includes this header as <microkit.h> and nothing else of its platform; the process that
 * hosts it (platform/linux/pd) provides the functions. */
#ifndef MICROKIT_H
#define MICROKIT_H

#include <stdbool.h>
#include <stdint.h>

typedef uint64_t seL4_Word;
typedef uint8_t seL4_Uint8;
typedef uint32_t seL4_Uint32;
typedef int8_t seL4_Bool;
typedef seL4_Word seL4_CPtr;
typedef int seL4_Error;
#define seL4_True         1
#define seL4_False        0
#define seL4_NoError      0
#define seL4_MsgMaxLength 120

typedef unsigned int microkit_channel;
typedef unsigned int microkit_child;
typedef unsigned int microkit_ioport;

/* Label in bits 12 to 63, length in bits 0 to 6, as seL4_MessageInfo_t. */
typedef struct seL4_MessageInfo {
    uint64_t words[1];
} seL4_MessageInfo_t;
typedef seL4_MessageInfo_t microkit_msginfo;

#define MICROKIT_MAX_CHANNELS   62
#define MICROKIT_MAX_CHANNEL_ID (MICROKIT_MAX_CHANNELS - 1)
#define MICROKIT_PD_NAME_LENGTH 64

extern char microkit_name[MICROKIT_PD_NAME_LENGTH];
/* A deferred call waits to be made; a second one would replace it. */
extern seL4_Bool microkit_have_signal;

/* Entry points that a component defines; protected() and fault() only where somebody calls or
 * fails. */
void init(void);
void notified(microkit_channel ch);
microkit_msginfo protected(microkit_channel ch, microkit_msginfo msginfo);
seL4_Bool fault(microkit_child child, microkit_msginfo msginfo, microkit_msginfo *reply_msginfo);

void microkit_notify(microkit_channel ch);
void microkit_deferred_notify(microkit_channel ch);
void microkit_irq_ack(microkit_channel ch);
void microkit_deferred_irq_ack(microkit_channel ch);
microkit_msginfo microkit_ppcall(microkit_channel ch, microkit_msginfo msginfo);
void microkit_pd_restart(microkit_child pd, seL4_Word entry_point);
void microkit_pd_stop(microkit_child pd);
void microkit_pd_resume(microkit_child pd);
void microkit_mr_set(seL4_Uint8 mr, seL4_Word value);
seL4_Word microkit_mr_get(seL4_Uint8 mr);
void microkit_dbg_putc(int c);
void microkit_dbg_puts(const char *s);
void microkit_dbg_put8(seL4_Uint8 x);
void microkit_dbg_put32(seL4_Uint32 x);

static inline microkit_msginfo microkit_msginfo_new(seL4_Word label, uint16_t count)
{
    microkit_msginfo info = {{(label << 12) | (count & 0x7fU)}};
    return info;
}

static inline seL4_Word microkit_msginfo_get_label(microkit_msginfo msginfo)
{
    return msginfo.words[0] >> 12;
}

static inline seL4_Word microkit_msginfo_get_count(microkit_msginfo msginfo)
{
    return msginfo.words[0] & 0x7fU;
}

#endif
