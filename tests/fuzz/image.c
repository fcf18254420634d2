/* SPDX-License-Identifier: BSD-2-Clause */
/* The check of images. The input changes words of an image that starts
 * (tests/linux/hostile_elf.py). What is still accepted is loaded here as glibc's loader does it,
 * step by step in the loader's own trust: it must end, stay within the image, write only where that
 * is writable, and run none of its code. */
#include "platform/linux/image.h"
#include "image_seed.h"
#include "reader.h"

#include <stdbool.h>
#include <string.h>

enum { PAGE = 4096, MEMORY_MAX = 64 * PAGE, DYNAMIC_TAGS = 38 };
#define BASE UINT64_C(0x7f1234560000)

static uint8_t memory[MEMORY_MAX];
static bool writable[MEMORY_MAX / PAGE];
static uint64_t memory_size;
static uint64_t tag_at[DYNAMIC_TAGS]; /* where the entry of that tag is; 0 = none */
static uint64_t hash_at;

static uint64_t word(uint64_t address, uint64_t size)
{
    uint64_t value = 0;
    must(address <= memory_size && size <= memory_size - address, "the loader reads elsewhere");
    memcpy(&value, memory + address, size);
    return value;
}

static uint64_t value_of(int tag)
{
    return tag_at[tag] == 0 ? 0 : word(tag_at[tag] + 8, 8);
}

static void write_word(uint64_t address, uint64_t value)
{
    must(address <= memory_size - 8 && writable[address / PAGE] && writable[(address + 7) / PAGE],
         "the loader writes elsewhere");
    memcpy(memory + address, &value, 8);
}

static uint64_t down(uint64_t address)
{
    return address / PAGE * PAGE;
}

/* False when the loader refuses it. */
static bool map_segment(const struct image *image, const Elf64_Phdr *segment)
{
    uint64_t file_end = down(segment->p_vaddr + segment->p_filesz + PAGE - 1);
    uint64_t end = down(segment->p_vaddr + segment->p_memsz + PAGE - 1);
    if (end > MEMORY_MAX || segment->p_align % PAGE != 0 ||
        (segment->p_vaddr - segment->p_offset) % PAGE != 0) {
        return false;
    }
    memory_size = end > memory_size ? end : memory_size;
    memset(memory + down(segment->p_vaddr), 0, end - down(segment->p_vaddr));
    for (uint64_t at = down(segment->p_vaddr); at < end; at++) {
        uint64_t from = down(segment->p_offset) + (at - down(segment->p_vaddr));
        bool zeroed =
            segment->p_memsz > segment->p_filesz && at >= segment->p_vaddr + segment->p_filesz;
        memory[at] = at < file_end && from < image->size && !zeroed ? image->bytes[from] : 0;
        writable[at / PAGE] = (segment->p_flags & PF_W) != 0;
    }
    return true;
}

static bool map_image(const struct image *image, uint64_t *dynamic)
{
    memory_size = 0;
    *dynamic = 0;
    memset(writable, 0, sizeof(writable));
    for (unsigned i = 0; i < image->segment_count; i++) {
        const Elf64_Phdr *segment = &image->segments[i];
        if (segment->p_type == PT_LOAD && !map_segment(image, segment)) {
            return false;
        }
        if (segment->p_type == PT_DYNAMIC && segment->p_filesz != 0) {
            *dynamic = segment->p_vaddr;
        }
    }
    return *dynamic != 0;
}

static void read_dynamic(uint64_t at)
{
    memset(tag_at, 0, sizeof(tag_at));
    hash_at = 0;
    for (; word(at, 8) != DT_NULL; at += 16) {
        uint64_t tag = word(at, 8);
        must(tag != DT_NEEDED && tag != DT_INIT && tag != DT_INIT_ARRAY && tag != DT_FINI &&
                 tag != DT_FINI_ARRAY && tag != DT_PREINIT_ARRAY && tag != DT_TEXTREL &&
                 tag != DT_AUDIT && tag != DT_FILTER && tag != DT_AUXILIARY,
             "the loader loads or runs something");
        if (tag < DYNAMIC_TAGS) {
            tag_at[tag] = at;
        }
        hash_at = tag == DT_GNU_HASH ? at : hash_at;
    }
}

static Elf64_Sym symbol_at(uint64_t number)
{
    Elf64_Sym symbol;
    uint64_t at = value_of(DT_SYMTAB) + number * sizeof(symbol);
    (void)word(at + sizeof(symbol) - 8, 8);
    (void)word(at, 8);
    memcpy(&symbol, memory + at, sizeof(symbol));
    return symbol;
}

