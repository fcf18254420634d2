/* SPDX-License-Identifier: BSD-2-Clause */
/* What programs for Microkit use of libsel4: types, messages, errors and the words of a fault, with
 * the values of seL4 16 built for MCS (seL4 Reference Manual, "Message Passing (IPC)" and "Faults";
 * Microkit is always MCS). There is no kernel here: of its calls only those exist that Microkit's
 * own capabilities allow, in <microkit.h>. A program that needs another does not compile. */
#ifndef SEL4_SEL4_H
#define SEL4_SEL4_H

#include <stdint.h>
#if __has_include(<kernel/gen_config.h>)
#include <kernel/gen_config.h> /* in an SDK: board/linux/CONFIG/include */
#endif

typedef int8_t seL4_Int8;
typedef int16_t seL4_Int16;
typedef int32_t seL4_Int32;
typedef int64_t seL4_Int64;
typedef uint8_t seL4_Uint8;
typedef uint16_t seL4_Uint16;
typedef uint32_t seL4_Uint32;
typedef uint64_t seL4_Uint64;
typedef uint64_t seL4_Word;
typedef int8_t seL4_Bool;
typedef seL4_Word seL4_CPtr;

#define seL4_True            1
#define seL4_False           0
#define seL4_CapNull         0
#define seL4_WordBits        64
#define seL4_WordSizeBits    3
#define seL4_PageBits        12
#define seL4_LargePageBits   21
#define seL4_MsgMaxLength    120
#define seL4_MsgMaxExtraCaps 3
#define seL4_MinPrio         0
#define seL4_MaxPrio         255

typedef enum {
    seL4_NoError = 0,
    seL4_InvalidArgument,
    seL4_InvalidCapability,
    seL4_IllegalOperation,
    seL4_RangeError,
    seL4_AlignmentError,
    seL4_FailedLookup,
    seL4_TruncatedMessage,
    seL4_DeleteFirst,
    seL4_RevokeFirst,
    seL4_NotEnoughMemory,
    seL4_NumErrors
} seL4_Error;

/* Label in bits 12 to 63, unwrapped capabilities in 9 to 11, extra ones in 7 and 8, length in 0 to
 * 6. No capability can be sent here. */
typedef struct seL4_MessageInfo {
    uint64_t words[1];
} seL4_MessageInfo_t;

static inline seL4_MessageInfo_t seL4_MessageInfo_new(seL4_Uint64 label, seL4_Uint64 caps_unwrapped,
                                                      seL4_Uint64 extra_caps, seL4_Uint64 length)
{
    seL4_MessageInfo_t info;
    info.words[0] =
        label << 12 | (caps_unwrapped & 7U) << 9 | (extra_caps & 3U) << 7 | (length & 0x7fU);
    return info;
}

static inline seL4_Uint64 seL4_MessageInfo_get_label(seL4_MessageInfo_t info)
{
    return info.words[0] >> 12;
}

static inline seL4_Uint64 seL4_MessageInfo_get_capsUnwrapped(seL4_MessageInfo_t info)
{
    return info.words[0] >> 9 & 7U;
}

static inline seL4_Uint64 seL4_MessageInfo_get_extraCaps(seL4_MessageInfo_t info)
{
    return info.words[0] >> 7 & 3U;
}

static inline seL4_Uint64 seL4_MessageInfo_get_length(seL4_MessageInfo_t info)
{
    return info.words[0] & 0x7fU;
}

static inline seL4_MessageInfo_t seL4_MessageInfo_set_label(seL4_MessageInfo_t info,
                                                            seL4_Uint64 label)
{
    info.words[0] = label << 12 | (info.words[0] & 0xfffU);
    return info;
}

static inline seL4_MessageInfo_t seL4_MessageInfo_set_length(seL4_MessageInfo_t info,
                                                             seL4_Uint64 length)
{
    info.words[0] = (info.words[0] & ~(seL4_Uint64)0x7f) | (length & 0x7fU);
    return info;
}

/* What a region with prefill_bootinfo starts with. */
typedef struct {
    seL4_Word id;
    seL4_Word len; /* bytes, with this header */
} seL4_BootInfoHeader;

/* Of an Arm secure monitor call. */
typedef struct {
    seL4_Word x0, x1, x2, x3, x4, x5, x6, x7;
} seL4_ARM_SMCContext;

/* The label of the message that fault() gets, and what its message registers hold. */
typedef enum {
    seL4_Fault_NullFault = 0,
    seL4_Fault_CapFault = 1,
    seL4_Fault_UnknownSyscall = 2,
    seL4_Fault_UserException = 3,
    seL4_Fault_DebugException = 4,
    seL4_Fault_Timeout = 5,
    seL4_Fault_VMFault = 6
} seL4_FaultType;

typedef enum {
    seL4_VMFault_IP,
    seL4_VMFault_Addr,
    seL4_VMFault_PrefetchFault,
    seL4_VMFault_FSR,
    seL4_VMFault_Length
} seL4_VMFault_Msg;

typedef enum {
    seL4_CapFault_IP,
    seL4_CapFault_Addr,
    seL4_CapFault_InRecvPhase,
    seL4_CapFault_LookupFailureType
} seL4_CapFault_Msg;

typedef enum { seL4_Timeout_Data, seL4_Timeout_Consumed, seL4_Timeout_Length } seL4_Timeout_Msg;

#if defined(__x86_64__)
typedef enum {
    seL4_UserException_FaultIP,
    seL4_UserException_SP,
    seL4_UserException_FLAGS,
    seL4_UserException_Number,
    seL4_UserException_Code,
    seL4_UserException_Length
} seL4_UserException_Msg;

typedef enum {
    seL4_UnknownSyscall_FaultIP = 15,
    seL4_UnknownSyscall_SP,
    seL4_UnknownSyscall_FLAGS,
    seL4_UnknownSyscall_Syscall,
    seL4_UnknownSyscall_Length
} seL4_UnknownSyscall_Msg;
#elif defined(__aarch64__)
typedef enum {
    seL4_UserException_FaultIP,
    seL4_UserException_SP,
    seL4_UserException_SPSR,
    seL4_UserException_Number,
    seL4_UserException_Code,
    seL4_UserException_Length
} seL4_UserException_Msg;

typedef enum {
    seL4_UnknownSyscall_FaultIP = 8,
    seL4_UnknownSyscall_SP,
    seL4_UnknownSyscall_LR,
    seL4_UnknownSyscall_SPSR,
    seL4_UnknownSyscall_Syscall,
    seL4_UnknownSyscall_Length
} seL4_UnknownSyscall_Msg;
#else
typedef enum {
    seL4_UserException_FaultIP,
    seL4_UserException_SP,
    seL4_UserException_Number,
    seL4_UserException_Code,
    seL4_UserException_Length
} seL4_UserException_Msg;

typedef enum {
    seL4_UnknownSyscall_FaultIP = 0,
    seL4_UnknownSyscall_SP,
    seL4_UnknownSyscall_RA,
    seL4_UnknownSyscall_Syscall = 10,
    seL4_UnknownSyscall_Length
} seL4_UnknownSyscall_Msg;
#endif

#endif
