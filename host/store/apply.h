/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Applying a changeset, all or nothing, through a journal
 *
 * Every pre-image is checked first (a tree that moved is -ESTALE and nothing is touched). Then each
 * new file is written and synced as a hidden sibling in its own folder, the journal is synced, the
 * siblings are renamed into place, folders are synced, and the journal is taken away. After a crash
 * apply_recover() rolls forward what had reached the journal and removes the leftovers of what had
 * not: never half.
 *
 * Owner, mode, ACLs and extended attributes of the pre-image are kept. Paths are resolved by
 * openat2() below the tree; a hard-linked target and a submount are refused (-EPERM) with the path.
 */

#include "base/changeset.h"
#include "base/err.h"

/*
 * `journal_dirfd` is the store's folder for journals, `id` names this one ([a-z0-9_-]). `tree_path`
 * is the absolute path that recovery will open; `tree_fd` the same folder, open.
 */
int apply_changeset(const struct changeset *c, int tree_fd, const char *tree_path, int blob_dirfd,
                    int journal_dirfd, const char *id, struct err *err);

/* Would it apply? 0, -ESTALE with the first path that moved, or another refusal; touches nothing.
 */
int apply_check(const struct changeset *c, int tree_fd, struct err *err);

/*
 * Finishes or undoes every journal found; calls `done` for each with its id and whether the
 * changeset now stands in the tree; a journal goes after `done` returned 0, so a crash in between
 * tells it twice. A tree that cannot be reached is an error that names it, and
 * its journal stays.
 */
typedef int (*apply_recovered)(void *user, const char *id, bool applied);
int apply_recover(int journal_dirfd, int blob_dirfd, apply_recovered done, void *user,
                  struct err *err);

/*
 * The journals of who has no store (`linhay agent run --apply`):
 * ${XDG_STATE_HOME:-~/.local/state}/linhay/applies, made when it is not there. Recover from it
 * before the next apply; several programs may: hold flock(LOCK_EX) on the descriptor for as long.
 */
int apply_home_open(int *ret_dirfd, struct err *err);
