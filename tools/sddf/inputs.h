/* SPDX-License-Identifier: BSD-2-Clause */
/* What the verbs about a SYSTEM.yaml read: the file, a board, the drivers; and the options that
 * name them. */
#ifndef SDDF_INPUTS_H
#define SDDF_INPUTS_H

#include "tools/sddf/model.h"

#include <getopt.h>

struct inputs {
    const char *verb; /* for messages */
    const char *system, *board_name, *board_directory, *dtb, *drivers_directory;
    struct findings findings;
    struct board board;
    struct drivers drivers;
    struct yaml_file *file;
    struct model *model; /* NULL if there was an error */
};

enum { INPUT_BOARD = 256, INPUT_BOARD_DIRECTORY, INPUT_DTB, INPUT_DRIVERS };

/* For the table of getopt_long(). */
#define INPUT_OPTIONS                                                  \
    {"board", required_argument, NULL, INPUT_BOARD},                   \
        {"board-dir", required_argument, NULL, INPUT_BOARD_DIRECTORY}, \
        {"dtb", required_argument, NULL, INPUT_DTB},                   \
    {                                                                  \
        "drivers", required_argument, NULL, INPUT_DRIVERS              \
    }

/* For the text of --help. */
#define INPUT_USAGE                                                                           \
    "  --board NAME|FILE  the board: a name in the board directory, or a file that ends in\n" \
    "                     .yaml (default: linux)\n"                                           \
    "  --board-dir DIR    where boards are found by name (default: " SDDF_BOARD_DIR ")\n"     \
    "  --dtb FILE         the board as a device tree blob, in place of --board\n"             \
    "  --drivers DIR      read DIR/CLASS/DEVICE/driver.yaml (default: the drivers of sDDF)\n"

/* Empty inputs with the defaults; NULL: out of memory. Freed, with what was read, by inputs_free().
 */
struct inputs *inputs_new(const char *verb);
void inputs_free(struct inputs *inputs);
/* Takes one of INPUT_OPTIONS; false for any other code. */
bool inputs_option(struct inputs *inputs, int code, const char *argument);
/* Takes all options of a verb that also knows --output FILE and --help, which prints `usage`. -1:
 * go on, else the exit status. */
int inputs_options(struct inputs *inputs, int argc, char **argv, const char *usage,
                   const char **output);
/* The one argument that is left, after getopt_long(), is the system. False after saying why not. */
bool inputs_system(struct inputs *inputs, int argc, char **argv);
/* Reads the board and the drivers; false after adding findings. */
bool inputs_read_board(struct inputs *inputs);
/* Reads all and makes the model; false after adding findings. */
bool inputs_read(struct inputs *inputs);
/* Says what is wrong with the command line; returns the exit status. */
int inputs_usage_error(const char *verb, const char *what);

#endif
