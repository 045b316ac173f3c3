/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Late: a workspace for a cell that is confined already
 *
 * A warm cell (cell/pool.h) gets its tree when it is known whose it is. It has no rights left to
 * mount anything, so the zygote does: it makes the mount where no agent can see it, visits the
 * cell's mount namespace for one move to /ws/work, and returns. The zygote opens nothing there and
 * follows no name that an agent could have made. An overlay is put together under the cell's id and
 * with the two rights that this takes.
 */

#include "cell/zygote.h"

struct late_plan {
        int mounts; /* the cell's namespace */
        int tree;   /* the workspace, detached */
        int socket; /* on which the cell is told */
        const struct spawn_cell *cell;
};

/* *ret_upper as in root_furnish(). SPAWN_TOO_MUCH: a new cell is to be made. */
int late_attach(int *ret_upper, struct zygote *z, const struct late_plan *plan, struct err *err);

/* Puts away what is left of an overlay's making; when the host was told, for it takes a while. */
void late_tidy(struct zygote *z, const struct spawn_cell *cell);
