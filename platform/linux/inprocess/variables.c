/* SPDX-License-Identifier: BSD-2-Clause */
/* An image finds microkit_name and the other variables of its host by name, and the loader leads
 * all images to the same. This leads each to those of its own PD: the words that the loader has
 * filled in, mostly in the global offset table, are filled in again. */
#include "inprocess.h"
#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__x86_64__)
enum { IS_SLOT = R_X86_64_GLOB_DAT, IS_ADDRESS = R_X86_64_64 };
#elif defined(__aarch64__)
enum { IS_SLOT = R_AARCH64_GLOB_DAT, IS_ADDRESS = R_AARCH64_ABS64 };
#endif

struct tables {
    const Elf64_Rela *relocations;
    uint64_t size; /* bytes */
    const Elf64_Sym *symbols;
    const char *strings;
};

/* The loader may have made addresses of the offsets, or not. */
static const void *at(uint64_t value)
{
    return (const void *)(uintptr_t)(value < pd.image_base ? value + pd.image_base : value);
}

static struct tables find_tables(void)
{
    struct tables tables = {0};
    for (const Elf64_Dyn *entry = pd.image_dynamic; entry->d_tag != DT_NULL; entry++) {
        switch (entry->d_tag) {
        case DT_RELA:
            tables.relocations = at(entry->d_un.d_ptr);
            break;
        case DT_RELASZ:
            tables.size = entry->d_un.d_val;
            break;
        case DT_SYMTAB:
            tables.symbols = at(entry->d_un.d_ptr);
            break;
        case DT_STRTAB:
            tables.strings = at(entry->d_un.d_ptr);
            break;
        default:
            break;
        }
    }
    return tables;
}

static void *variable(struct inprocess_pd *of, const char *name)
{
    const struct {
        const char *name;
        void *address;
    } own[] = {
        {"microkit_name", of->variables.name},
        {"microkit_have_signal", &of->variables.have_signal},
        {"microkit_signal_cap", &of->variables.signal_cap},
        {"microkit_signal_msg", &of->variables.signal_msg},
        {"microkit_irqs", &of->variables.irqs},
        {"microkit_notifications", &of->variables.notifications},
        {"microkit_pps", &of->variables.pps},
        {"microkit_ioports", &of->variables.ioports},
    };
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        if (strcmp(name, own[i].name) == 0) {
            return own[i].address;
        }
    }
    return NULL;
}

/* Which part of the image the loader has made read-only after it was done: none, or one range. */
static void find_relro(uint64_t *start, uint64_t *end)
{
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)pd.image_base;
    const Elf64_Phdr *segments = (const Elf64_Phdr *)(pd.image_base + header->e_phoff);
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    *start = *end = 0;
    for (unsigned i = 0; i < header->e_phnum; i++) {
        if (segments[i].p_type == PT_GNU_RELRO) {
            *start = (pd.image_base + segments[i].p_vaddr) / page * page;
            *end = (pd.image_base + segments[i].p_vaddr + segments[i].p_memsz) / page * page;
        }
    }
}

static void protect(uint64_t start, uint64_t end, int protection)
{
    if (end > start && mprotect((void *)(uintptr_t)start, end - start, protection) != 0) {
        pd_start_failed("mprotect: %s", strerror(errno));
    }
}

void inprocess_place_variables(struct inprocess_pd *of)
{
    struct tables tables = find_tables();
    uint64_t start;
    uint64_t end;
    if (tables.relocations == NULL || tables.symbols == NULL || tables.strings == NULL) {
        return; /* it refers to nothing */
    }
    find_relro(&start, &end);
    protect(start, end, PROT_READ | PROT_WRITE);
    for (uint64_t i = 0; i < tables.size / sizeof(Elf64_Rela); i++) {
        const Elf64_Rela *relocation = &tables.relocations[i];
        const Elf64_Sym *symbol = &tables.symbols[ELF64_R_SYM(relocation->r_info)];
        const char *name = tables.strings + symbol->st_name;
        void *own = symbol->st_shndx == SHN_UNDEF ? variable(of, name) : NULL;
        if (own == NULL) {
            continue;
        }
        uint64_t type = ELF64_R_TYPE(relocation->r_info);
        if (type != IS_SLOT && type != IS_ADDRESS) {
            pd_start_failed("the image refers to %s by a relocation of type %u, which cannot be "
                            "led to this PD's own: build it with -fPIC",
                            name, (unsigned)type);
        }
        uint64_t value = (uint64_t)(uintptr_t)own + (uint64_t)relocation->r_addend;
        memcpy((void *)(pd.image_base + relocation->r_offset), &value, sizeof(value));
    }
    protect(start, end, PROT_READ);
}
