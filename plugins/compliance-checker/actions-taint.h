/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Whose text is it?
 *
 * What a stranger can write (the title of an issue, the name of a branch), what is only known at
 * run time (an output, an input), and what is harmless wherever it stands (a commit's hash). A
 * variable or a matrix is followed to where the file sets it.
 */

#include "actions-expr.h"
#include "actions-file.h"

enum actions_taint {
        TAINT_NONE,
        TAINT_DYNAMIC,  /* not known here */
        TAINT_STRANGER, /* can be written by somebody without rights */
};

/* What can come out of one expression of a step; `text` is what stands between the braces. */
int actions_taint(struct actions *a, const struct actions_step *s, struct span text,
                  enum actions_taint *ret);
