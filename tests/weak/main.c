/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs the transport's real code on the simulated machine, exhaustively: see machine.h. */
#include "explore.h"
#include "scenario.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *const memory_names[] = {"TSO", "weak"};

#define LAST (-2U) /* indices begin so that they wrap */

static const struct {
    struct run run;
    bool in_long; /* only with --long */
} runs[] = {
    {{&stream, TSO, .capacity = 1, .entries = 3, .publishes = 1, .threshold = 1, .start = LAST}, 0},
    {{&stream, TSO, .capacity = 2, .entries = 3, .publishes = 2, .threshold = 2, .start = LAST}, 0},
    {{&stream, TSO, .capacity = 4, .entries = 5, .publishes = 2, .threshold = 1, .start = LAST}, 0},
    {{&stream, WEAK, .capacity = 1, .entries = 3, .publishes = 1, .threshold = 1, .start = LAST},
     0},
    {{&stream, WEAK, .capacity = 2, .entries = 4, .publishes = 2, .threshold = 1, .start = LAST},
     0},
    {{&stream, WEAK, .capacity = 2, .entries = 4, .publishes = 2, .threshold = 2, .start = LAST},
     0},
    {{&stream, WEAK, .capacity = 4, .entries = 5, .publishes = 2, .threshold = 1, .start = LAST},
     0},
    {{&stream, WEAK, .capacity = 4, .entries = 5, .publishes = 3, .threshold = 4, .start = LAST},
     0},
    {{&stream, TSO, .capacity = 1, .entries = 3, .publishes = 1, .threshold = 1, .room = 1,
      .start = LAST},
     0},
    {{&stream, TSO, .capacity = 2, .entries = 4, .publishes = 1, .threshold = 1, .room = 2,
      .start = LAST},
     0},
    {{&stream, WEAK, .capacity = 1, .entries = 2, .publishes = 1, .threshold = 1, .room = 1,
      .start = LAST},
     0},
    {{&stream, WEAK, .capacity = 2, .entries = 3, .publishes = 1, .threshold = 1, .room = 2,
      .start = LAST},
     0},
    {{&restart, TSO, .capacity = 1, .entries = 1, .restarts = 1}, 0},
    {{&buffers, TSO, .capacity = 1, .entries = 2, .restarts = 1}, 0},
    {{&restart, WEAK, .capacity = 1, .entries = 1, .restarts = 1}, 0},
    {{&buffers, WEAK, .capacity = 1, .entries = 1, .restarts = 1}, 0},
    {{&restart, WEAK, .capacity = 1, .entries = 3, .restarts = 1, .one_way = true}, 0},
    {{&lazy, TSO, .capacity = 1, .entries = 2, .threshold = 1, .start = LAST}, 0},
    {{&lazy, WEAK, .capacity = 1, .entries = 1, .threshold = 1, .start = LAST}, 0},
    {{&lazy, TSO, .capacity = 2, .entries = 2, .threshold = 2, .start = LAST}, 0},

    {{&stream, WEAK, .capacity = 4, .entries = 7, .publishes = 2, .threshold = 1, .start = LAST},
     1},
    {{&stream, WEAK, .capacity = 4, .entries = 6, .publishes = 3, .threshold = 4, .start = LAST},
     1},
    {{&restart, TSO, .capacity = 1, .entries = 1, .restarts = 2}, 1},
    {{&restart, TSO, .capacity = 2, .entries = 3, .restarts = 1}, 1},
    {{&restart, WEAK, .capacity = 2, .entries = 2, .restarts = 1}, 1},
    {{&restart, WEAK, .capacity = 1, .entries = 2, .restarts = 1}, 1},
    {{&buffers, WEAK, .capacity = 2, .entries = 2, .restarts = 1}, 1},
    {{&lazy, WEAK, .capacity = 1, .entries = 2, .threshold = 1, .start = LAST}, 1},
};

enum { RUNS = sizeof(runs) / sizeof(runs[0]) };

static bool report(const struct run *what, unsigned number, bool trace)
{
    clock_t begin = clock();
    struct result result = explore(what, trace);
    bool holds = result.why == NULL;
    printf("%s %u - %s on %s, capacity %u, %u entries", holds ? "ok" : "not ok", number,
           what->scenario->name, memory_names[what->memory], what->capacity, what->entries);
    if (what->threshold > 1) {
        printf(", arms for up to %u", what->threshold);
    }
    if (what->publishes > 1) {
        printf(", %u publishes a check", what->publishes);
    }
    if (what->room > 0) {
        printf(", waits for room of up to %u", what->room);
    }
    if (what->one_way) {
        printf(" one way");
    }
    if (what->restarts > 0) {
        printf(", %u restart(s)", what->restarts);
    }
    printf(": %s (%llu states, paths to %u, %.1f s)\n", holds ? "holds" : result.why,
           (unsigned long long)result.states, result.depth,
           (double)(clock() - begin) / CLOCKS_PER_SEC);
    fflush(stdout);
    return holds;
}

int main(int argc, char **argv)
{
    bool trace = false, in_long = false, until_failure = false, failed = false;
    const char *only = "";
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--trace") == 0) {
            trace = true;
        } else if (strcmp(argv[i], "--long") == 0) {
            in_long = true;
        } else if (strcmp(argv[i], "--until-failure") == 0) {
            until_failure = true;
        } else if (argv[i][0] != '-') {
            only = argv[i];
        } else {
            fprintf(stderr,
                    "weak: unknown option %s; known: --long, --trace (print how it fails), "
                    "--until-failure, the beginning of a scenario's name\n",
                    argv[i]);
            return 2;
        }
    }
    unsigned number = 0;
    for (unsigned i = 0; i < RUNS && !(failed && until_failure); i++) {
        if (runs[i].in_long <= in_long &&
            strncmp(runs[i].run.scenario->name, only, strlen(only)) == 0) {
            failed |= !report(&runs[i].run, ++number, trace);
        }
    }
    printf("1..%u\n", number);
    return failed || number == 0;
}
