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
 * is the absolute path that recovery will open; `tree_fd` the same folder, open. -EINPROGRESS: the
 * change was begun and could not be finished; its journal stays, and recovery tries again.
 */
int apply_changeset(const struct changeset *c, int tree_fd, const char *tree_path, int blob_dirfd,
                    int journal_dirfd, const char *id, struct err *err);

/* Would it apply? 0, -ESTALE with the first path that moved, or another refusal; touches nothing.
 */
int apply_check(const struct changeset *c, int tree_fd, struct err *err);

struct apply_recovery {
        /* Told of each journal with its id and whether the changeset now stands in the tree. The
         * journal goes after this returned 0, so a crash in between tells it twice. May be NULL. */
        int (*done)(void *user, const char *id, bool applied);
        /* Told of each that can be neither finished nor undone, as of a tree that is gone: `why`
         * says what to do, `tree_path` is NULL where even that cannot be read. Its journal stays
         * for the next time, and the others go on. */
        void (*stuck)(void *user, const char *tree_path, const struct err *why);
        void *user;
};

/* Finishes or undoes every journal found. Negative: the journals cannot be listed, or `done`
 * failed.
 */
int apply_recover(int journal_dirfd, const struct apply_recovery *recovery, struct err *err);

/* Is one of two trees the other, or in it? Then a change that is stuck in one holds the other up.
 */
bool apply_trees_meet(const char *path, const char *other);

/*
 * The journals of who has no store (`linhay agent run --apply`):
 * ${XDG_STATE_HOME:-~/.local/state}/linhay/applies, made when it is not there. Recover from it
 * before the next apply; several programs may: hold flock(LOCK_EX) on the descriptor for as long.
 */
int apply_home_open(int *ret_dirfd, struct err *err);
