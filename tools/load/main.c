/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sddf-load, the UDP load generator: sends to echo servers, verifies each echo and reports rate,
 * loss and round trip. Run by people, tests and benchmarks, on Linux. It trusts its command line
 * and its kernel, and nothing that it receives.
 */
#include "csv.h"
#include "options.h"
#include "report.h"
#include "run.h"
#include "trials.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

/* NULL if no path is given. */
static FILE *open_file(const char *option, const char *path)
{
    FILE *file = path == NULL ? NULL : fopen(path, "we");
    if (file == NULL && path != NULL) {
        fprintf(stderr, "sddf-load: option %s: found \"%s\", %s; expected a file to write\n",
                option, path, strerror(errno));
        exit(2);
    }
    return file;
}

/* Says so if the result did not get where it should. */
static int finish(FILE *file, const char *name)
{
    if (file == NULL) {
        return EXIT_SUCCESS;
    }
    int failed = ferror(file);
    if (fclose(file) != 0 || failed) {
        fprintf(stderr, "sddf-load: %s: the result could not be written whole: %s\n", name,
                strerror(errno));
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}

static bool run_once(const struct options *options, FILE *json, FILE *csv)
{
    static struct result result; /* 35 KiB of histogram */
    if (!run(options, &stop, &result)) {
        return false;
    }
    report_line(stdout, options, &result);
    report_json(stdout, options, &result);
    if (json != NULL) {
        report_json(json, options, &result);
    }
    if (csv != NULL) {
        csv_row(csv, options, &result);
    }
    return true;
}

int main(int argc, char **argv)
{
    const struct options options = options_parse(argc, argv);
    FILE *json = open_file("--json", options.json_path);
    FILE *csv = open_file("--csv", options.csv_path);
    const struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (csv != NULL) {
        csv_header(csv);
    }
    bool done =
        options.rfc2544 ? trials_run(&options, &stop, json, csv) : run_once(&options, json, csv);
    int failed = finish(json, options.json_path);
    failed |= finish(csv, options.csv_path);
    failed |= finish(stdout, "standard output");
    return done ? failed : EXIT_FAILURE;
}
