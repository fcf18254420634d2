/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether a shared object may be started as a PD (image.h). The dynamic loader maps and relocates
 * the image before the PD's sandbox is closed, so whatever would make the loader run the image's
 * code, or load another file, is refused here: only dynamic tags, relocations and imports from
 * short lists pass. The loader trusts what it reads. So what it will read is what is checked here:
 * each table has its end, lies in memory that neither a relocation nor another segment changes, and
 * leads to nothing outside the others. */
#include "image.h"
#include "pd/exports.h"
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#if defined(__x86_64__)
static const uint32_t relocations_allowed[] = {R_X86_64_RELATIVE, R_X86_64_GLOB_DAT,
                                               R_X86_64_JUMP_SLOT, R_X86_64_64};
#elif defined(__aarch64__)
static const uint32_t relocations_allowed[] = {R_AARCH64_RELATIVE, R_AARCH64_GLOB_DAT,
                                               R_AARCH64_JUMP_SLOT, R_AARCH64_ABS64};
#elif defined(__riscv)
static const uint32_t relocations_allowed[] = {R_RISCV_RELATIVE, R_RISCV_JUMP_SLOT, R_RISCV_64};
#endif

static const int64_t tags_allowed[] = {
    DT_HASH,   DT_GNU_HASH, DT_STRTAB,    DT_SYMTAB,  DT_STRSZ,    DT_SYMENT,   DT_RELA,
    DT_RELASZ, DT_RELAENT,  DT_RELACOUNT, DT_JMPREL,  DT_PLTREL,   DT_PLTRELSZ, DT_PLTGOT,
    DT_SONAME, DT_SYMBOLIC, DT_FLAGS,     DT_FLAGS_1, DT_BIND_NOW, DT_DEBUG,
};

/* Tags that only a sanitizer's own constructors and destructors need. */
static const int64_t tags_of_constructors[] = {
    DT_INIT, DT_FINI, DT_INIT_ARRAY, DT_INIT_ARRAYSZ, DT_FINI_ARRAY, DT_FINI_ARRAYSZ,
};

struct dynamic {
    const Elf64_Phdr *segment;
    const Elf64_Dyn *entries;
    uint64_t count;
    uint64_t strtab, strsz, symtab, hash;
    uint64_t rela, relasz, jmprel, pltrelsz;
    uint64_t symbol_count;
};

static bool in_list(const int64_t *list, size_t count, int64_t tag)
{
    for (size_t i = 0; i < count; i++) {
        if (list[i] == tag) {
            return true;
        }
    }
    return false;
}

static bool refuse_tag(struct image *image, int64_t tag)
{
    switch (tag) {
    case DT_NEEDED:
        return image_fail(image, "needs a library (DT_NEEDED): link it with -nostdlib");
    case DT_INIT:
    case DT_INIT_ARRAY:
    case DT_INIT_ARRAYSZ:
    case DT_PREINIT_ARRAY:
    case DT_PREINIT_ARRAYSZ:
    case DT_FINI:
    case DT_FINI_ARRAY:
    case DT_FINI_ARRAYSZ:
        return image_fail(image, "has a constructor or destructor, which would run outside init(): "
                                 "do its work in init(), or link it as a program (make sdk)");
    case DT_TEXTREL:
        return image_fail(image, "relocates its code (DT_TEXTREL): compile it with -fPIC");
    default:
        return image_fail(image, "has the dynamic tag %#" PRIx64 ", which no component needs",
                          (uint64_t)tag);
    }
}

static bool read_dynamic(struct image *image, struct dynamic *dynamic, bool constructors)
{
    uint64_t i = 0;
    for (; i < dynamic->count && dynamic->entries[i].d_tag != DT_NULL; i++) {
        int64_t tag = dynamic->entries[i].d_tag;
        uint64_t value = dynamic->entries[i].d_un.d_val;
        bool known = in_list(tags_allowed, sizeof(tags_allowed) / sizeof(tags_allowed[0]), tag) ||
                     (constructors &&
                      in_list(tags_of_constructors,
                              sizeof(tags_of_constructors) / sizeof(tags_of_constructors[0]), tag));
        /* An empty array of constructors is none. */
        bool empty = (tag == DT_INIT_ARRAYSZ || tag == DT_FINI_ARRAYSZ) && value == 0;
        if ((!known && !empty) || (tag == DT_FLAGS && (value & DF_TEXTREL) != 0)) {
            return refuse_tag(image, tag == DT_FLAGS ? DT_TEXTREL : tag);
        }
        uint64_t *slot = tag == DT_STRTAB     ? &dynamic->strtab
                         : tag == DT_STRSZ    ? &dynamic->strsz
                         : tag == DT_SYMTAB   ? &dynamic->symtab
                         : tag == DT_GNU_HASH ? &dynamic->hash
                         : tag == DT_RELA     ? &dynamic->rela
                         : tag == DT_RELASZ   ? &dynamic->relasz
                         : tag == DT_JMPREL   ? &dynamic->jmprel
                         : tag == DT_PLTRELSZ ? &dynamic->pltrelsz
                                              : NULL;
        if (slot != NULL) {
            *slot = value;
        }
    }
    /* The loader looks for the end, not for a count. */
    return i < dynamic->count || image_fail(image, "has a dynamic section without an end");
}

