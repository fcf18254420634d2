/* SPDX-License-Identifier: BSD-2-Clause */
/* sddf gen: reads the command line, runs the passes, writes the results. Nothing is written unless
 * all is right. Run by people and builds. */
#include "tools/sddf/gen.h"
#include "tools/sddf/model.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_WRONG = 1, EXIT_USAGE = 2, PATH_BYTES = 4096 };

static const char USAGE[] =
    "usage: sddf gen SYSTEM.yaml --board NAME|FILE -o DIR [--board-dir DIR] [--drivers DIR]\n"
    "\n"
    "Writes into DIR what Microkit, and sddf run, need to build the system NAME of SYSTEM.yaml:\n"
    "  NAME.system    protection domains, memory regions, channels\n"
    "  INSTANCE.bin   the configuration of each component, one file per instance\n"
    "  NAME.dot       a picture: dot -Tsvg NAME.dot\n"
    "\n"
    "  --board NAME|FILE  the board: a name in the board directory, or a file that ends in .yaml\n"
    "  --board-dir DIR    where boards are found by name (default: " SDDF_BOARD_DIR ")\n"
    "  --drivers DIR      read DIR/CLASS/DEVICE/driver.yaml (default: the drivers of sDDF)\n"
    "  -o, --output DIR   made if it is not there\n";

struct options {
    const char *system, *board, *board_directory, *drivers, *output;
};

static int usage_error(const char *what)
{
    fprintf(stderr, "sddf gen: %s; see sddf gen --help\n", what);
    return EXIT_USAGE;
}

/* -1: go on, else the exit status. */
static int parse_options(int argc, char **argv, struct options *options)
{
    static const struct option LONG[] = {
        {"board", required_argument, NULL, 'b'},   {"board-dir", required_argument, NULL, 'B'},
        {"drivers", required_argument, NULL, 'd'}, {"output", required_argument, NULL, 'o'},
        {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0},
    };
    *options = (struct options){.board_directory = SDDF_BOARD_DIR};
    for (int option = 0; (option = getopt_long(argc, argv, "o:h", LONG, NULL)) != -1;) {
        switch (option) {
        case 'b':
            options->board = optarg;
            break;
        case 'B':
            options->board_directory = optarg;
            break;
        case 'd':
            options->drivers = optarg;
            break;
        case 'o':
            options->output = optarg;
            break;
        case 'h':
            fputs(USAGE, stdout);
            return EXIT_SUCCESS;
        default: /* getopt has said what */
            return EXIT_USAGE;
        }
    }
    if (argc - optind != 1)
        return usage_error(argc == optind ? "the system's file is missing"
                                          : "found more than one system, expected one");
    options->system = argv[optind];
    if (options->board == NULL)
        return usage_error("the board is missing, as --board linux");
    if (options->output == NULL)
        return usage_error("the directory to write to is missing, as -o build/echo");
    return -1;
}

/* A name has neither a slash nor the ending of a file. */
static bool find_board(const struct options *options, struct board *board)
{
    static const char ENDING[] = ".yaml";
    const char *name = options->board;
    size_t length = strlen(name);
    char path[PATH_BYTES];
    bool is_file = strchr(name, '/') != NULL ||
                   (length > strlen(ENDING) && strcmp(name + length - strlen(ENDING), ENDING) == 0);
    int size =
        is_file ? snprintf(path, sizeof(path), "%s", name)
                : snprintf(path, sizeof(path), "%s/%s%s", options->board_directory, name, ENDING);
    if (size >= (int)sizeof(path)) {
        fprintf(stderr, "sddf gen: the path of board %.64s... is too long\n", name);
        return false;
    }
    return board_read(path, board);
}

static int generate(const struct options *options, struct board *board, struct drivers *drivers)
{
    struct yaml_file *file = yaml_file_read(options->system);
    if (file == NULL)
        return EXIT_WRONG;
    struct model *model = NULL;
    if (find_board(options, board) && drivers_read(options->drivers, drivers))
        model = model_make(file, board, drivers);
    bool good = model != NULL && emit_all(model, options->output);
    model_free(model);
    yaml_file_free(file);
    return good ? EXIT_SUCCESS : EXIT_WRONG;
}

int gen_run(int argc, char **argv)
{
    struct options options;
    int status = parse_options(argc, argv, &options);
    if (status >= 0)
        return status;
    struct board *board = calloc(1, sizeof(*board));
    struct drivers *drivers = calloc(1, sizeof(*drivers));
    status = EXIT_WRONG;
    if (board != NULL && drivers != NULL)
        status = generate(&options, board, drivers);
    free(drivers);
    free(board);
    return status;
}
