/* SPDX-License-Identifier: BSD-2-Clause */
/* A program: the second form of an image (image.h), a static ELF executable that others' Makefiles
 * link with libmicrokit.a and microkit.ld of an SDK made here. It is mapped where it was linked,
 * 0x200000 onwards, as on seL4. Nothing in it is relocated, so it reaches the PD host through one
 * table in its data, the symbol microkit_linux, which the host completes before the program runs.
 * Two programs in one process would lie in the same place: whoever puts several PDs in one process
 * refuses this form. Read by the assembler, too. */
#ifndef LINUX_PD_PROGRAM_H
#define LINUX_PD_PROGRAM_H

#include "exports.h"

#define PROGRAM_TABLE "microkit_linux"
#define PROGRAM_MAGIC 0x31676f7270464464 /* "dDFprog1" */

/* Where a program may lie. Nothing is below in Linux (vm.mmap_min_addr), regions are above. */
#define PROGRAM_LOWEST  0x10000
#define PROGRAM_HIGHEST 0x10000000

#ifndef __ASSEMBLER__
#include <microkit.h>

#define PROGRAM_PLACE(name) PROGRAM_PLACE_OF_##name,
enum { PD_API_FUNCTIONS(PROGRAM_PLACE) PROGRAM_FUNCTIONS };

struct program_table {
    uint64_t magic;
    uint64_t function_count; /* that this program's library knows; at most PROGRAM_FUNCTIONS */
    char *name;              /* microkit_name; its variables, as the linker placed them */
    seL4_Bool *have_signal;
    seL4_CPtr *signal_cap;
    seL4_MessageInfo_t *signal_msg;
    void (*run)(void);         /* filled in by the host, as are the following: the event loop */
    void (*functions[])(void); /* PD_API_FUNCTIONS, in that order */
};
#endif

#endif
