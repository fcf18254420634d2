/* SPDX-License-Identifier: BSD-2-Clause */
/* The rules that descriptions are checked by. Each has a page in docs/rules/NAME.md, which
 * `sddf explain NAME` prints; a rule without a page does not build. */
#ifndef SDDF_RULES_H
#define SDDF_RULES_H

enum rule_level { WARNING, ERROR };

/* One line per rule: its constant, its name, how serious it is. */
#define SDDF_RULES(RULE)                                          \
    /* files and their text */                                    \
    RULE(CANNOT_READ, "cannot-read", ERROR)                       \
    RULE(CANNOT_WRITE, "cannot-write", ERROR)                     \
    RULE(SYNTAX, "syntax", ERROR)                                 \
    RULE(FILE_LIMIT, "file-limit", ERROR)                         \
    RULE(MISSING_FILE, "missing-file", ERROR)                     \
    /* keys and values by themselves */                           \
    RULE(UNKNOWN_KEY, "unknown-key", ERROR)                       \
    RULE(MISSING_KEY, "missing-key", ERROR)                       \
    RULE(DUPLICATE_KEY, "duplicate-key", ERROR)                   \
    RULE(MISPLACED_ELEMENT, "misplaced-element", ERROR)           \
    RULE(WRONG_TYPE, "wrong-type", ERROR)                         \
    RULE(UNIT, "unit", ERROR)                                     \
    RULE(OUT_OF_RANGE, "out-of-range", ERROR)                     \
    RULE(POWER_OF_TWO, "power-of-two", ERROR)                     \
    RULE(BAD_NAME, "bad-name", ERROR)                             \
    RULE(BAD_ADDRESS, "bad-address", ERROR)                       \
    RULE(PERMISSIONS, "permissions", ERROR)                       \
    RULE(NOT_ON_LINUX, "not-on-linux", ERROR)                     \
    RULE(NOT_YET_SUPPORTED, "not-yet-supported", ERROR)           \
    /* names that must be found, or not twice */                  \
    RULE(DUPLICATE_NAME, "duplicate-name", ERROR)                 \
    RULE(DUPLICATE_ADDRESS, "duplicate-address", ERROR)           \
    RULE(DUPLICATE_ID, "duplicate-id", ERROR)                     \
    RULE(DUPLICATE_INTERRUPT, "duplicate-interrupt", ERROR)       \
    RULE(DUPLICATE_SYMBOL, "duplicate-symbol", ERROR)             \
    RULE(UNKNOWN_COMPONENT, "unknown-component", ERROR)           \
    RULE(UNKNOWN_REGION, "unknown-region", ERROR)                 \
    RULE(UNKNOWN_DEVICE, "unknown-device", ERROR)                 \
    RULE(NO_DRIVER, "no-driver", ERROR)                           \
    RULE(NO_TIMER, "no-timer", ERROR)                             \
    RULE(NO_MONITOR, "no-monitor", ERROR)                         \
    RULE(CLIENT_TWICE, "client-twice", ERROR)                     \
    RULE(NO_CLIENT, "no-client", ERROR)                           \
    RULE(CHILD_ID, "child-id", ERROR)                             \
    /* limits */                                                  \
    RULE(TOO_MANY_PDS, "too-many-pds", ERROR)                     \
    RULE(TOO_MANY_CLIENTS, "too-many-clients", ERROR)             \
    RULE(TOO_MANY_CHANNELS, "too-many-channels", ERROR)           \
    RULE(TOO_MANY_CAPABILITIES, "too-many-capabilities", ERROR)   \
    RULE(TOO_FEW_BUFFERS, "too-few-buffers", ERROR)               \
    RULE(TOO_MANY_BUFFERS, "too-many-buffers", ERROR)             \
    RULE(QUEUE_TOO_SMALL, "queue-too-small", ERROR)               \
    /* scheduling and calls */                                    \
    RULE(BUDGET_ABOVE_PERIOD, "budget-above-period", ERROR)       \
    RULE(PERIOD_WITHOUT_BUDGET, "period-without-budget", ERROR)   \
    RULE(CPU_OVERCOMMITTED, "cpu-overcommitted", WARNING)         \
    RULE(CLIENT_ABOVE_SERVER, "client-above-server", ERROR)       \
    RULE(CHANNEL_ENDS, "channel-ends", ERROR)                     \
    RULE(PPC_PRIORITY, "ppc-priority", ERROR)                     \
    RULE(PPC_CYCLE, "ppc-cycle", ERROR)                           \
    RULE(PASSIVE_UNCALLED, "passive-uncalled", ERROR)             \
    RULE(PASSIVE_CALLERS, "passive-callers", WARNING)             \
    RULE(PASSIVE_BUDGET, "passive-budget", ERROR)                 \
    RULE(PASSIVE_RESTART, "passive-restart", ERROR)               \
    RULE(PARENT_PRIORITY, "parent-priority", WARNING)             \
    /* memory */                                                  \
    RULE(ADDRESS_ZERO, "address-zero", ERROR)                     \
    RULE(MISALIGNED, "misaligned", ERROR)                         \
    RULE(OUTSIDE_WINDOW, "outside-window", ERROR)                 \
    RULE(OVERLAP, "overlap", ERROR)                               \
    RULE(NO_ROOM, "no-room", ERROR)                               \
    RULE(SHARED_PAGE, "shared-page", ERROR)                       \
    RULE(MIXED_CACHING, "mixed-caching", ERROR)                   \
    RULE(DMA_WITHOUT_IO_ADDRESS, "dma-without-io-address", ERROR) \
    RULE(SMALL_PAGES, "small-pages", WARNING)                     \
    RULE(UNMAPPED_REGION, "unmapped-region", WARNING)

#define SDDF_RULE_CONSTANT(constant, name, level) RULE_##constant,
enum rule { SDDF_RULES(SDDF_RULE_CONSTANT) RULE_COUNT };
#undef SDDF_RULE_CONSTANT

const char *rule_name(enum rule rule);
enum rule_level rule_level(enum rule rule);

#endif
