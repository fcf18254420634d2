/* SPDX-License-Identifier: BSD-2-Clause */
/* `sddf microkit`, the bin/microkit of an SDK made here (make sdk). It takes what Microkit's tool
 * takes, finds what that would find wrong and what this machine cannot do, and where that writes a
 * boot image writes a package (platform/linux/package.h). Its order of looking for files is the
 * tool's: each --search-path, then the current directory. */
#include "tools/sddf/microkit.h"
#include "platform/linux/package.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_WRONG = 1 /* as the tool */ };

struct arguments {
    const char *system, *board, *config, *output, *report;
    const char *search[RUN_SEARCH_MAX];
    size_t search_count;
    const char *nothing; /* an option given for which there is nothing to write here */
    bool help;
};

static const char USAGE[] = "usage: microkit [-h] [OPTIONS] --board BOARD --config CONFIG "
                            "[--search-path SEARCH_PATH ...] system\n";

static const char HELP[] =
    "\n"
    "  system                    the system description (.system)\n"
    "  -o, --output OUTPUT       the package to write (loader.img); execute it, or `sddf run` it\n"
    "  -r, --report REPORT       the system in words (report.txt)\n"
    "  --board linux             this machine; other boards need seL4's own Microkit SDK\n"
    "  --config debug|release    release has no debug console, as on seL4\n"
    "  --search-path DIR ...     where images and prefill files are; the current directory is "
    "last\n"
    "  --image-type TYPE, --override-kernel FILE, --capdl-json FILE, --viper-output DIR\n"
    "                            taken and without effect: here are no boot image and no kernel\n";

static bool wrong(const char *what, const char *argument, const char *remedy)
{
    fprintf(stderr, "microkit: error: %s%s%s\n", what, argument, remedy);
    return false;
}

struct option_value {
    const char *name, *other;
    const char **value;
    bool nothing;
};

static bool parse_value(struct arguments *arguments, int argc, char **argv, int *at, bool *known)
{
    const char *ignored = NULL;
    const struct option_value options[] = {
        {"-o", "--output", &arguments->output, false},
        {"-r", "--report", &arguments->report, false},
        {"--board", "", &arguments->board, false},
        {"--config", "", &arguments->config, false},
        {"--image-type", "", &ignored, false},
        {"--override-kernel", "", &ignored, true},
        {"--capdl-json", "", &ignored, true},
        {"--viper-output", "", &ignored, true},
    };
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        if (strcmp(argv[*at], options[i].name) != 0 && strcmp(argv[*at], options[i].other) != 0)
            continue;
        *known = true;
        if (*at + 1 == argc)
            return wrong("argument ", argv[*at], ": expected one parameter");
        if (options[i].nothing)
            arguments->nothing = argv[*at];
        *options[i].value = argv[++*at];
        return true;
    }
    return true;
}

static bool parse_search(struct arguments *arguments, int argc, char **argv, int *at)
{
    while (*at + 1 < argc && argv[*at + 1][0] != '-') {
        if (arguments->search_count == RUN_SEARCH_MAX - 1)
            return wrong("--search-path: too many directories at ", argv[*at + 1], "");
        arguments->search[arguments->search_count++] = argv[++*at];
    }
    return true;
}

static bool parse(struct arguments *arguments, int argc, char **argv)
{
    for (int at = 1; at < argc; at++) {
        bool known = false;
        if (strcmp(argv[at], "-h") == 0 || strcmp(argv[at], "--help") == 0) {
            arguments->help = true;
            return true;
        }
        if (strcmp(argv[at], "--search-path") == 0) {
            if (!parse_search(arguments, argc, argv, &at))
                return false;
            continue;
        }
        if (!parse_value(arguments, argc, argv, &at, &known))
            return false;
        if (known)
            continue;
        if (arguments->system != NULL || argv[at][0] == '-') {
            fputs(USAGE, stderr);
            return wrong("unrecognized argument '", argv[at], "'");
        }
        arguments->system = argv[at];
    }
    return true;
}

static bool check_arguments(const struct arguments *arguments)
{
    if (arguments->system == NULL || arguments->board == NULL || arguments->config == NULL) {
        fputs(USAGE, stderr);
        return wrong("the following arguments are required: --board, --config, system", "", "");
    }
    if (strcmp(arguments->board, "linux") != 0)
        return wrong("argument --board: this SDK has one board, \"linux\"; found \"",
                     arguments->board, "\": set MICROKIT_BOARD=linux, or use seL4's own SDK");
    if (strcmp(arguments->config, "debug") != 0 && strcmp(arguments->config, "release") != 0)
        return wrong("argument --config: invalid choice '", arguments->config,
                     "' (choose from: debug, release)");
    return true;
}

int microkit_run(int argc, char **argv)
{
    static struct run run; /* too large for a stack */
    char program[SYSTEM_PATH_MAX];
    struct arguments arguments = {.output = "loader.img", .report = "report.txt"};
    if (!parse(&arguments, argc, argv))
        return EXIT_WRONG;
    if (arguments.help) {
        printf("%s%s", USAGE, HELP);
        return EXIT_SUCCESS;
    }
    if (!check_arguments(&arguments))
        return EXIT_WRONG;
    if (arguments.nothing != NULL)
        fprintf(stderr, "microkit: %s has no effect: board linux has no kernel of its own\n",
                arguments.nothing);
    arguments.search[arguments.search_count++] = ".";
    run.options.system = arguments.system;
    run.options.search_count = arguments.search_count;
    memcpy(run.options.search, arguments.search, sizeof(run.options.search));
    ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
    if (length <= 0 || !run_check(&run))
        return EXIT_WRONG;
    program[length] = '\0';
    bool written = package_write(arguments.output, run.system, program) &&
                   microkit_report(arguments.report, &run);
    return written ? EXIT_SUCCESS : EXIT_WRONG;
}
