/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Captured answers of a server: their score by Mozilla's HTTP Observatory, each deduction at the
 * header it is for, and headers that tell too much.
 */

#include "check.h"

/* A file *.http, *.headers, response*.txt or headers*.txt that begins as an answer does. */
bool captured_is_one(const struct check *c);

/* Checks the current file: 0 or a negative errno. */
int captured_check(struct check *c);

/* How many kinds of findings it tells. */
size_t captured_rules(void);
