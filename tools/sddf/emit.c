/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes what emit.h makes, and the blobs, into a directory. Run by the host tool; owns the files
 * NAME.system, NAME.dot and INSTANCE.bin in it. */
#include "tools/sddf/emit.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_BYTES = 4096 };

static bool fail(struct findings *findings, const char *path, const char *what)
{
    findings_add_file(findings, RULE_CANNOT_WRITE, path, "%s: %s", what, strerror(errno));
    return false;
}

/* The directory and those above it, where they do not exist. */
static bool make_directory(const char *directory, struct findings *findings)
{
    char path[PATH_BYTES];
    if (snprintf(path, sizeof(path), "%s/", directory) >= (int)sizeof(path)) {
        errno = ENAMETOOLONG;
        return fail(findings, directory, "cannot be made");
    }
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0777) != 0 && errno != EEXIST)
            return fail(findings, path, "cannot be made");
        *slash = '/';
    }
    return true;
}

static FILE *open_file(const char *directory, const char *name, const char *suffix,
                       char path[PATH_BYTES], struct findings *findings)
{
    FILE *out = NULL;
    if (snprintf(path, PATH_BYTES, "%s/%s%s", directory, name, suffix) < PATH_BYTES)
        out = fopen(path, "we");
    else
        errno = ENAMETOOLONG;
    if (out == NULL)
        fail(findings, path, "cannot be written");
    return out;
}

/* fclose() writes what is left: an error shows there at the latest. */
static bool close_file(FILE *out, const char *path, struct findings *findings)
{
    bool good = ferror(out) == 0;
    good = fclose(out) == 0 && good;
    return good || fail(findings, path, "cannot be written");
}

static bool emit_text(const struct model *model, const char *directory, const char *suffix,
                      void (*emit)(FILE *, const struct model *), struct findings *findings)
{
    char path[PATH_BYTES];
    FILE *out = open_file(directory, model->name, suffix, path, findings);
    if (out == NULL)
        return false;
    emit(out, model);
    return close_file(out, path, findings);
}

static bool emit_blob(const struct model_pd *pd, const char *directory, struct findings *findings)
{
    char path[PATH_BYTES];
    FILE *out = open_file(directory, pd->name, ".bin", path, findings);
    if (out == NULL)
        return false;
    fwrite(pd->blob, 1, pd->blob_size, out);
    return close_file(out, path, findings);
}

bool emit_all(const struct model *model, const char *directory, struct findings *findings)
{
    if (!make_directory(directory, findings))
        return false;
    for (size_t i = 0; i < model->pd_count; i++) {
        if (model->pds[i].blob != NULL && !emit_blob(&model->pds[i], directory, findings))
            return false;
    }
    return emit_text(model, directory, ".dot", emit_dot, findings) &&
           emit_text(model, directory, ".system", emit_system, findings);
}
