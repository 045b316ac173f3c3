/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Control "headers": security headers of nginx configuration, with nginx's own rule of inheritance
 * (a block that has one add_header of its own inherits none), and the faults that let a client
 * choose headers, hosts or paths.
 */

#include "check.h"

/* Checks the current file if it is nginx configuration: 0 or a negative errno. */
int headers_check(struct check *c);

/* How many rules there are. */
size_t headers_rules(void);
