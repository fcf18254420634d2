/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sddf-load, the UDP load generator: sends to echo servers, verifies each echo and reports rate,
 * loss and round trip. Run by people, tests and benchmarks, on Linux. It trusts its command line
 * and its kernel, and nothing that it receives.
 */
#include "options.h"
#include "report.h"
#include "run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

static FILE *open_json(const char *path)
{
    FILE *file = fopen(path, "we");
    if (file == NULL) {
        fprintf(stderr, "sddf-load: option --json: found \"%s\", %s; expected a file to write\n",
                path, strerror(errno));
        exit(2);
    }
    return file;
}

/* Says so if the result did not get where it should. */
static int finish(FILE *file, const char *name)
{
    int failed = ferror(file);
    if (fclose(file) != 0 || failed) {
        fprintf(stderr, "sddf-load: %s: the result could not be written whole: %s\n", name,
                strerror(errno));
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    static struct result result; /* 35 KiB of histogram */
    const struct options options = options_parse(argc, argv);
    FILE *json = options.json_path != NULL ? open_json(options.json_path) : NULL;
    const struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);

    if (!run(&options, &stop, &result)) {
        return EXIT_FAILURE;
    }
    report_line(stdout, &options, &result);
    report_json(stdout, &options, &result);
    int status = EXIT_SUCCESS;
    if (json != NULL) {
        report_json(json, &options, &result);
        status = finish(json, options.json_path);
    }
    return finish(stdout, "standard output") == EXIT_SUCCESS ? status : EXIT_FAILURE;
}