static bool check_segments(struct image *image, struct dynamic *dynamic)
{
    uint64_t end = 0; /* where a page begins that no segment has yet */
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    bool stack = false;
    for (unsigned i = 0; i < image->segment_count; i++) {
        const Elf64_Phdr *segment = &image->segments[i];
        if (segment->p_type == PT_INTERP || segment->p_type == PT_TLS) {
            return image_fail(image, segment->p_type == PT_TLS
                                         ? "has thread-local data: a PD has one thread"
                                         : "is an ordinary Linux program, which asks for a "
                                           "program interpreter: build it with `sddf cc`");
        }
        if (segment->p_type == PT_DYNAMIC) {
            dynamic->segment = segment;
            dynamic->count = segment->p_filesz / sizeof(Elf64_Dyn);
            dynamic->entries = image_at(image, segment->p_vaddr, segment->p_filesz);
        }
        stack = stack || segment->p_type == PT_GNU_STACK;
        bool executable = (segment->p_flags & PF_X) != 0;
        if ((segment->p_type == PT_GNU_STACK && executable) ||
            (segment->p_type == PT_LOAD && executable && (segment->p_flags & PF_W) != 0)) {
            return image_fail(image, "has memory that is both writable and executable");
        }
        if (segment->p_type == PT_LOAD) {
            if (segment->p_vaddr < end) {
                return image_fail(image, "has segments that overlap, share a page or are out of "
                                         "order");
            }
            end = (segment->p_vaddr + segment->p_memsz + page - 1) / page * page;
        }
    }
    if (dynamic->entries == NULL || (uintptr_t)dynamic->entries % 8 != 0) {
        return image_fail(image, "has no dynamic section: link it with -shared");
    }
    /* Without that word the loader makes every stack of the process executable. */
    return stack || image_fail(image, "does not say (PT_GNU_STACK) that its stack holds no code: "
                                      "link it with -z noexecstack");
}

#define NAME(name) #name,

/* The PD host provides the Microkit API and nothing else; a sanitizer build also its runtime. */
static bool provided(const char *name, bool sanitizer)
{
    static const char *const exports[] = {PD_API_FUNCTIONS(NAME) PD_API_VARIABLES(NAME)};
    static const char *const runtime[] = {"__asan_", "__ubsan_", "__sanitizer_", "mem"};
    for (size_t i = 0; i < sizeof(exports) / sizeof(exports[0]); i++) {
        if (strcmp(exports[i], name) == 0) {
            return true;
        }
    }
    for (size_t i = 0; sanitizer && i < sizeof(runtime) / sizeof(runtime[0]); i++) {
        if (strncmp(runtime[i], name, strlen(runtime[i])) == 0) {
            return true;
        }
    }
    return false;
}

/* A table of the loader's: its bytes in the file, which stay what they are. */
static const void *table_at(const struct image *image, uint64_t address, uint64_t size)
{
    const void *table = image_at(image, address, size);
    bool changes = image_in_memory(image, address, size, PF_W);
    return changes || (uintptr_t)table % 8 != 0 ? NULL : table;
}

static bool check_symbol(struct image *image, const Elf64_Sym *symbol, const char *name,
                         bool sanitizer)
{
    unsigned type = ELF64_ST_TYPE(symbol->st_info);
    if (type != STT_NOTYPE && type != STT_OBJECT && type != STT_FUNC && type != STT_SECTION) {
        return image_fail(image,
                          "symbol %.64s is of ELF type %u%s: a component has only functions "
                          "and data",
                          name, type, type == STT_GNU_IFUNC ? " (IFUNC)" : "");
    }
    if (symbol->st_shndx == SHN_UNDEF && !provided(name, sanitizer)) {
        return image_fail(image,
                          "uses %.64s, which is neither in it nor in the Microkit API: "
                          "link what defines it",
                          name);
    }
    return true;
}

