/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Cyclomatic complexity
 *
 * 1 + the decisions of a function, as lizard counts them: if, loops, case labels, catch, ?:, && and
 * ||; in C the #if around code; in Python also `finally` and the for and if of comprehensions.
 */

#include "metrics.h"

/* What the node under the walk adds to its function. */
uint32_t cyclomatic_of(struct walk *w);
