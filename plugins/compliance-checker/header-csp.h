/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a Content-Security-Policy lets through
 */

#include "header-policy.h"

/* Judges a whole header, which may hold several policies: 0 or a negative errno. */
int header_check_csp(const struct header_place *p, struct span value);
