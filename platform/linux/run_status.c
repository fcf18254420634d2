/* SPDX-License-Identifier: BSD-2-Clause */
/* What a run tells other programs, as JSON files that appear whole: the process ids (--status) and
 * the counters (--stats). Counters come from pages that PDs wrote: nothing in a page is believed
 * but its numbers, and it counts for the PD that maps it writable, whatever name it claims. */
#include "run.h"
#include <errno.h>
#include <inttypes.h>
#include <sddf/stats.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void print_string(FILE *file, const char *text)
{
    (void)fputc('"', file);
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte < ' ' || byte == '"' || byte == '\\' || byte >= 0x7f) {
            (void)fprintf(file, "\\u%04x", byte);
        } else {
            (void)fputc(byte, file);
        }
    }
    (void)fputc('"', file);
}

struct output {
    char path[SYSTEM_PATH_MAX];
    const char *final;
    FILE *file;
};

static bool output_open(struct output *output, const char *path)
{
    output->final = path;
    (void)snprintf(output->path, sizeof(output->path), "%s.new", path);
    int fd = run_new_file(output->path, 0644);
    output->file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (output->file == NULL) {
        run_say("%s cannot be written: %s", output->path, strerror(errno));
    }
    return output->file != NULL;
}

static void output_close(struct output *output)
{
    bool good = ferror(output->file) == 0;
    if (fclose(output->file) != 0 || !good || rename(output->path, output->final) != 0) {
        run_say("%s cannot be written: %s", output->final, strerror(errno));
        (void)unlink(output->path);
    }
}

void run_write_status(const struct run *run)
{
    struct output output;
    if (run->options.status == NULL || !output_open(&output, run->options.status)) {
        return;
    }
    (void)fprintf(output.file, "{\"runner\": %d, \"pds\": {", getpid());
    for (size_t i = 0; i < run->system->pd_count; i++) {
        (void)fputs(i > 0 ? ", " : "", output.file);
        print_string(output.file, run->pds[i].child.name);
        (void)fprintf(output.file, ": %d", run->pds[i].child.pid);
    }
    (void)fputs("}, \"devices\": {", output.file);
    for (size_t i = 0; i < run->device_count; i++) {
        (void)fputs(i > 0 ? ", " : "", output.file);
        print_string(output.file, run->devices[i].child.name);
        (void)fprintf(output.file, ": %d", run->devices[i].child.pid);
    }
    (void)fputs("}}\n", output.file);
    output_close(&output);
}

static bool is_name(const char *name)
{
    size_t length = 0;
    while (length < STATS_NAME_MAX && name[length] > ' ' && name[length] < 0x7f) {
        length++;
    }
    return length > 0 && length < STATS_NAME_MAX && name[length] == '\0';
}

/* Prints the page as a member of the object, when it is a page of statistics. */
static void print_page(FILE *file, const char *owner, const char *more, int fd, bool *first)
{
    struct stats_page *page = mmap(NULL, sizeof(*page), PROT_READ, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED) {
        return;
    }
    uint32_t count = *(volatile uint32_t *)&page->count;
    if (atomic_load_acquire(&page->magic) == STATS_MAGIC && page->version == STATS_VERSION &&
        count <= STATS_COUNTERS_MAX) {
        char key[2 * SYSTEM_NAME_MAX + 2];
        bool comma = false;
        (void)snprintf(key, sizeof(key), "%s%s", owner, more);
        (void)fputs(*first ? "\n  " : ",\n  ", file);
        *first = false;
        print_string(file, key);
        (void)fputs(": {", file);
        for (uint32_t i = 0; i < count; i++) {
            char name[STATS_NAME_MAX];
            memcpy(name, page->counters[i].name, sizeof(name));
            if (is_name(name)) {
                (void)fputs(comma ? ", " : "", file);
                print_string(file, name);
                (void)fprintf(file, ": %" PRIu64, atomic_load64_relaxed(&page->counters[i].value));
                comma = true;
            }
        }
        (void)fputs("}", file);
    }
    (void)munmap(page, sizeof(*page));
}

/* A PD's pages: the first counts under the PD's name, more under NAME:REGION. */
static void print_pd(const struct run *run, const struct system_pd *pd, FILE *file, bool *first)
{
    bool plain = true;
    for (size_t i = 0; i < pd->map_count; i++) {
        const struct system_region *region = &run->system->regions[pd->maps[i].region];
        int fd = run->region_fds[pd->maps[i].region];
        if (!pd->maps[i].write || region->size != STATS_PAGE_SIZE || fd < 0) {
            continue;
        }
        char more[SYSTEM_NAME_MAX + 1] = "";
        if (!plain) {
            (void)snprintf(more, sizeof(more), ":%.62s", region->name);
        }
        bool before = *first;
        long position = ftell(file);
        print_page(file, pd->name, more, fd, first);
        plain = plain && before == *first && position == ftell(file);
    }
}

void run_write_stats(const struct run *run)
{
    struct output output;
    bool first = true;
    if (run->options.stats == NULL || !output_open(&output, run->options.stats)) {
        return;
    }
    (void)fputs("{", output.file);
    for (size_t i = 0; i < run->system->pd_count; i++) {
        print_pd(run, &run->system->pds[i], output.file, &first);
    }
    for (size_t i = 0; i < run->device_count; i++) {
        print_page(output.file, "device:", run->devices[i].description->name,
                   run->devices[i].stats_fd, &first);
    }
    (void)fputs("\n}\n", output.file);
    output_close(&output);
}
