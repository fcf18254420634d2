/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs a fuzz target on files, without the fuzzer: `replay_NAME FILE|DIRECTORY...`. A line of TAP
 * per file; a file that the target does not survive ends the process, named last. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { INPUT_MAX = 1 << 20, PATH_BYTES = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned count;

static void run_file(const char *path)
{
    static uint8_t bytes[INPUT_MAX];
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        printf("not ok %u - %s cannot be read\n", ++count, path);
        exit(1);
    }
    size_t size = fread(bytes, 1, sizeof(bytes), file);
    (void)fclose(file);
    uint8_t *exact = malloc(size != 0 ? size : 1); /* so that AddressSanitizer sees its end */
    if (exact == NULL) {
        exit(1);
    }
    memcpy(exact, bytes, size);
    printf("# %s\n", path);
    (void)fflush(stdout);
    (void)LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    const char *name = strrchr(path, '/');
    printf("ok %u - %s\n", ++count, name != NULL ? name + 1 : path);
}

static void run_directory(const char *path)
{
    struct dirent **names = NULL;
    int found = scandir(path, &names, NULL, alphasort);
    for (int i = 0; i < found; i++) {
        char file[PATH_BYTES];
        if (names[i]->d_name[0] != '.' &&
            snprintf(file, sizeof(file), "%s/%s", path, names[i]->d_name) < PATH_BYTES) {
            run_file(file);
        }
        free(names[i]);
    }
    free((void *)names);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        struct stat status;
        if (stat(argv[i], &status) == 0 && S_ISDIR(status.st_mode)) {
            run_directory(argv[i]);
        } else {
            run_file(argv[i]);
        }
    }
    printf("1..%u\n", count);
    return count == 0;
}
