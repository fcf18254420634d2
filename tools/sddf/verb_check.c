/* SPDX-License-Identifier: BSD-2-Clause */
/* sddf check: everything that is wrong with a description and can be known before building. Run by
 * people, editors and builds; trusts no file. */
#include "platform/linux/description/reader.h"
#include "tools/sddf/inputs.h"
#include "tools/sddf/verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_WRONG = 2, SEARCH_MAX = 32 };

static const char USAGE[] =
    "usage: sddf check SYSTEM.yaml|FILE.system [--board NAME|FILE] [--dtb FILE] [--json]\n"
    "\n"
    "Says what is wrong with a description of ours, or a .system file by whoever, each finding as\n"
    "  FILE:LINE:COLUMN: OBJECT: what was found, what is expected; what to do [RULE]\n"
    "and exits with 2 if there is an error, with 0 if there are warnings only. sddf explain RULE\n"
    "tells more.\n"
    "\n" INPUT_USAGE
    "  --search DIR       where images of a .system file are; without it they may be missing\n"
    "  --json             an array of objects, for editors\n"
    "  --verbose          how much is left of what is limited, too\n";

struct options {
    bool json, verbose;
    const char *search[SEARCH_MAX];
    size_t search_count;
};

/* -1: go on, else the exit status. */
static int parse_options(int argc, char **argv, struct inputs *inputs, struct options *options)
{
    static const struct option LONG[] = {
        INPUT_OPTIONS,
        {"search", required_argument, NULL, 's'},
        {"json", no_argument, NULL, 'j'},
        {"verbose", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    for (int option = 0; (option = getopt_long(argc, argv, "h", LONG, NULL)) != -1;) {
        if (option == 'h') {
            fputs(USAGE, stdout);
            return EXIT_SUCCESS;
        }
        if (option == 'j')
            options->json = true;
        else if (option == 'v')
            options->verbose = true;
        else if (option == 's' && options->search_count == SEARCH_MAX)
            return inputs_usage_error("check", "found --search too often, expected 32 at most");
        else if (option == 's')
            options->search[options->search_count++] = optarg;
        else if (!inputs_option(inputs, option, optarg))
            return EXIT_WRONG;
    }
    return inputs_system(inputs, argc, argv) ? -1 : EXIT_WRONG;
}

static bool has_ending(const char *name, const char *ending)
{
    size_t length = strlen(name);
    return length > strlen(ending) && strcmp(name + length - strlen(ending), ending) == 0;
}

static void check_system_file(struct inputs *inputs, const struct options *options)
{
    struct system_source source = {
        .name = inputs->system,
        .search = options->search,
        .search_count = options->search_count,
        .files_may_miss = options->search_count == 0,
        .thorough = true,
    };
    if (!inputs_read_board(inputs))
        return;
    source.board = &inputs->board;
    source.not_for_linux = strcmp(inputs->board.arch, "host") != 0;
    system_free(system_read_from(&source, &inputs->findings));
}

static void check_file(struct inputs *inputs, const struct options *options)
{
    if (has_ending(inputs->system, ".system"))
        check_system_file(inputs, options);
    else if (inputs_read(inputs) && options->verbose)
        headroom_print(inputs->model, stdout);
}

int check_run(int argc, char **argv)
{
    struct options options = {0};
    struct inputs *inputs = inputs_new("check");
    int status = inputs == NULL ? EXIT_WRONG : parse_options(argc, argv, inputs, &options);
    if (status < 0) {
        check_file(inputs, &options);
        if (options.json)
            findings_print_json(&inputs->findings, stdout);
        else
            findings_print(&inputs->findings, stdout);
        status = inputs->findings.errors == 0 ? EXIT_SUCCESS : EXIT_WRONG;
    }
    inputs_free(inputs);
    return status;
}
