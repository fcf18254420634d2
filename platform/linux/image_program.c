/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether a program, a static executable, may be started as a PD (image.h, pd/program.h). The PD
 * host maps its segments where they want to lie and completes its table, all before the sandbox;
 * none of its code runs until then. So what is checked is where it lies, that no memory of it is
 * both writable and executable, that its table is what the host takes it for, and that nothing is
 * left that a loader would have to do. */
#include "image.h"
#include "pd/program.h"
#include <inttypes.h>
#include <string.h>

/* What is no program of ours at all, in words for whoever built it some other way. */
static bool check_origin(struct image *image)
{
    for (unsigned i = 0; i < image->segment_count; i++) {
        uint32_t type = image->segments[i].p_type;
        if (type == PT_INTERP || type == PT_DYNAMIC) {
            return image_fail(image, "is an ordinary Linux program, which needs the dynamic "
                                     "loader: build it with `sddf cc`, or link it with -nostdlib "
                                     "-lmicrokit -Tmicrokit.ld of `make sdk`");
        }
    }
    if (image_symbol(image, PROGRAM_TABLE) != NULL) {
        return true;
    }
    bool for_sel4 = image_symbol(image, "__sel4_ipc_buffer") != NULL ||
                    image_symbol(image, "microkit_name") != NULL;
    return image_fail(image, for_sel4
                                 ? "is linked for seL4, with another SDK's libmicrokit.a: link it "
                                   "with that of board \"linux\" (make sdk), or build it with "
                                   "`sddf cc`"
                                 : "is a static program without libmicrokit.a: link it with that "
                                   "of board \"linux\" (make sdk), or build it with `sddf cc`");
}

static bool check_segments(struct image *image)
{
    uint64_t end = PROGRAM_LOWEST;
    for (unsigned i = 0; i < image->segment_count; i++) {
        const Elf64_Phdr *segment = &image->segments[i];
        if (segment->p_type == PT_TLS) {
            return image_fail(image, "has thread-local data: a PD has one thread");
        }
        if (segment->p_type != PT_LOAD || segment->p_memsz == 0) {
            continue;
        }
        if ((segment->p_flags & (PF_W | PF_X)) == (PF_W | PF_X)) {
            return image_fail(image, "has memory that is both writable and executable: link it "
                                     "with -Tmicrokit.ld");
        }
        if (segment->p_vaddr < PROGRAM_LOWEST ||
            segment->p_vaddr + segment->p_memsz > PROGRAM_HIGHEST) {
            return image_fail(image,
                              "has a segment at %#" PRIx64 ", a program lies in %#x to %#x: link "
                              "it with -Tmicrokit.ld",
                              segment->p_vaddr, PROGRAM_LOWEST, PROGRAM_HIGHEST - 1);
        }
        if (segment->p_vaddr / IMAGE_PAGE < (end + IMAGE_PAGE - 1) / IMAGE_PAGE) {
            return image_fail(image, "has segments that overlap, share a page or are out of order: "
                                     "link it with -Tmicrokit.ld");
        }
        end = segment->p_vaddr + segment->p_memsz;
    }
    return true;
}

/* The host copies the PD's name there, and the rest it reads and writes. */
static bool check_variables(struct image *image, const struct program_table *table)
{
    const struct {
        const void *address;
        uint64_t size, alignment;
    } variables[] = {
        {table->name, MICROKIT_PD_NAME_LENGTH, 1},
        {table->have_signal, sizeof(seL4_Bool), 1},
        {table->signal_cap, sizeof(seL4_CPtr), 8},
        {table->signal_msg, sizeof(seL4_MessageInfo_t), 8},
    };
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
        uint64_t address = (uint64_t)(uintptr_t)variables[i].address;
        if (address % variables[i].alignment != 0 ||
            !image_in_memory(image, address, variables[i].size, PF_W)) {
            return image_fail(image, "has a table " PROGRAM_TABLE " that points outside its data: "
                                     "link it with the libmicrokit.a of this sDDF (make sdk)");
        }
    }
    return true;
}

static bool check_table(struct image *image)
{
    const Elf64_Sym *symbol = image_symbol(image, PROGRAM_TABLE);
    const struct program_table *table = image_at(image, symbol->st_value, sizeof(*table));
    if (table == NULL || symbol->st_value % 8 != 0 || (uintptr_t)table % 8 != 0 ||
        table->magic != PROGRAM_MAGIC || table->function_count > PROGRAM_FUNCTIONS ||
        !image_in_memory(image, symbol->st_value,
                         sizeof(*table) + table->function_count * sizeof(table->functions[0]),
                         PF_W)) {
        return image_fail(image, "has a table " PROGRAM_TABLE " of another version: link it with "
                                 "the libmicrokit.a of this sDDF (make sdk)");
    }
    return check_variables(image, table);
}

static bool check_symbols(struct image *image)
{
    for (uint64_t i = 0; i < image->symbol_count; i++) {
        if (ELF64_ST_TYPE(image->symbols[i].st_info) == STT_GNU_IFUNC) {
            return image_fail(image, "chooses a function as it is loaded (IFUNC): a component has "
                                     "only functions and data");
        }
    }
    return true;
}

bool image_check_program(struct image *image)
{
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)image->bytes;
    if (!check_origin(image) || !check_segments(image) || !check_symbols(image) ||
        !check_table(image)) {
        return false;
    }
    if (!image_in_memory(image, header->e_entry, 1, PF_X)) {
        return image_fail(image, "starts at %#" PRIx64 ", which is not in its code",
                          header->e_entry);
    }
    return true;
}
