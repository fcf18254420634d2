/* SPDX-License-Identifier: BSD-2-Clause */
/* The Microkit API on Linux, as Microkit's manual (2.3, section "libmicrokit") gives it. A
 * component includes this header as <microkit.h> and nothing else of its platform; the process that
 * hosts it (platform/linux/pd) provides the functions. */
#ifndef MICROKIT_H
#define MICROKIT_H

#include <sel4/sel4.h>
#include <stdbool.h>
#include <stdint.h>

typedef unsigned int microkit_channel;
typedef unsigned int microkit_child;
typedef unsigned int microkit_ioport;
typedef seL4_MessageInfo_t microkit_msginfo;

#define MICROKIT_MAX_CHANNELS   62
#define MICROKIT_MAX_CHANNEL_ID (MICROKIT_MAX_CHANNELS - 1)
#define MICROKIT_MAX_IOPORT_ID  MICROKIT_MAX_CHANNELS
#define MICROKIT_PD_NAME_LENGTH 64

/* A PD's capabilities, where libmicrokit has them: add the id of the channel, interrupt or child.
 */
#define BASE_OUTPUT_NOTIFICATION_CAP 10
#define BASE_ENDPOINT_CAP            74
#define BASE_IRQ_CAP                 138
#define BASE_TCB_CAP                 202
#define PD_ROOT_CAP_BITS             6

extern char microkit_name[MICROKIT_PD_NAME_LENGTH];
/* A deferred call waits to be made, a notification or an interrupt's acknowledgement as the
 * capability says; a second one would replace it. */
extern seL4_Bool microkit_have_signal;
extern seL4_CPtr microkit_signal_cap;
extern seL4_MessageInfo_t microkit_signal_msg;

/* A bit per id that this PD may acknowledge, notify, call; there are no I/O ports on Linux. To be
 * read: what a PD may do does not depend on them. */
extern seL4_Word microkit_irqs;
extern seL4_Word microkit_notifications;
extern seL4_Word microkit_pps;
extern seL4_Word microkit_ioports;

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
    return seL4_MessageInfo_new(label, 0, 0, count);
}

static inline seL4_Word microkit_msginfo_get_label(microkit_msginfo msginfo)
{
    return seL4_MessageInfo_get_label(msginfo);
}

static inline seL4_Word microkit_msginfo_get_count(microkit_msginfo msginfo)
{
    return seL4_MessageInfo_get_length(msginfo);
}

/* Where a capability of the .system's <cspace> would be. */
static inline seL4_CPtr microkit_cspace_root_slot_to_cptr(seL4_Word slot)
{
    return slot < 1U << PD_ROOT_CAP_BITS ? slot << (seL4_WordBits - PD_ROOT_CAP_BITS)
                                         : seL4_CapNull;
}

/* seL4's own calls, on those capabilities. */

static inline void seL4_SetMR(int i, seL4_Word value)
{
    microkit_mr_set((seL4_Uint8)i, value);
}

static inline seL4_Word seL4_GetMR(int i)
{
    return microkit_mr_get((seL4_Uint8)i);
}

static inline void seL4_Signal(seL4_CPtr cap)
{
    microkit_notify((microkit_channel)(cap - BASE_OUTPUT_NOTIFICATION_CAP));
}

static inline seL4_Error seL4_IRQHandler_Ack(seL4_CPtr cap)
{
    microkit_irq_ack((microkit_channel)(cap - BASE_IRQ_CAP));
    return seL4_NoError;
}

static inline seL4_MessageInfo_t seL4_Call(seL4_CPtr cap, seL4_MessageInfo_t info)
{
    return microkit_ppcall((microkit_channel)(cap - BASE_ENDPOINT_CAP), info);
}

static inline seL4_Error seL4_TCB_Suspend(seL4_CPtr cap)
{
    microkit_pd_stop((microkit_child)(cap - BASE_TCB_CAP));
    return seL4_NoError;
}

static inline seL4_Error seL4_TCB_Resume(seL4_CPtr cap)
{
    microkit_pd_resume((microkit_child)(cap - BASE_TCB_CAP));
    return seL4_NoError;
}

static inline void seL4_DebugPutChar(char c)
{
    microkit_dbg_putc(c);
}

static inline void seL4_DebugPutString(char *s)
{
    microkit_dbg_puts(s);
}

/* libmicrokit's way to end a PD: a fault whose address is the error. */
static inline void microkit_internal_crash(seL4_Error error)
{
    volatile int *nothing = (volatile int *)(uintptr_t)error;
    *nothing = 0;
}

/* What libmicrokit has for machines, and a process cannot have: a use does not compile. */
#define LINUX_HAS_NO(what) __attribute__((error("a process on Linux has no " what)))

void microkit_x86_ioport_write_8(microkit_ioport id, seL4_Word address, seL4_Word data)
    LINUX_HAS_NO("I/O ports");
void microkit_x86_ioport_write_16(microkit_ioport id, seL4_Word address, seL4_Word data)
    LINUX_HAS_NO("I/O ports");
void microkit_x86_ioport_write_32(microkit_ioport id, seL4_Word address, seL4_Word data)
    LINUX_HAS_NO("I/O ports");
seL4_Uint8 microkit_x86_ioport_read_8(microkit_ioport id, seL4_Word address)
    LINUX_HAS_NO("I/O ports");
seL4_Uint16 microkit_x86_ioport_read_16(microkit_ioport id, seL4_Word address)
    LINUX_HAS_NO("I/O ports");
seL4_Uint32 microkit_x86_ioport_read_32(microkit_ioport id, seL4_Word address)
    LINUX_HAS_NO("I/O ports");
void microkit_arm_smc_call(seL4_ARM_SMCContext *arguments, seL4_ARM_SMCContext *response)
    LINUX_HAS_NO("secure monitor");
void microkit_vcpu_restart(microkit_child vcpu, seL4_Word entry_point)
    LINUX_HAS_NO("virtual machines");
void microkit_vcpu_stop(microkit_child vcpu) LINUX_HAS_NO("virtual machines");

#endif
