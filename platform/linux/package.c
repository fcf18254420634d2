/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes and reads packages (package.h). What is read may come from anybody: every size is checked
 * against the file's before anything is copied. */
#include "package.h"
#include "run.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#define PACKAGE_MAGIC "sddf-package "
#define PACKAGE_FIRST PACKAGE_MAGIC "1\n"

enum { LINE_MAX_BYTES = SYSTEM_PATH_MAX + 64, PROGRAM_LINE_MAX = 200 /* of the kernel's 255 */ };

static bool fail(const char *path, const char *what)
{
    run_say("%s: %s", path, what);
    return false;
}

/* Copies `size` bytes from where `from` stands to where `to` stands. */
static bool copy_bytes(int to, int from, uint64_t size)
{
    while (size > 0) {
        ssize_t copied = sendfile(to, from, NULL, size < (1U << 30) ? size : (1U << 30));
        if (copied <= 0) {
            errno = copied == 0 ? EIO : errno;
            return false;
        }
        size -= (uint64_t)copied;
    }
    return true;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* Opens the file and writes its line of the header. */
static int write_entry(FILE *stream, const char *kind, const char *path, const char *name,
                       uint64_t *size)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0 || strchr(name, '\n') != NULL) {
        run_say("%s: cannot be packed: %s", path,
                strchr(name, '\n') != NULL ? "a line break in its name" : strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    *size = (uint64_t)status.st_size;
    (void)fprintf(stream, "%s %" PRIu64 " %s\n", kind, *size, name);
    return fd;
}

static bool write_all(FILE *stream, const char *output, const struct system_description *system,
                      int *fds, uint64_t *sizes)
{
    size_t count = system->file_count + 1;
    fds[0] = write_entry(stream, "system", system->file, base_name(system->file), &sizes[0]);
    bool good = fds[0] >= 0;
    for (size_t i = 1; i < count; i++) {
        const struct system_file *file = &system->files[i - 1];
        fds[i] = write_entry(stream, "file", file->path, file->name, &sizes[i]);
        good = good && fds[i] >= 0;
    }
    good = good && fputc('\n', stream) == '\n' && fflush(stream) == 0;
    for (size_t i = 0; i < count; i++) {
        if (good && !copy_bytes(fileno(stream), fds[i], sizes[i])) {
            run_say("%s: cannot be written: %s", output, strerror(errno));
            good = false;
        }
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
    return good;
}

static FILE *create(const char *path, const char *program)
{
    int fd = run_new_file(path, 0755);
    FILE *stream = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (stream == NULL) {
        run_say("%s: cannot be made: %s", path, strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return NULL;
    }
    /* The kernel takes no spaces in a program's path there. */
    if (strlen(program) < PROGRAM_LINE_MAX && strpbrk(program, " \t\n") == NULL) {
        (void)fprintf(stream, "#!%s run\n" PACKAGE_FIRST, program);
    } else {
        (void)fputs("#!/usr/bin/env -S sddf run\n" PACKAGE_FIRST, stream);
    }
    return stream;
}

bool package_write(const char *path, const struct system_description *system, const char *program)
{
    size_t count = system->file_count + 1;
    int *fds = calloc(count, sizeof(*fds));
    uint64_t *sizes = calloc(count, sizeof(*sizes));
    FILE *stream = fds != NULL && sizes != NULL ? create(path, program) : NULL;
    bool good = stream != NULL && write_all(stream, path, system, fds, sizes);
    if (stream != NULL) {
        good = fclose(stream) == 0 && good;
        if (!good) {
            (void)unlink(path);
        }
    }
    free(fds);
    free(sizes);
    return good;
}

/* Reads a line without its end; false at the end of the file or when it is too long. */
static bool read_line(FILE *stream, char line[LINE_MAX_BYTES])
{
    if (fgets(line, LINE_MAX_BYTES, stream) == NULL) {
        return false;
    }
    size_t length = strlen(line);
    if (length == 0 || line[length - 1] != '\n') {
        return false;
    }
    line[length - 1] = '\0';
    return true;
}

/* Goes past the first lines; the version's line is left in `line`. */
static bool read_first_lines(FILE *stream, char line[LINE_MAX_BYTES])
{
    return read_line(stream, line) && (strncmp(line, "#!", 2) != 0 || read_line(stream, line)) &&
           strncmp(line, PACKAGE_MAGIC, strlen(PACKAGE_MAGIC)) == 0;
}

bool package_is(const char *path)
{
    char line[LINE_MAX_BYTES];
    FILE *stream = fopen(path, "rbe");
    bool is = stream != NULL && read_first_lines(stream, line);
    if (stream != NULL) {
        (void)fclose(stream);
    }
    return is;
}

struct entry {
    uint64_t size;
    char name[SYSTEM_PATH_MAX];
};

/* "KIND SIZE NAME" */
static bool parse_entry(const char *line, const char *kind, struct entry *entry)
{
    size_t length = strlen(kind);
    char *end = NULL;
    if (strncmp(line, kind, length) != 0 || line[length] < '0' || line[length] > '9') {
        return false;
    }
    errno = 0;
    entry->size = strtoull(line + length, &end, 10);
    if (errno != 0 || *end != ' ' || end[1] == '\0' || strlen(end + 1) >= SYSTEM_PATH_MAX) {
        return false;
    }
    for (const char *c = end + 1; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f) {
            return false;
        }
    }
    (void)snprintf(entry->name, sizeof(entry->name), "%s", end + 1);
    return true;
}

/* The entries, the system first; 0 when the header is not what it should be. */
static size_t read_header(const char *path, FILE *stream, struct entry *entries)
{
    char line[LINE_MAX_BYTES];
    struct stat status;
    size_t count = 0;
    if (!read_first_lines(stream, line) || strcmp(line, "sddf-package 1") != 0) {
        (void)fail(path, "is a package of another version: make it again with this sddf");
        return 0;
    }
    while (read_line(stream, line) && line[0] != '\0') {
        if (count == PACKAGE_FILES_MAX ||
            !parse_entry(line, count == 0 ? "system " : "file ", &entries[count])) {
            (void)fail(path, "is a damaged package: make it again");
            return 0;
        }
        count++;
    }
    long start = ftell(stream);
    bool whole = count > 0 && start > 0 && line[0] == '\0' && fstat(fileno(stream), &status) == 0;
    uint64_t rest = whole ? (uint64_t)(status.st_size - start) : 0;
    for (size_t i = 0; whole && i < count; i++) {
        whole = entries[i].size <= rest;
        rest -= whole ? entries[i].size : 0;
    }
    if (!whole || rest != 0 || lseek(fileno(stream), start, SEEK_SET) != start) {
        (void)fail(path, "is a package that is cut off, or longer than it says: make it again");
        return 0;
    }
    return count;
}

/* Copies each file into memory of its own; the system's path is that of the first. */
static bool take_files(const char *path, FILE *stream, const struct entry *entries, size_t count,
                       struct system_file *files)
{
    for (size_t i = 0; i < count; i++) {
        int fd = run_memfd("package", entries[i].size);
        if (fd < 0 || !copy_bytes(fd, fileno(stream), entries[i].size)) {
            return fail(path, "cannot be copied into memory");
        }
        (void)snprintf(files[i].name, SYSTEM_PATH_MAX, "%s", entries[i].name);
        (void)snprintf(files[i].path, SYSTEM_PATH_MAX, "/proc/self/fd/%d", fd);
    }
    return true;
}

struct system_description *package_read(const char *path)
{
    char shown[2 * SYSTEM_PATH_MAX];
    struct system_description *system = NULL;
    struct entry *entries = calloc(PACKAGE_FILES_MAX, sizeof(*entries));
    struct system_file *files = calloc(PACKAGE_FILES_MAX, sizeof(*files));
    FILE *stream = fopen(path, "rbe");
    if (entries == NULL || files == NULL || stream == NULL) {
        (void)fail(path, "cannot be read");
    } else {
        size_t count = read_header(path, stream, entries);
        if (count > 0 && take_files(path, stream, entries, count, files)) {
            (void)snprintf(shown, sizeof(shown), "%s:%s", path, files[0].name);
            const struct system_package package = {
                .path = files[0].path, .shown = shown, .files = files + 1, .file_count = count - 1};
            system = system_read_package(&package);
        }
    }
    if (stream != NULL) {
        (void)fclose(stream);
    }
    free(entries);
    free(files);
    return system;
}
