/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Control "secrets": what the matcher finds, less what the policy allows.
 */

#include "check.h"

/* Scans this part of the file: 0 or a negative errno. */
int secrets_check(struct check *c);