static bool check_symbols(struct image *image, struct dynamic *dynamic, bool sanitizer)
{
    static const Elf64_Sym none;
    /* The loader knows no count; linkers put the strings right behind the symbols. */
    const char *strings = image_at(image, dynamic->strtab, dynamic->strsz);
    uint64_t size = dynamic->strtab - dynamic->symtab;
    const Elf64_Sym *symbols =
        dynamic->symtab < dynamic->strtab ? table_at(image, dynamic->symtab, size) : NULL;
    if (strings == NULL || symbols == NULL || size < sizeof(none) || dynamic->strsz == 0 ||
        image_in_memory(image, dynamic->strtab, dynamic->strsz, PF_W) ||
        strings[dynamic->strsz - 1] != '\0' || memcmp(symbols, &none, sizeof(none)) != 0) {
        return image_fail(image, "has a dynamic symbol table in an unknown place");
    }
    dynamic->symbol_count = size / sizeof(Elf64_Sym);
    for (uint64_t i = 1; i < dynamic->symbol_count; i++) {
        const char *name = symbols[i].st_name < dynamic->strsz ? strings + symbols[i].st_name : "";
        if (!check_symbol(image, &symbols[i], name, sanitizer)) {
            return false;
        }
    }
    return true;
}

/* By it the loader finds a name's symbol: {buckets, first symbol, words, shift}, 64-bit words, the
 * buckets, a hash per symbol from the first on. A bucket leads to a symbol, from which on hashes
 * are looked at to the next odd one. */
static bool check_hash(struct image *image, const struct dynamic *dynamic)
{
    const uint32_t *table = table_at(image, dynamic->hash, 4 * sizeof(uint32_t));
    bool good = table != NULL && table[1] <= dynamic->symbol_count && table[2] != 0;
    uint64_t chain = good ? 4 + 2 * (uint64_t)table[2] + table[0] : 0;
    uint64_t end = good ? chain + dynamic->symbol_count - table[1] : 0;
    good = good && table_at(image, dynamic->hash, end * sizeof(uint32_t)) != NULL &&
           (end == chain || table[end - 1] % 2 != 0);
    for (uint64_t i = good ? chain - table[0] : chain; i < chain; i++) {
        good =
            good && (table[i] == 0 || (table[i] >= table[1] && table[i] < dynamic->symbol_count));
    }
    return good || image_fail(image, "has a hash table (DT_GNU_HASH) that leads outside its "
                                     "symbols, or none: link it with --hash-style=gnu");
}

static bool check_relocations(struct image *image, const struct dynamic *dynamic, uint64_t address,
                              uint64_t size)
{
    const Elf64_Rela *relocations = table_at(image, address, size);
    if (size == 0) {
        return true;
    }
    if (relocations == NULL || size % sizeof(Elf64_Rela) != 0) {
        return image_fail(image, "has relocations outside the file, or where they could change");
    }
    for (uint64_t i = 0; i < size / sizeof(Elf64_Rela); i++) {
        uint32_t type = (uint32_t)ELF64_R_TYPE(relocations[i].r_info);
        bool allowed = false;
        for (size_t k = 0; k < sizeof(relocations_allowed) / sizeof(uint32_t); k++) {
            allowed = allowed || relocations_allowed[k] == type;
        }
        uint64_t target = relocations[i].r_offset;
        /* A relocation of the dynamic section could add what was checked away. */
        bool forges = target + 8 > dynamic->segment->p_vaddr &&
                      target < dynamic->segment->p_vaddr + dynamic->segment->p_filesz;
        if (!allowed || forges || !image_in_memory(image, target, 8, PF_W) ||
            ELF64_R_SYM(relocations[i].r_info) >= dynamic->symbol_count) {
            return image_fail(image,
                              "has a relocation of type %u at %#" PRIx64
                              " that no component needs (an IFUNC, for example)",
                              type, target);
        }
    }
    return true;
}

bool image_check(struct image *image, bool constructors)
{
    struct dynamic dynamic = {0};
    if (image->program) {
        return image_check_program(image);
    }
    return check_segments(image, &dynamic) && read_dynamic(image, &dynamic, constructors) &&
           check_symbols(image, &dynamic, constructors) && check_hash(image, &dynamic) &&
           check_relocations(image, &dynamic, dynamic.rela, dynamic.relasz) &&
           check_relocations(image, &dynamic, dynamic.jmprel, dynamic.pltrelsz);
}
