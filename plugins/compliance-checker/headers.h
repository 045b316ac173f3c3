/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Control "headers": what servers send and let through. It knows configuration of servers and
 * captured answers by their names and contents, and hands each file to its own rules. What such
 * configuration says beside headers, TLS and requests belongs to the control "config".
 */

#include "check.h"

/* Check the current file if it is of a kind known here: 0 or a negative errno. */
int headers_check(struct check *c);
int headers_check_config(struct check *c);

/* How many rules there are for each of the two. */
size_t headers_rules(void);
size_t headers_config_rules(void);
