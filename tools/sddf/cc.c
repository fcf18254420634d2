/* SPDX-License-Identifier: BSD-2-Clause */
/* `sddf cc`: becomes the machine's C compiler, told what an image of the Linux platform needs: a
 * shared object without any library (platform/linux/image.h). Everything given is passed on. */
#include "tools/sddf/microkit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_USAGE = 2, EXIT_NO_COMPILER = 127, COMPILER_WORDS_MAX = 16 };

static const char USAGE[] =
    "usage: sddf cc FILES -o NAME.elf   makes an image for `sddf run` of C files and objects\n"
    "       sddf cc -c FILE.c ...       makes an object for it\n"
    "Options go to the compiler: $CC, else cc, gcc or clang.\n";

/* Position independent, because the loader places it; frame pointers, for backtraces; no calls of
 * functions that nobody asked for, because there is no library. */
static const char *const compile_options[] = {
    "-ffreestanding",          "-fPIC",        "-fno-stack-protector",
    "-fno-omit-frame-pointer", "-fno-builtin", "-U_FORTIFY_SOURCE",
};

/* Bound as it is loaded and to itself first: the sandbox has no place for a loader. */
static const char *const link_options[] = {
    "-shared",
    "-nostdlib",
    "-Wl,-Bsymbolic",
    "-Wl,-z,now",
    "-Wl,-z,noexecstack",
    "-Wl,--build-id=none",
    "-Wl,--hash-style=gnu",
};

static bool links(int argc, char **argv)
{
    static const char *const others[] = {"-c", "-S", "-E", "-M", "-MM", "-fsyntax-only"};
    for (int i = 1; i < argc; i++) {
        for (size_t k = 0; k < sizeof(others) / sizeof(others[0]); k++) {
            if (strcmp(argv[i], others[k]) == 0)
                return false;
        }
    }
    return true;
}

/* The folder of <microkit.h>: in an SDK beside this program, else where sDDF was built. */
static const char *include_folder(char path[SYSTEM_PATH_MAX])
{
    char self[SYSTEM_PATH_MAX / 2];
    ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (length > 0) {
        self[length] = '\0';
        *strrchr(self, '/') = '\0';
        snprintf(path, SYSTEM_PATH_MAX, "%s/../board/linux/debug/include", self);
        if (access(path, R_OK) == 0)
            return path;
    }
    return SDDF_MICROKIT_INCLUDE;
}

static bool in_path(const char *program)
{
    const char *path = getenv("PATH");
    char file[SYSTEM_PATH_MAX];
    while (path != NULL && *path != '\0') {
        size_t length = strcspn(path, ":");
        int written = snprintf(file, sizeof(file), "%.*s/%s", (int)length, path, program);
        if (written > 0 && (size_t)written < sizeof(file) && access(file, X_OK) == 0)
            return true;
        path += length + (path[length] == ':');
    }
    return false;
}

/* $CC may be several words, "ccache gcc". */
static size_t compiler(const char *words[COMPILER_WORDS_MAX])
{
    static const char *const known[] = {"cc", "gcc", "clang"};
    static char given[SYSTEM_PATH_MAX]; /* the words stay in it */
    const char *variable = getenv("CC");
    char *rest = given;
    size_t count = 0;
    snprintf(given, sizeof(given), "%s", variable != NULL ? variable : "");
    char *word = strtok_r(given, " \t", &rest);
    while (word != NULL && count < COMPILER_WORDS_MAX) {
        words[count++] = word;
        word = strtok_r(NULL, " \t", &rest);
    }
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]) && count == 0; i++) {
        if (in_path(known[i]))
            words[count++] = known[i];
    }
    return count;
}

static void add(const char **list, size_t *count, const char *const *more, size_t more_count)
{
    for (size_t i = 0; i < more_count; i++)
        list[(*count)++] = more[i];
}

int cc_run(int argc, char **argv)
{
    if (argc < 2 || strcmp(argv[1], "--help") == 0) {
        fputs(USAGE, argc < 2 ? stderr : stdout);
        return argc < 2 ? EXIT_USAGE : EXIT_SUCCESS;
    }
    char folder[SYSTEM_PATH_MAX];
    const char *own[COMPILER_WORDS_MAX];
    size_t own_count = compiler(own);
    if (own_count == 0) {
        fputs("sddf cc: found no cc, gcc or clang in PATH: install gcc, or name one in CC\n",
              stderr);
        return EXIT_NO_COMPILER;
    }
    size_t compile_count = sizeof(compile_options) / sizeof(compile_options[0]);
    size_t link_count = sizeof(link_options) / sizeof(link_options[0]);
    size_t count = 0;
    const char **list =
        calloc(own_count + compile_count + link_count + (size_t)argc + 3, sizeof(*list));
    if (list == NULL)
        return EXIT_NO_COMPILER;
    add(list, &count, own, own_count);
    add(list, &count, compile_options, compile_count);
    list[count++] = "-isystem";
    list[count++] = include_folder(folder);
    if (links(argc, argv))
        add(list, &count, link_options, link_count);
    for (int i = 1; i < argc; i++)
        list[count++] = argv[i];
    (void)execvp(list[0], (char *const *)(uintptr_t)list);
    fprintf(stderr, "sddf cc: %s cannot be started: %s\n", list[0], strerror(errno));
    free((void *)(uintptr_t)list);
    return EXIT_NO_COMPILER;
}
