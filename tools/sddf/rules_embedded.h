/* SPDX-License-Identifier: BSD-2-Clause */
/* The pages of docs/rules, built into the tool by embed_rules.py. */
#ifndef SDDF_RULES_EMBEDDED_H
#define SDDF_RULES_EMBEDDED_H

#include "tools/sddf/rules.h"

extern const char *const RULE_PAGES[RULE_COUNT];

#endif
