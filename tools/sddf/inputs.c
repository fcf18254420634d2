/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads what a verb needs (inputs.h). Run by the host tool; trusts no file. */
#include "tools/sddf/inputs.h"

#include "tools/sddf/board_dtb.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_USAGE = 2, PATH_BYTES = 4096 };

struct inputs *inputs_new(const char *verb)
{
    struct inputs *inputs = calloc(1, sizeof(*inputs));
    if (inputs == NULL) {
        fprintf(stderr, "sddf %s: out of memory\n", verb);
        return NULL;
    }
    inputs->verb = verb;
    inputs->board_name = "linux";
    inputs->board_directory = SDDF_BOARD_DIR;
    return inputs;
}

void inputs_free(struct inputs *inputs)
{
    if (inputs == NULL)
        return;
    model_free(inputs->model);
    yaml_file_free(inputs->file);
    findings_free(&inputs->findings);
    free(inputs);
}

bool inputs_option(struct inputs *inputs, int code, const char *argument)
{
    switch (code) {
    case INPUT_BOARD:
        inputs->board_name = argument;
        return true;
    case INPUT_BOARD_DIRECTORY:
        inputs->board_directory = argument;
        return true;
    case INPUT_DTB:
        inputs->dtb = argument;
        return true;
    case INPUT_DRIVERS:
        inputs->drivers_directory = argument;
        return true;
    default: /* getopt has said what */
        return false;
    }
}

int inputs_usage_error(const char *verb, const char *what)
{
    fprintf(stderr, "sddf %s: %s; see sddf %s --help\n", verb, what, verb);
    return EXIT_USAGE;
}

int inputs_options(struct inputs *inputs, int argc, char **argv, const char *usage,
                   const char **output)
{
    static const struct option LONG[] = {
        INPUT_OPTIONS,
        {"output", required_argument, NULL, 'o'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    for (int option = 0; (option = getopt_long(argc, argv, "o:h", LONG, NULL)) != -1;) {
        if (option == 'h') {
            fputs(usage, stdout);
            return EXIT_SUCCESS;
        }
        if (option == 'o')
            *output = optarg;
        else if (!inputs_option(inputs, option, optarg))
            return EXIT_USAGE;
    }
    return -1;
}

bool inputs_system(struct inputs *inputs, int argc, char **argv)
{
    if (argc - optind != 1) {
        inputs_usage_error(inputs->verb, argc == optind
                                             ? "the system's file is missing"
                                             : "found more than one system, expected one");
        return false;
    }
    inputs->system = argv[optind];
    return true;
}

static bool read_dtb(struct inputs *inputs)
{
    FILE *stream = fopen(inputs->dtb, "rbe");
    unsigned char *blob = malloc(BOARD_DTB_MAX + 1);
    bool good = false;
    if (stream == NULL || blob == NULL) {
        findings_add_file(&inputs->findings, RULE_CANNOT_READ, inputs->dtb,
                          "cannot be opened: %s" REMEDY "give a device tree blob", strerror(errno));
    } else {
        size_t size = fread(blob, 1, BOARD_DTB_MAX + 1, stream);
        if (ferror(stream))
            findings_add_file(&inputs->findings, RULE_CANNOT_READ, inputs->dtb,
                              "cannot be read: %s" REMEDY "give a device tree blob",
                              strerror(errno));
        else
            good = board_parse_dtb(inputs->dtb, blob, size, &inputs->drivers, &inputs->board,
                                   &inputs->findings);
    }
    if (stream != NULL)
        fclose(stream);
    free(blob);
    return good;
}

/* A name has neither a slash nor the ending of a file. */
static bool read_board_file(struct inputs *inputs)
{
    static const char ENDING[] = ".yaml";
    const char *name = inputs->board_name;
    size_t length = strlen(name);
    char path[PATH_BYTES];
    bool is_file = strchr(name, '/') != NULL ||
                   (length > strlen(ENDING) && strcmp(name + length - strlen(ENDING), ENDING) == 0);
    int size = is_file
                   ? snprintf(path, sizeof(path), "%s", name)
                   : snprintf(path, sizeof(path), "%s/%s%s", inputs->board_directory, name, ENDING);
    if (size >= (int)sizeof(path)) {
        findings_add_file(&inputs->findings, RULE_CANNOT_READ, "--board",
                          "the path of board %.64s... is too long" REMEDY "shorten it", name);
        return false;
    }
    return board_read_into(path, &inputs->board, &inputs->findings);
}

bool inputs_read_board(struct inputs *inputs)
{
    return drivers_read(inputs->drivers_directory, &inputs->drivers, &inputs->findings) &&
           (inputs->dtb == NULL ? read_board_file(inputs) : read_dtb(inputs));
}

bool inputs_read(struct inputs *inputs)
{
    inputs->file = yaml_file_read(inputs->system, &inputs->findings);
    if (!inputs_read_board(inputs) || inputs->file == NULL)
        return false;
    inputs->model = model_make(inputs->file, &inputs->board, &inputs->drivers);
    return inputs->model != NULL;
}
