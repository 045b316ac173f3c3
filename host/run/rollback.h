/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Rollback: takes back what a run applied to its tree, and what the runs of its steps did
 *
 * The newest change first, each whole or not at all, and recorded when the tree has it. The run
 * must not be carried by an engine, and the caller is the store's writer.
 */

#include "store/store.h"

/* A step was undone: that many files. An error ends the rollback after it. */
typedef int (*rollback_undone)(void *user, const char *run, const char *step, size_t n_files);

/*
 * How many steps were undone; 0 = nothing was applied, or it was undone before. -ENOENT no such
 * run, -ESTALE the tree has moved since, and what was undone so far stays undone.
 */
int rollback_run(struct store *store, const char *run, rollback_undone undone, void *user,
                 struct err *err);
