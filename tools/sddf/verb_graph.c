/* SPDX-License-Identifier: BSD-2-Clause */
/* sddf graph: a system as a picture, drawn by Graphviz. Run by people and builds. */
#include "tools/sddf/emit.h"
#include "tools/sddf/inputs.h"
#include "tools/sddf/verbs.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { EXIT_WRONG = 2, FORMAT_MAX = 8, NOT_FOUND = 127 };

static const char USAGE[] =
    "usage: sddf graph SYSTEM.yaml [-o FILE.svg|.png|.pdf|.dot] [--board NAME|FILE] [--dtb FILE]\n"
    "\n"
    "Draws components by trust, regions by who writes them, channels by the way of their data, "
    "and\n"
    "each device's clients together.\n"
    "\n" INPUT_USAGE
    "  -o, --output FILE  its ending is the format (default: SVG to standard output)\n";

/* -1: go on, else the exit status. */
static int parse_options(int argc, char **argv, struct inputs *inputs, const char **output)
{
    int status = inputs_options(inputs, argc, argv, USAGE, output);
    if (status != -1)
        return status;
    return inputs_system(inputs, argc, argv) ? -1 : EXIT_WRONG;
}

/* "svg" for "x.svg" and for no name; NULL if it is none that we offer. */
static const char *format_of(const char *output)
{
    static const char *const FORMATS[] = {"svg", "png", "pdf", "dot"};
    const char *ending = output == NULL ? ".svg" : strrchr(output, '.');
    for (size_t i = 0; ending != NULL && i < sizeof(FORMATS) / sizeof(FORMATS[0]); i++) {
        if (strcmp(ending + 1, FORMATS[i]) == 0)
            return FORMATS[i];
    }
    return NULL;
}

/* Runs `dot` on the text, which lies in a file without a name. */
static bool draw(FILE *text, const char *format, FILE *out)
{
    char option[FORMAT_MAX];
    char name[] = "dot";
    char *const arguments[] = {name, option, NULL};
    posix_spawn_file_actions_t actions;
    pid_t pid = 0;
    int status = 0;
    snprintf(option, sizeof(option), "-T%s", format);
    if (posix_spawn_file_actions_init(&actions) != 0)
        return false;
    posix_spawn_file_actions_adddup2(&actions, fileno(text), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, fileno(out), STDOUT_FILENO);
    int error = posix_spawnp(&pid, name, &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    while (error == 0 && waitpid(pid, &status, 0) < 0)
        error = errno == EINTR ? 0 : errno;
    if (error == ENOENT || (error == 0 && WIFEXITED(status) && WEXITSTATUS(status) == NOT_FOUND))
        fputs("sddf graph: dot: not found; install graphviz, or ask for a .dot file\n", stderr);
    else if (error != 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fputs("sddf graph: dot failed; ask for a .dot file and see what it holds\n", stderr);
    else
        return true;
    return false;
}

static bool write_graph(const struct model *model, const char *format, FILE *out)
{
    if (strcmp(format, "dot") == 0) {
        emit_dot(out, model);
        return true;
    }
    FILE *text = tmpfile();
    if (text == NULL) {
        fprintf(stderr, "sddf graph: a temporary file cannot be made: %s\n", strerror(errno));
        return false;
    }
    emit_dot(text, model);
    bool good = fflush(text) == 0 && fseek(text, 0, SEEK_SET) == 0 && draw(text, format, out);
    fclose(text);
    return good;
}

static bool graph(struct inputs *inputs, const char *format, const char *output)
{
    bool read = inputs_read(inputs);
    findings_print(&inputs->findings, stderr);
    if (!read)
        return false;
    FILE *out = output == NULL ? stdout : fopen(output, "we");
    if (out == NULL) {
        fprintf(stderr, "sddf graph: %s cannot be written: %s\n", output, strerror(errno));
        return false;
    }
    bool good = write_graph(inputs->model, format, out);
    if (output != NULL && fclose(out) != 0) {
        fprintf(stderr, "sddf graph: %s cannot be written: %s\n", output, strerror(errno));
        good = false;
    }
    return good;
}

int graph_run(int argc, char **argv)
{
    const char *output = NULL;
    struct inputs *inputs = inputs_new("graph");
    int status = inputs == NULL ? EXIT_WRONG : parse_options(argc, argv, inputs, &output);
    const char *format = format_of(output);
    if (status < 0 && format == NULL)
        status =
            inputs_usage_error("graph", "the output's name must end in .svg, .png, .pdf or .dot");
    if (status < 0 && format != NULL)
        status = graph(inputs, format, output) ? EXIT_SUCCESS : EXIT_WRONG;
    inputs_free(inputs);
    return status;
}
