/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes the image of each PD ready: read, checked (image.h), copied as it is: its setvar words are
 * set when it is loaded, so that none of them changes what was checked. All mistakes of all images
 * are said before anything is started. */
#include "pd/program.h"
#include "pd/sanitized.h"
#include "run.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool fail(const struct run *run, const struct run_pd *pd, unsigned line, const char *what)
{
    run_say("%s:%u: PD %s: image %s %s", run->system->file, line, pd->description->name,
            system_file_shown(run->system, pd->description->image), what);
    return false;
}

static bool has_callers(const struct run *run, unsigned pd)
{
    for (size_t i = 0; i < run->system->channel_count; i++) {
        const struct system_end *end = run->system->channels[i].end;
        if ((end[0].pp && end[1].pd == pd) || (end[1].pp && end[0].pd == pd)) {
            return true;
        }
    }
    return false;
}

/* A function inside the image; NULL if there is none of that name. */
static const Elf64_Sym *find_function(const struct run_pd *pd, const char *name)
{
    const Elf64_Sym *symbol = image_symbol(&pd->image, name);
    bool good = symbol != NULL && ELF64_ST_TYPE(symbol->st_info) == STT_FUNC &&
                image_in_memory(&pd->image, symbol->st_value, 1, PF_X);
    return good ? symbol : NULL;
}

/* The entry points. */
static bool find_entries(struct run *run, unsigned index)
{
    static const char *const names[] = {"init", "notified", "protected", "fault"};
    struct run_pd *pd = &run->pds[index];
    for (size_t i = 0; i < 4; i++) {
        pd->entry[i] = find_function(pd, names[i]);
    }
    pd->start = find_function(pd, "_start");
    unsigned line = pd->description->line;
    if (pd->entry[0] == NULL || pd->entry[1] == NULL) {
        return fail(run, pd, line, "must define init() and notified()");
    }
    if (pd->entry[2] == NULL && has_callers(run, index)) {
        return fail(run, pd, line, "defines no protected(), but another PD may call it (pp)");
    }
    return true;
}

const Elf64_Sym *run_setvar_symbol(const struct run_pd *pd, const char *name)
{
    return image_symbol(pd->symbols.bytes != NULL ? &pd->symbols : &pd->image, name);
}

static bool check_setvar(const struct run *run, const struct run_pd *pd,
                         const struct system_setvar *setvar)
{
    const Elf64_Sym *symbol = run_setvar_symbol(pd, setvar->symbol);
    char what[160];
    if (symbol == NULL) {
        (void)snprintf(what, sizeof(what),
                       "has no symbol %s for setvar: declare it volatile and "
                       "__attribute__((used))",
                       setvar->symbol);
        return fail(run, pd, setvar->line, what);
    }
    /* A sanitizer pads its globals. */
    bool size_fits = symbol->st_size == 8 || (PD_SANITIZED && symbol->st_size > 8);
    if (!size_fits || !image_in_memory(&pd->image, symbol->st_value, 8, 0) ||
        image_in_memory(&pd->image, symbol->st_value, 8, PF_X)) {
        (void)snprintf(what, sizeof(what),
                       "has symbol %s of %" PRIu64
                       " bytes; a setvar symbol is a variable of 8 bytes",
                       setvar->symbol, symbol->st_size);
        return fail(run, pd, setvar->line, what);
    }
    return true;
}

/* A program lies at fixed addresses, so that a region may be in its way. */
static bool check_maps(const struct run *run, const struct run_pd *pd)
{
    bool good = true;
    for (size_t i = 0; pd->image.program && i < pd->description->map_count; i++) {
        const struct system_map *map = &pd->description->maps[i];
        const struct system_region *region = &run->system->regions[map->region];
        if (image_touches(&pd->image, map->vaddr, region->size)) {
            char what[160];
            (void)snprintf(what, sizeof(what),
                           "lies where region %s is mapped, at %#" PRIx64
                           ": use another address, from %#x on for example",
                           region->name, map->vaddr, PROGRAM_HIGHEST);
            good = fail(run, pd, map->line, what);
        }
    }
    return good;
}

/* A file that profilers can open: they find names by the path that a mapping has. */
static int make_file(const struct run *run, const struct run_pd *pd)
{
    char path[SYSTEM_PATH_MAX];
    if (strchr(pd->description->name, '/') != NULL) {
        run_say("--images: PD %s: found a / in its name, which a file cannot have; rename it",
                pd->description->name);
        return -1;
    }
    (void)snprintf(path, sizeof(path), "%s/%s.elf", run->options.images, pd->description->name);
    int fd = run_new_file(path, 0644);
    if (fd < 0) {
        run_say("--images: %s cannot be written: %s", path, strerror(errno));
    }
    return fd;
}

static bool write_image(const struct run *run, struct run_pd *pd)
{
    pd->image_fd = run->options.images != NULL ? make_file(run, pd)
                                               : run_memfd(pd->description->name, pd->image.size);
    uint64_t done = 0;
    while (pd->image_fd >= 0 && done < pd->image.size) {
        ssize_t wrote =
            pwrite(pd->image_fd, pd->image.bytes + done, pd->image.size - done, (off_t)done);
        if (wrote <= 0) {
            run_say("PD %s: no memory for its image: %s", pd->description->name, strerror(errno));
            return false;
        }
        done += (uint64_t)wrote;
    }
    return pd->image_fd >= 0;
}

static bool prepare(struct run *run, unsigned index)
{
    struct run_pd *pd = &run->pds[index];
    pd->description = &run->system->pds[index];
    if (!image_open(&pd->image, pd->description->image) ||
        !image_check(&pd->image, PD_SANITIZED != 0)) {
        return fail(run, pd, pd->description->line, pd->image.error);
    }
    const char *symbols = pd->description->symbols;
    if (symbols[0] != '\0' && !image_open(&pd->symbols, symbols)) {
        run_say("%s:%u: PD %s: path_for_symbols %s %s", run->system->file, pd->description->line,
                pd->description->name, symbols, pd->symbols.error);
        return false;
    }
    bool good = find_entries(run, index);
    good = check_maps(run, pd) && good;
    for (size_t i = 0; i < pd->description->setvar_count; i++) {
        good = check_setvar(run, pd, &pd->description->setvars[i]) && good;
    }
    return good && write_image(run, pd);
}

bool run_prepare_images(struct run *run)
{
    bool good = true;
    for (unsigned i = 0; i < run->system->pd_count; i++) {
        good = prepare(run, i) && good;
    }
    return good;
}
