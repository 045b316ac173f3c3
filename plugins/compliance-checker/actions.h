/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Control "config": workflows and actions of GitHub
 *
 * Files in .github/workflows/ and action.yml: who can bring his own text into a script, what is
 * run that nobody pinned, which rights and secrets jobs are given, and what a pull request from a
 * stranger can reach.
 */

#include "check.h"

/* Checks the current file if it is a workflow or an action: 0 or a negative errno. */
int actions_check(struct check *c);

/* How many rules there are. */
size_t actions_rules(void);
