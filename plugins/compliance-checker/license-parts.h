/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Licences that a manifest names in its own way
 *
 * "GPL-2+ or Artistic", as Debian has it, "GPL (>= 2) | file LICENSE", as R has it: joined by words
 * and signs of other kinds than SPDX's, each part a name. What a part means is looked up by itself;
 * a part that means nothing (a name that only this file explains) is left out.
 */

#include "license/file.h"

/* The expression for such a text: 1, 0 when no part of it is known, or -ENOMEM. */
int license_parts(struct license_finder *f, struct span text, char *ret, size_t size);
