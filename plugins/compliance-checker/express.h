/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Programs with Express and its middleware (helmet, cors, sessions, cookies), by their syntax tree
 */

#include "check.h"

/* A JavaScript or TypeScript file that loads express or helmet? */
bool express_is_one(const struct check *c);

/* Checks the current file: 0 or a negative errno. */
int express_check(struct check *c);

/* How many kinds of findings it tells. */
size_t express_rules(void);
