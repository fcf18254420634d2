/* SPDX-License-Identifier: BSD-2-Clause */
/* Loads a program (program.h): maps its segments where it was linked, from the memfd that the
 * runner has checked, and completes its table. Before the sandbox; none of its code runs. */
#include "program.h"
#include "pd.h"
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <platform/mmio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FUNCTION(name) (void (*)(void))(name),
static void (*const functions[])(void) = {PD_API_FUNCTIONS(FUNCTION)};
#undef FUNCTION

static void map_segment(const uint8_t *file, const Elf64_Phdr *segment, uint64_t page)
{
    uint64_t first = segment->p_vaddr / page * page;
    uint64_t size = (segment->p_vaddr + segment->p_memsz - first + page - 1) / page * page;
    void *wanted = (void *)(uintptr_t)first;
    void *mapped = mmap(wanted, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (mapped != wanted) {
        pd_start_failed("the program cannot be mapped at %#" PRIx64 " (%" PRIu64 " bytes): %s",
                        first, size, strerror(errno));
    }
    memcpy((void *)(uintptr_t)segment->p_vaddr, file + segment->p_offset, segment->p_filesz);
}

static void protect_segment(const Elf64_Phdr *segment, uint64_t page)
{
    uint64_t first = segment->p_vaddr / page * page;
    int protection = ((segment->p_flags & PF_R) != 0 ? PROT_READ : 0) |
                     ((segment->p_flags & PF_W) != 0 ? PROT_WRITE : 0) |
                     ((segment->p_flags & PF_X) != 0 ? PROT_EXEC : 0);
    uint64_t end = segment->p_vaddr + segment->p_memsz;
    if (mprotect((void *)(uintptr_t)first, end - first, protection) != 0) {
        pd_start_failed("the program's memory cannot be protected: %s", strerror(errno));
    }
}

/* The variables it points to may lie in the table itself: what was checked is copied first. */
static void complete_table(struct program_table *table)
{
    const struct program_table given = *table;
    memcpy(given.name, microkit_name, MICROKIT_PD_NAME_LENGTH);
    pd_deferred_place(given.have_signal, given.signal_cap, given.signal_msg);
    table->run = pd_run;
    memcpy(table->functions, functions, given.function_count * sizeof(functions[0]));
}

static uint64_t first_address(const Elf64_Phdr *segments, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (segments[i].p_type == PT_LOAD && segments[i].p_memsz > 0) {
            return segments[i].p_vaddr; /* they are in order */
        }
    }
    return 0;
}

void pd_program_load(void)
{
    struct stat status;
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    const uint8_t *file = MAP_FAILED;
    if (fstat(pd.image_fd, &status) == 0) {
        file = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, pd.image_fd, 0);
    }
    if (file == MAP_FAILED) {
        pd_start_failed("the program cannot be read: %s", strerror(errno));
    }
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)file;
    const Elf64_Phdr *segments = (const Elf64_Phdr *)(file + header->e_phoff);
    for (unsigned pass = 0; pass < 2; pass++) {
        for (unsigned i = 0; i < header->e_phnum; i++) {
            if (segments[i].p_type != PT_LOAD || segments[i].p_memsz == 0) {
                continue;
            }
            if (pass == 0) {
                map_segment(file, &segments[i], page);
            } else {
                protect_segment(&segments[i], page);
            }
        }
        if (pass == 0) {
            complete_table((struct program_table *)(uintptr_t)pd.program_table);
        }
    }
    pd.program_entry = header->e_entry;
    pd.image_start = first_address(segments, header->e_phnum);
    (void)munmap((void *)(uintptr_t)file, (size_t)status.st_size);
}
