/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Headers of file changes
 *
 * Finds where the next change of a file begins and reads what stands before its hunks: git's
 * extended header, or the two name lines of a plain diff.
 */

#include "patch.h"

/*
 * Goes to the next header in `t` and behind it. 1 = found and `f` is filled, 0 = there is none in
 * the rest of the text, negative = refused. `f` must be empty before.
 */
int header_find(struct text *t, unsigned strip, struct patch_file *f, struct refusal *why);

/* The numbers of a line "@@ -start,count +start,count @@" into `h`; false where it is not one. */
bool header_of_hunk(const char *line, size_t length, struct patch_hunk *h);
