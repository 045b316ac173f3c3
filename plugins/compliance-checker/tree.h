/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The tree
 *
 * Walks over the workspace and gives every text, in parts that overlap, to the controls. One buffer
 * serves all files. A file is looked at up to TREE_FILE_LIMIT bytes; what lies behind is listed as
 * not scanned. Only files that fit into one part are shown to the controls that need a whole file.
 */

#include "check.h"

#define TREE_PART       (4 * 1024 * 1024)
#define TREE_OVERLAP    (128 * 1024) /* longest secret that is found across two parts */
#define TREE_CONTEXT    4096         /* bytes before a part that its rules may see */
#define TREE_FILE_LIMIT (256ULL * 1024 * 1024)

struct tree {
        struct check *check;
        struct linhay_walk walk;
        char *data; /* TREE_PART bytes and a NUL */
        char *utf8; /* three halves of that, once a UTF-16 file was met */
};

/* Looks at all files: 0, or a negative errno; -ECANCELED when the run was cancelled. */
int tree_check(struct tree *t, int dirfd);
void tree_done(struct tree *t);
