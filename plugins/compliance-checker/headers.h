/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Control "headers": what servers send and let through. It knows configuration of servers and
 * captured answers by their names and contents, and hands each file to its own rules.
 */

#include "check.h"

/* Checks the current file if it is of a kind this control knows: 0 or a negative errno. */
int headers_check(struct check *c);

/* How many rules there are. */
size_t headers_rules(void);
