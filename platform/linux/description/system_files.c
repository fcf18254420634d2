/* SPDX-License-Identifier: BSD-2-Clause */
/* The files that a description names, images and contents of regions: where each is, and the list
 * of all. A file is looked for in the search path and beside the description, or, when that came in
 * a package, nowhere but there. Run by host tools; trusts nothing in the description. */
#include "platform/linux/description/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool regular(const char *path, struct stat *info)
{
    return stat(path, info) == 0 && S_ISREG(info->st_mode);
}

static bool find_in_package(const struct system_package *package, const char *name, char *path,
                            struct stat *info)
{
    for (size_t i = 0; i < package->file_count; i++) {
        if (strcmp(package->files[i].name, name) == 0) {
            snprintf(path, SYSTEM_PATH_MAX, "%s", package->files[i].path);
            return regular(path, info);
        }
    }
    return false;
}

static bool find_on_disk(const struct reader *reader, const char *name, char *path,
                         struct stat *info)
{
    const char *slash = strrchr(reader->path, '/');
    int beside = slash == NULL ? 0 : (int)(slash - reader->path) + 1;
    for (size_t i = 0; i <= reader->search_count; i++) {
        int length = 0;
        if (name[0] == '/')
            length = snprintf(path, SYSTEM_PATH_MAX, "%s", name);
        else if (i < reader->search_count)
            length = snprintf(path, SYSTEM_PATH_MAX, "%s/%s", reader->search[i], name);
        else
            length = snprintf(path, SYSTEM_PATH_MAX, "%.*s%s", beside, reader->path, name);
        if (length > 0 && length < SYSTEM_PATH_MAX && regular(path, info))
            return true;
    }
    return false;
}

bool files_find(const struct reader *reader, const char *name, char *path, struct stat *info)
{
    bool found = reader->package != NULL ? find_in_package(reader->package, name, path, info)
                                         : find_on_disk(reader, name, path, info);
    if (!found)
        path[0] = '\0';
    return found;
}

bool files_keep(struct system_description *system, const char *name, const char *path)
{
    for (size_t i = 0; i < system->file_count; i++) {
        if (strcmp(system->files[i].name, name) == 0)
            return true;
    }
    struct system_file *files =
        realloc(system->files, (system->file_count + 1) * sizeof(*system->files));
    if (files == NULL)
        return false;
    system->files = files;
    snprintf(files[system->file_count].name, SYSTEM_PATH_MAX, "%s", name);
    snprintf(files[system->file_count].path, SYSTEM_PATH_MAX, "%s", path);
    system->file_count++;
    return true;
}

const char *system_file_shown(const struct system_description *system, const char *path)
{
    for (size_t i = 0; strncmp(path, "/proc/self/fd/", 14) == 0 && i < system->file_count; i++) {
        if (strcmp(system->files[i].path, path) == 0)
            return system->files[i].name;
    }
    return path;
}
