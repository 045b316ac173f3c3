/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Actions on packs of rules: list, explain, test, compile, import. `linhay rules VERB` runs them.
 */

#include "scanner.h"

/* The packs that are part of this program. */
struct rules_builtin {
        const char *control; /* "secrets" */
        const struct rule_pack *pack;
};

/* Runs the action if it is one of these: what it returned; 1 if it is none. */
int rules_run(struct linhay_run *run, const struct rules_builtin *builtin, size_t n);
