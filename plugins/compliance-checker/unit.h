/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Control "config": units of systemd
 *
 * How much of the machine a service could reach if it were taken over, as one figure for each unit
 * with what would bring it down, and single findings for what is plainly wrong: programs that
 * anybody can replace, secrets in variables, sockets and folders that are open to all.
 */

#include "check.h"

/* Checks the current file if it is a unit or a drop-in: 0 or a negative errno. */
int unit_check(struct check *c);

/* How many rules there are. */
size_t unit_rules(void);
