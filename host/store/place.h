/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Where a store lives
 *
 * `--store DIR`, else $LINHAY_STORE, else ${XDG_STATE_HOME:-~/.local/state}/linhay/<first 16 hex of
 * the sha256 of the workspace's real path>. Never inside the workspace: an agent's view of the tree
 * must not hold the record, and the record must not change the tree.
 *
 * Every store opened for writing leaves a link under …/linhay/stores/, so that a verb given a run's
 * id finds its store wherever --store had put it.
 */

#include "base/err.h"
#include "store/id.h"

/* linhayd's own, where nothing else is said; a run is looked for there as well. */
#define PLACE_DAEMON_STORE "/var/lib/linhay/store"

/*
 * Absolute path of the store's folder, which need not exist; the caller's to free. `option` is
 * --store's value or NULL; `workspace` must exist, NULL = the current folder. -EINVAL inside the
 * workspace.
 */
int place_store(char **ret, const char *option, const char *workspace, struct err *err);

/* -EINVAL where the store would be inside the workspace; both real paths. */
int place_check(const char *store_dir, const char *workspace, struct err *err);

/* The same for who shows the folder to no agent: a store inside it is no harm then. */
int place_store_to_read(char **ret, const char *option, const char *workspace, struct err *err);

/* Leaves the link. Failure costs only the finding by id, so nothing is reported. */
void place_register(const char *store_dir);

/*
 * The store that has the run whose id begins with `prefix`, and the whole id. Looks into `option`
 * alone when it is given; else into $LINHAY_STORE, the current folder's store and every registered
 * one (bounded). -ENOENT, -ENOTUNIQ with the candidates.
 */
int place_find_run(char **ret_dir, char ret_run[RUN_ID_SIZE], const char *option,
                   const char *prefix, struct err *err);

/* Every registered store that still exists, real paths: `each` returns < 0 to stop. */
int place_each(int (*each)(void *user, const char *dir), void *user);
