/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads an ELF file into memory and finds its segments and symbols; see image.h. Runs in the
 * runner, trusts nothing in the file. */
#include "image.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__x86_64__)
#define HOST_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define HOST_MACHINE EM_AARCH64
#elif defined(__riscv)
#define HOST_MACHINE EM_RISCV
#endif

bool image_fail(struct image *image, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(image->error, sizeof(image->error), format, arguments);
    va_end(arguments);
    return false;
}

/* A table of `count` entries of `entry` bytes at `offset` of the file; NULL when outside. */
static const void *file_table(const struct image *image, uint64_t offset, uint64_t count,
                              uint64_t entry)
{
    if (offset > image->size || offset % 8 != 0 || count > (image->size - offset) / entry) {
        return NULL;
    }
    return image->bytes + offset;
}

static bool read_file(struct image *image)
{
    int fd = open(image->path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0) {
        int error = errno;
        if (fd >= 0) {
            close(fd);
        }
        return image_fail(image, "cannot be read: %s", strerror(error));
    }
    if (!S_ISREG(status.st_mode) || status.st_size < (off_t)sizeof(Elf64_Ehdr) ||
        status.st_size > IMAGE_SIZE_MAX) {
        close(fd);
        return image_fail(image, "is no ELF file of at most %d MiB", IMAGE_SIZE_MAX / 1024 / 1024);
    }
    image->size = (uint64_t)status.st_size;
    image->bytes = malloc(image->size);
    uint64_t done = 0;
    while (image->bytes != NULL && done < image->size) {
        ssize_t got = read(fd, image->bytes + done, image->size - done);
        if (got <= 0) {
            break;
        }
        done += (uint64_t)got;
    }
    close(fd);
    if (image->bytes == NULL || done < image->size) {
        return image_fail(image, "cannot be read whole");
    }
    return true;
}

static const char *machine_name(unsigned machine, char *number, size_t size)
{
    switch (machine) {
    case EM_X86_64:
        return "x86-64";
    case EM_AARCH64:
        return "AArch64";
    case EM_RISCV:
        return "RISC-V";
    default:
        (void)snprintf(number, size, "ELF machine %u", machine);
        return number;
    }
}

static bool check_kind(struct image *image, const Elf64_Ehdr *header)
{
    char number[2][24];
    if (header->e_machine != HOST_MACHINE) {
        return image_fail(image,
                          "is built for %s and this machine is %s: build it for board \"linux\" "
                          "with this machine's compiler",
                          machine_name(header->e_machine, number[0], sizeof(number[0])),
                          machine_name(HOST_MACHINE, number[1], sizeof(number[1])));
    }
    if (header->e_type != ET_DYN && header->e_type != ET_EXEC) {
        return image_fail(image, "is of ELF type %u%s: link it, with `sddf cc` for example",
                          header->e_type, header->e_type == ET_REL ? ", an object file" : "");
    }
    image->program = header->e_type == ET_EXEC;
    return true;
}

static bool find_segments(struct image *image)
{
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)image->bytes;
    if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || header->e_ident[EI_CLASS] != ELFCLASS64 ||
        header->e_ident[EI_DATA] != ELFDATA2LSB) {
        return image_fail(image, "is no 64-bit little-endian ELF file");
    }
    if (!check_kind(image, header)) {
        return false;
    }
    image->segment_count = header->e_phnum;
    image->segments = file_table(image, header->e_phoff, header->e_phnum, sizeof(Elf64_Phdr));
    if (image->segments == NULL || header->e_phentsize != sizeof(Elf64_Phdr)) {
        return image_fail(image, "has program headers outside the file");
    }
    for (unsigned i = 0; i < image->segment_count; i++) {
        const Elf64_Phdr *segment = &image->segments[i];
        if (segment->p_type != PT_LOAD) {
            continue;
        }
        if (segment->p_offset > image->size ||
            segment->p_filesz > image->size - segment->p_offset ||
            segment->p_memsz < segment->p_filesz || segment->p_memsz > IMAGE_SIZE_MAX ||
            segment->p_vaddr > IMAGE_SIZE_MAX) {
            return image_fail(image, "has a segment outside the file or larger than %d MiB",
                              IMAGE_SIZE_MAX / 1024 / 1024);
        }
        uint64_t end = segment->p_vaddr + segment->p_memsz;
        image->memory_size = end > image->memory_size ? end : image->memory_size;
    }
    return true;
}

