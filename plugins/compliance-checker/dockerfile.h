/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Control "config": what is unsafe in a Dockerfile: running as root, images without a fixed
 * version, secrets in layers, downloads that nobody checks.
 */

#include "check.h"

/* Checks the current file if it is a Dockerfile: 0 or a negative errno. */
int dockerfile_check(struct check *c);

/* How many rules there are. */
size_t dockerfile_rules(void);
