/* SPDX-License-Identifier: BSD-2-Clause */
/* sddf, the host tool: one command per verb. Run by people and builds. */
#include "tools/sddf/verbs.h"
#ifdef SDDF_HAVE_RUN
#include "platform/linux/run.h"
#include "tools/sddf/microkit.h"
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_USAGE = 2 };

struct verb {
    const char *name;
    int (*run)(int argc, char **argv); /* argv[0] is the verb */
    const char *summary;
};

static const struct verb VERBS[] = {
    {"gen", gen_run, "SYSTEM.yaml to .system, configuration and graph"},
    {"check", check_run, "what is wrong with SYSTEM.yaml or FILE.system"},
    {"explain", explain_run, "why a rule exists, and what to do"},
    {"graph", graph_run, "SYSTEM.yaml to a picture"},
    {"schema", schema_run, "the JSON Schema of SYSTEM.yaml, for editors"},
#ifdef SDDF_HAVE_RUN
    {"run", linux_run, "start a .system on this machine"},
    {"microkit", microkit_run, "what an SDK's bin/microkit does: check a .system, pack it for run"},
    {"cc", cc_run, "compile and link an image for this machine"},
#endif
};

enum { VERB_COUNT = sizeof(VERBS) / sizeof(VERBS[0]) };

static void print_usage(FILE *out)
{
    fputs("usage: sddf VERB ...\n\n", out);
    for (size_t i = 0; i < VERB_COUNT; i++)
        fprintf(out, "  %-8s  %s\n", VERBS[i].name, VERBS[i].summary);
    fputs("\nsddf VERB --help tells more; sddf --version says which sDDF this is.\n", out);
}

int main(int argc, char **argv)
{
#ifdef SDDF_HAVE_RUN
    const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
    if (argc > 0 && strcmp(slash != NULL ? slash + 1 : argv[0], "microkit") == 0)
        return microkit_run(argc, argv);
#endif
    if (argc < 2) {
        print_usage(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_usage(stdout);
        return EXIT_SUCCESS;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("sddf " SDDF_VERSION);
        return EXIT_SUCCESS;
    }
    for (size_t i = 0; i < VERB_COUNT; i++) {
        if (strcmp(argv[1], VERBS[i].name) == 0)
            return VERBS[i].run(argc - 1, argv + 1);
    }
    fprintf(stderr, "sddf: found the verb \"%s\", expected one of those in sddf --help\n", argv[1]);
    return EXIT_USAGE;
}
