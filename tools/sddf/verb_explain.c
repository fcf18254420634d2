/* SPDX-License-Identifier: BSD-2-Clause */
/* sddf explain: the page of a rule (docs/rules), or the list of all. Run by people. */
#include "tools/sddf/findings.h"
#include "tools/sddf/rules_embedded.h"
#include "tools/sddf/verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_WRONG = 2 };

/* A page begins "# RULE: what it is about". */
static void print_list(void)
{
    for (enum rule rule = 0; rule < RULE_COUNT; rule++) {
        const char *title = strchr(RULE_PAGES[rule], ':');
        int length = title == NULL ? 0 : (int)strcspn(title + 1, "\n");
        printf("%-24s %-8s%.*s\n", rule_name(rule),
               rule_level(rule) == WARNING ? "warning" : "error", length,
               title == NULL ? "" : title + 1);
    }
}

int explain_run(int argc, char **argv)
{
    const char *names[RULE_COUNT + 1] = {NULL};
    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        puts("usage: sddf explain [RULE]\n\nPrints the page of a rule, or lists all rules.");
        return EXIT_SUCCESS;
    }
    if (argc == 1) {
        print_list();
        return EXIT_SUCCESS;
    }
    for (enum rule rule = 0; rule < RULE_COUNT; rule++) {
        names[rule] = rule_name(rule);
        if (argc == 2 && strcmp(argv[1], names[rule]) == 0) {
            fputs(RULE_PAGES[rule], stdout);
            return EXIT_SUCCESS;
        }
    }
    const char *nearest = nearest_word(argv[1], names);
    fprintf(stderr, "sddf explain: found no rule \"%s\"; %s%s%s\n", argv[1],
            nearest == NULL ? "sddf explain lists them" : "did you mean \"",
            nearest == NULL ? "" : nearest, nearest == NULL ? "" : "\"?");
    return EXIT_WRONG;
}
