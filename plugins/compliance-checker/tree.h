/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The tree
 *
 * Walks over the workspace and feeds every file to the controls.
 */

#include "feed.h"

struct tree {
        struct check *check;
        struct linhay_walk walk;
        struct feed feed;
};

/* Looks at all files: 0, or a negative errno; -ECANCELED when the run was cancelled. */
int tree_check(struct tree *t, int dirfd);
void tree_done(struct tree *t);