static bool find_symbols(struct image *image)
{
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)image->bytes;
    const Elf64_Shdr *sections =
        file_table(image, header->e_shoff, header->e_shnum, sizeof(Elf64_Shdr));
    const Elf64_Shdr *best = NULL;
    for (unsigned i = 0; sections != NULL && i < header->e_shnum; i++) {
        if (sections[i].sh_type == SHT_SYMTAB ||
            (sections[i].sh_type == SHT_DYNSYM && best == NULL)) {
            best = &sections[i];
        }
    }
    if (best == NULL || best->sh_link >= header->e_shnum) {
        return image_fail(image,
                          "has no symbol table, by which init() and the setvar words are found: "
                          "do not strip it");
    }
    const Elf64_Shdr *strings = &sections[best->sh_link];
    image->symbol_count = best->sh_size / sizeof(Elf64_Sym);
    image->symbols = file_table(image, best->sh_offset, image->symbol_count, sizeof(Elf64_Sym));
    if (image->symbols == NULL || strings->sh_offset > image->size ||
        strings->sh_size > image->size - strings->sh_offset || strings->sh_size == 0) {
        return image_fail(image, "has a symbol table outside the file");
    }
    image->strings = (const char *)image->bytes + strings->sh_offset;
    image->strings_size = strings->sh_size;
    if (image->strings[image->strings_size - 1] != '\0') {
        return image_fail(image, "has a string table without an end");
    }
    return true;
}

bool image_open(struct image *image, const char *path)
{
    *image = (struct image){.path = path};
    return read_file(image) && find_segments(image) && find_symbols(image);
}

void image_close(struct image *image)
{
    free(image->bytes);
    image->bytes = NULL;
}

static const char *symbol_name(const struct image *image, const Elf64_Sym *symbol)
{
    return symbol->st_name < image->strings_size ? image->strings + symbol->st_name : "";
}

const Elf64_Sym *image_symbol(const struct image *image, const char *name)
{
    const Elf64_Sym *local = NULL;
    for (uint64_t i = 0; i < image->symbol_count; i++) {
        const Elf64_Sym *symbol = &image->symbols[i];
        unsigned type = ELF64_ST_TYPE(symbol->st_info);
        if (symbol->st_shndx != SHN_UNDEF && symbol->st_shndx < SHN_LORESERVE &&
            (type == STT_FUNC || type == STT_OBJECT || type == STT_NOTYPE) &&
            strcmp(symbol_name(image, symbol), name) == 0) {
            if (ELF64_ST_BIND(symbol->st_info) != STB_LOCAL) {
                return symbol;
            }
            local = local == NULL ? symbol : local;
        }
    }
    return local;
}

void *image_at(const struct image *image, uint64_t address, uint64_t size)
{
    for (unsigned i = 0; i < image->segment_count; i++) {
        const Elf64_Phdr *segment = &image->segments[i];
        if (segment->p_type == PT_LOAD && address >= segment->p_vaddr &&
            address - segment->p_vaddr <= segment->p_filesz &&
            size <= segment->p_filesz - (address - segment->p_vaddr)) {
            return image->bytes + segment->p_offset + (address - segment->p_vaddr);
        }
    }
    return NULL;
}

bool image_in_memory(const struct image *image, uint64_t address, uint64_t size, uint32_t flags)
{
    for (unsigned i = 0; i < image->segment_count; i++) {
        const Elf64_Phdr *segment = &image->segments[i];
        if (segment->p_type == PT_LOAD && address >= segment->p_vaddr &&
            address - segment->p_vaddr <= segment->p_memsz &&
            size <= segment->p_memsz - (address - segment->p_vaddr) &&
            (segment->p_flags & flags) == flags) {
            return true;
        }
    }
    return false;
}

bool image_touches(const struct image *image, uint64_t address, uint64_t size)
{
    for (unsigned i = 0; i < image->segment_count; i++) {
        const Elf64_Phdr *segment = &image->segments[i];
        uint64_t first = segment->p_vaddr / IMAGE_PAGE * IMAGE_PAGE;
        uint64_t end =
            (segment->p_vaddr + segment->p_memsz + IMAGE_PAGE - 1) / IMAGE_PAGE * IMAGE_PAGE;
        if (segment->p_type == PT_LOAD && segment->p_memsz > 0 && address < end &&
            address + size > first) {
            return true;
        }
    }
    return false;
}

const char *image_symbolise(const struct image *image, uint64_t address, uint64_t *offset)
{
    const Elf64_Sym *best = NULL;
    for (uint64_t i = 0; i < image->symbol_count; i++) {
        const Elf64_Sym *symbol = &image->symbols[i];
        if (symbol->st_shndx != SHN_UNDEF && ELF64_ST_TYPE(symbol->st_info) == STT_FUNC &&
            symbol->st_value <= address && (best == NULL || symbol->st_value > best->st_value)) {
            best = symbol;
        }
    }
    if (best == NULL || address - best->st_value >= (best->st_size > 0 ? best->st_size : 4096)) {
        return NULL;
    }
    *offset = address - best->st_value;
    return symbol_name(image, best);
}
