/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The history of a git repository
 *
 * Looks for secrets in every blob that a commit of any branch or tag names, once, oldest commits
 * first: so the commit that is told is the one that brought the secret in. What stands in the tree
 * now was told already, and is not told again. Reads the objects only: no configuration of a user,
 * no hooks, nothing outside the workspace. What a limit cut is listed as not scanned.
 */

#include "feed.h"

#define HISTORY_COMMITS 200000
#define HISTORY_BLOB    (16 * 1024 * 1024) /* bytes of one that is looked at */
#define HISTORY_BYTES   (8ULL << 30)       /* of all */
#define HISTORY_DEPTH   64                 /* folders */

/* Looks at the history of the workspace's repository; no repository is nothing to look at. */
int history_check(struct check *c, int dirfd);