/* As the loader uses a definition that it has found. */
static uint64_t value_of_symbol(const Elf64_Sym *symbol)
{
    must(symbol->st_shndx == SHN_UNDEF || ELF64_ST_TYPE(symbol->st_info) != STT_GNU_IFUNC,
         "the loader runs a resolver");
    return (symbol->st_shndx == SHN_ABS ? 0 : BASE) + symbol->st_value;
}

static const char *name_at(uint32_t offset)
{
    uint64_t at = value_of(DT_STRTAB) + offset;
    return at < memory_size ? (const char *)memory + at : ""; /* memory[] ends with a zero */
}

static uint32_t hash_of(const char *name)
{
    uint32_t hash = 5381;
    for (; *name != '\0'; name++) {
        hash = hash * 33 + (uint8_t)*name;
    }
    return hash;
}

/* Finds the name in the image itself. */
static uint64_t look_up(const char *name)
{
    uint64_t table = word(hash_at + 8, 8);
    uint32_t hash = hash_of(name);
    uint64_t buckets = word(table, 4);
    uint64_t first = word(table + 4, 4);
    uint64_t words = word(table + 8, 4);
    (void)word(table + 16 + 8 * (hash / 64 & (words - 1)), 8);
    uint64_t chain = table + 16 + 8 * words + 4 * buckets;
    uint64_t number = buckets == 0 ? 0 : word(chain - 4 * buckets + 4 * (hash % buckets), 4);
    for (bool last = number == 0; !last; number++) {
        uint64_t found = word(chain + 4 * (number - first), 4);
        Elf64_Sym symbol = symbol_at(number);
        if (((found ^ hash) >> 1 & 0x7fffffff) == 0 && symbol.st_shndx != SHN_UNDEF &&
            strcmp(name_at(symbol.st_name), name) == 0) {
            return value_of_symbol(&symbol);
        }
        last = found % 2 != 0;
    }
    return 0;
}

static void relocate(uint64_t start, uint64_t size)
{
    for (uint64_t at = start; at < start + size; at += sizeof(Elf64_Rela)) {
        uint64_t where = word(at, 8);
        uint64_t info = word(at + 8, 8);
        uint64_t addend = word(at + 16, 8);
        uint64_t type = ELF64_R_TYPE(info);
        must(type == R_X86_64_RELATIVE || type == R_X86_64_64 || type == R_X86_64_GLOB_DAT ||
                 type == R_X86_64_JUMP_SLOT,
             "the loader makes another relocation");
        if (type == R_X86_64_RELATIVE) {
            write_word(where, BASE + addend);
            continue;
        }
        Elf64_Sym symbol = symbol_at(ELF64_R_SYM(info));
        bool local = ELF64_ST_BIND(symbol.st_info) == STB_LOCAL ||
                     ELF64_ST_VISIBILITY(symbol.st_other) != STV_DEFAULT;
        uint64_t value = local ? value_of_symbol(&symbol) : look_up(name_at(symbol.st_name));
        write_word(where, value + (type == R_X86_64_64 ? addend : 0));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Changes: two bytes of place, one of width, the new bytes. The first 2 KiB of the seed, and what
 * lies from 0x2000 on, are what a loader reads. */
static void change(uint8_t *image, const uint8_t *bytes, size_t size)
{
    for (size_t at = 0; at + 3 < size;) {
        size_t place = (size_t)(bytes[at] | bytes[at + 1] << 8) % 0x2800;
        size_t width = (size_t)1 << bytes[at + 2] % 4;
        place += place < 0x800 ? 0 : 0x1800;
        for (at += 3; width > 0 && at < size && place < sizeof(image_seed); width--) {
            image[place++] = bytes[at++];
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static uint8_t file[sizeof(image_seed)];
    struct image image;
    uint64_t dynamic = 0;
    memcpy(file, image_seed, sizeof(file));
    change(file, bytes, size);
    bool accepted = image_open(&image, file_of(file, sizeof(file))) && image_check(&image, false);
    must(accepted || size > 3, "the seed is refused");
    if (accepted && !image.program && map_image(&image, &dynamic)) {
        read_dynamic(dynamic);
        if (hash_at != 0) {
            relocate(value_of(DT_RELA), value_of(DT_RELASZ));
            relocate(value_of(DT_JMPREL), value_of(DT_PLTRELSZ));
        }
    }
    image_close(&image);
    return 0;
}
